"""Functions of an engine's own arrays that stand in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Primitive
from keras_core.graph.spec import Spec
from keras_core.graph.tensor import Tensor

Specs = tuple[Spec, ...]


def _native_shape(
    *xs: Spec, fn: Callable[..., Any], backend: str, specs: Specs, gradient: Any = None
) -> Specs:
    return specs


def _native_reference(
    *xs: Any, fn: Callable[..., Any], backend: str, specs: Specs, gradient: Any = None
) -> tuple[Any, ...]:
    if backend != "numpy":
        raise NotImplementedError(
            f"native: {fn!r} works on arrays of the backend {backend!r}; it cannot run elsewhere."
        )
    results = fn(*xs)
    results = results if isinstance(results, (tuple, list)) else (results,)
    return tuple(np.asarray(result, spec.dtype) for result, spec in zip(results, specs))


def _native_vjp(
    gs: Sequence[Tensor | None],
    ys: Sequence[Tensor],
    *xs: Tensor,
    fn: Callable[..., Any],
    backend: str,
    specs: Specs,
    gradient: Any = None,
) -> Sequence[Tensor | None]:
    """Asks the engine: `gradient(*cotangents, *xs)` gives a cotangent for each input.

    A gradient that has one itself carries it as its attribute `gradient`.
    """
    if gradient is None:
        raise ValueError(
            f"native: {fn!r} was given without its gradient. Pass one, or wrap its result in "
            "K.stop_gradient."
        )
    cotangents = [p.zeros_like(y) if g is None else g for g, y in zip(gs, ys)]
    wanted = tuple(Spec(x.shape, x.dtype) for x in xs)
    further = getattr(gradient, "gradient", None)
    return native(*cotangents, *xs, fn=gradient, backend=backend, specs=wanted, gradient=further)


native = Primitive(
    "native",
    _native_shape,
    _native_reference,
    _native_vjp,
    multiply_adds=lambda node: None,
    pure=False,
    several=True,
    family="native",
    doc="fn(*xs) on arrays of the named backend; `specs` are the results' shapes and dtypes, and "
    "`gradient`, where given, is a function of the cotangents and xs.",
    edges=(
        "Never merged with an equal node, nor folded.",
        "Without a gradient, asking for one is refused.",
    ),
)
