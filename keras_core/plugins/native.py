"""Functions of an engine's own arrays as nodes of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from keras_core.graph import Node, Spec, Tensor, as_tensor
from keras_core.graph import primitives as p
from keras_core.plugins.discovery import current_backend


def native(
    function: Callable[..., Any],
    inputs: Sequence[Any],
    specs: Sequence[Any],
    gradient: Callable[..., Any] | None = None,
) -> list[Tensor]:
    """Builds a node that calls a function of the arrays of the engine in use.

    Args:
        function: of arrays of the engine, one an input; returns an array or several.
        inputs: tensors, or what can be made constants.
        specs: a Spec or a pair (shape, dtype) for each result; None in a shape is an unknown size.
        gradient: function of the cotangents of the results and of the inputs, in this order, that
            returns a cotangent for each input. Where it is None, the engine's own derivative is
            taken if it has one.

    Returns:
        A tensor for each result. Running them raises ValueError where the function returns
        something else than `specs` say.
    """
    backend = current_backend()
    declared = tuple(spec if isinstance(spec, Spec) else Spec(*spec) for spec in specs)
    gradient = gradient or backend.gradient_of(function, len(inputs), len(declared))
    tensors = map(as_tensor, inputs)
    return list(
        p.native(*tensors, fn=function, backend=backend.name, specs=declared, gradient=gradient)
    )


def checked_results(
    node: Node, results: Any, described: Callable[[Any], tuple[Sequence[Any] | None, str]]
) -> list[Any]:
    """What the function of a native node returned, as a list that fits the node's specs.

    Args:
        node: the node.
        results: what it returned.
        described: function of a result that gives its shape, None in it or for it where it is
            not known yet, and its dtype's name.

    Raises:
        ValueError: there are more or fewer results, or one has another shape or kind of dtype.
    """
    found = list(results) if isinstance(results, (tuple, list)) else [results]
    seen = [described(result) for result in found]
    fits = len(seen) == len(node.specs) and all(
        _has_shape(shape, spec) and _kind(dtype) == _kind(spec.dtype)
        for (shape, dtype), spec in zip(seen, node.specs)
    )
    if fits:
        return found
    given = [(shape and tuple(shape), dtype) for shape, dtype in seen]
    wanted = [(spec.shape, spec.dtype) for spec in node.specs]
    raise ValueError(
        f"The function {node.params['fn']!r} (built by {node.origin}) gave {given}, but {wanted} "
        "was declared; declare what it gives, or mend it."
    )


def _has_shape(shape: Sequence[Any] | None, spec: Spec) -> bool:
    if shape is None:
        return True
    pairs = zip(shape, spec.shape)
    return len(shape) == spec.ndim and all(a is None or b is None or a == b for a, b in pairs)


def _kind(dtype: str) -> str:
    """Dtypes of one kind differ in width alone, and are cast."""
    return next((kind for kind in ("float", "int") if kind in dtype), dtype)
