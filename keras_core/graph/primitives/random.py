"""Random draws. A node draws anew at each evaluation; its stream tells it from other nodes."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from keras_core.graph.primitive import Primitive
from keras_core.graph.primitives._rules import filled, sizes_given
from keras_core.graph.spec import FLOATS, Shape, Spec

_FAMILY = "random"
Sizes = tuple[int, ...]


def _random(
    name: str, doc: str, draw: Callable[..., Any], edges: tuple[str, ...] = ()
) -> Primitive:
    """A primitive `name(*dims; shape, dtype, stream)`; `draw(rng, size, dtype)` gives float64."""

    def spec(*dims: Spec, shape: Shape, dtype: str, stream: int) -> Spec:
        sizes = sizes_given(name, shape, dims)
        if dtype not in FLOATS:
            raise TypeError(f"{name}: draws floats, not {dtype}; cast the result with K.cast.")
        return Spec(sizes, dtype)

    def reference(
        rng: np.random.Generator, *dims: Any, shape: Shape, dtype: str, stream: int
    ) -> Any:
        return np.asarray(draw(rng, filled(shape, dims), dtype)).astype(dtype)

    return Primitive(
        name,
        spec,
        reference,
        differentiable=False,
        random=True,
        dims=True,
        family=_FAMILY,
        doc=doc,
        edges=edges,
    )


def _uniform(rng: np.random.Generator, size: Sizes, dtype: str) -> Any:
    """Multiples of what the dtype can tell apart below 1, so that none is rounded up to 1."""
    bits = np.finfo(dtype).nmant + 1
    return rng.integers(0, 1 << bits, size) * 2.0**-bits


def _truncated_normal(rng: np.random.Generator, size: Sizes, dtype: str) -> Any:
    values = np.asarray(rng.standard_normal(size))
    while (outside := np.abs(values) > 2).any():
        values[outside] = rng.standard_normal(np.count_nonzero(outside))
    return values


random_uniform = _random(
    "random_uniform",
    "Evenly spread over [0, 1).",
    _uniform,
    edges=("Each number is a multiple of the dtype's precision below 1: 1 never comes.",),
)
random_normal = _random(
    "random_normal",
    "Normal with mean 0 and deviation 1.",
    lambda rng, size, dtype: rng.standard_normal(size),
)
random_truncated_normal = _random(
    "random_truncated_normal",
    "Normal with mean 0 and deviation 1, drawn again beyond 2.",
    _truncated_normal,
    edges=("Never outside of [-2, 2]; the deviation of what is left is less than 1.",),
)
