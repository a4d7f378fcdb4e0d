"""Sizes, and rearrangements that keep the values of elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from keras_jax.lowering._common import filled, of_arrays
from keras_jax.tracing import Lowering


def _ensure_shape(x: Any, shape: Any) -> Any:
    if any(a is not None and a != b for a, b in zip(shape, x.shape)):
        raise ValueError(f"the shape {shape} was promised, but it is {x.shape}")
    return x


def _pad(x: Any, widths: Any, value: float) -> Any:
    around = [(before, after, 0) for before, after in widths]
    return lax.pad(x, np.asarray(value).astype(x.dtype), around)


def _reshape(x: Any, *dims: Any, shape: Any) -> Any:
    sizes = filled(shape, dims)
    if -1 in sizes and not x.size:
        sizes = tuple(_left_over(x.shape, sizes) if size == -1 else size for size in sizes)
    return jnp.reshape(x, sizes)


def _left_over(old: Sequence[int], new: Sequence[int]) -> int:
    """What -1 among new sizes stands for where there are no elements: zeros cancel each other."""
    if 0 not in new:
        return 0
    elements, step = (prod(size for size in sizes if size) for sizes in (old, new))
    return elements // -step


_FUNCTIONS = {
    "broadcast_to": lambda x, *dims, shape: jnp.broadcast_to(x, filled(shape, dims)),
    "concat": lambda *xs, axis: jnp.concatenate(xs, axis),
    "dim": lambda x, axis: np.int32(x.shape[axis]),
    "ensure_shape": _ensure_shape,
    "pad": _pad,
    "repeat": lambda x, repeats, axis: jnp.repeat(x, repeats, axis),
    "reshape": _reshape,
    "reverse": lambda x, axes: lax.rev(x, axes),
    "shape_of": lambda x: np.array(x.shape, np.int32),
    "stack": lambda *xs, axis: jnp.stack(xs, axis),
    "tile": lambda x, reps: jnp.tile(x, reps),
    "transpose": lambda x, perm: jnp.transpose(x, perm),
}

LOWERINGS: Mapping[str, Lowering] = {
    name: of_arrays(function) for name, function in _FUNCTIONS.items()
}
