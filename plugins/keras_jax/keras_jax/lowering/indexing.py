"""Parts of arrays by position, and the places they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from keras_core.plugins.authoring import refuse_outside
from keras_jax.engine import is_traced
from keras_jax.lowering._common import filled, of_arrays
from keras_jax.tracing import Lowering


def _slice(x: Any, index: Any) -> Any:
    return x[tuple(slice(*part) for part in index)]


def _unslice(g: Any, *dims: Any, shape: Any, index: Any) -> Any:
    """One pad, with the steps of the slice between the elements."""
    shape = filled(shape, dims)
    if 0 in g.shape:
        return jnp.zeros(shape, g.dtype)
    met = [range(*slice(*part).indices(n)) for part, n in zip(index, shape)]
    backwards = tuple(i for i, places in enumerate(met) if places.step < 0)
    ordered = [places[::-1] if places.step < 0 else places for places in met]
    around = [(r[0], n - 1 - r[-1], r.step - 1) for r, n in zip(ordered, shape)]
    return lax.pad(lax.rev(g, backwards) if backwards else g, np.zeros((), g.dtype), around)


def _nothing_for(dtype: Any) -> Any:
    """What stands for what is not there: NaN, or the least integer."""
    if jnp.issubdtype(dtype, jnp.floating):
        return np.asarray(np.nan).astype(dtype)
    return np.asarray(np.iinfo(dtype).min if dtype.kind in "iu" else False, dtype)


def _or_nothing(inside: Any, x: Any) -> Any:
    return jnp.where(inside, x, _nothing_for(x.dtype))


def _are_inside(starts: Sequence[Any], sizes: Sequence[int], shape: Sequence[int]) -> Any:
    """Whether a block lies within a shape; refused where that is known and it does not."""
    inside = jnp.asarray(True)
    for start, size, n in zip(starts, sizes, shape):
        if not is_traced(start):
            refuse_outside(np.asarray(start), n - size + 1)
        inside &= (start >= 0) & (start <= n - size)
    return inside


def _dynamic_slice(x: Any, *starts: Any, sizes: Any) -> Any:
    inside = _are_inside(starts, sizes, x.shape)
    block = lax.dynamic_slice(x, starts, sizes)
    return _or_nothing(inside, block) if is_traced(inside) else block


def _dynamic_unslice(g: Any, *starts: Any, shape: Any) -> Any:
    zeros = jnp.zeros(filled(shape, starts[g.ndim :]), g.dtype)
    inside = _are_inside(starts[: g.ndim], g.shape, zeros.shape)
    result = lax.dynamic_update_slice(zeros, g, starts[: g.ndim])
    return _or_nothing(inside, result) if is_traced(inside) else result


def _gather(x: Any, indices: Any, axis: int) -> Any:
    """Rows by number. Out of range: NaN, or the least integer, where the numbers are traced."""
    if not is_traced(indices):
        refuse_outside(np.asarray(indices), x.shape[axis])
    unsigned = jnp.where(indices < 0, x.shape[axis], indices)  # JAX counts those from the end
    return jnp.take(x, unsigned, axis, mode="fill", fill_value=_nothing_for(x.dtype)[()])


def _gather_grad(g: Any, indices: Any, *dims: Any, axis: int, shape: Any) -> Any:
    """The sum of the parts of each row; those of no row are left out."""
    zeros = jnp.zeros(filled(shape, dims), g.dtype)
    if not is_traced(indices):
        refuse_outside(np.asarray(indices), zeros.shape[axis])
    unsigned = jnp.where(indices < 0, zeros.shape[axis], indices)
    return zeros.at[(slice(None),) * axis + (unsigned,)].add(g, mode="drop")


def _one_hot(indices: Any, depth: int, dtype: str) -> Any:
    return (indices[..., None] == np.arange(depth, dtype=indices.dtype)).astype(dtype)


def _arange(start: Any, stop: Any, step: Any, dtype: str) -> Any:
    """How many there are has to be known while JAX traces."""
    return np.arange(*(np.asarray(x)[()] for x in (start, stop, step))).astype(dtype)


_FUNCTIONS = {
    "arange": _arange,
    "dynamic_slice": _dynamic_slice,
    "dynamic_unslice": _dynamic_unslice,
    "gather": _gather,
    "gather_grad": _gather_grad,
    "one_hot": _one_hot,
    "slice": _slice,
    "unslice": _unslice,
}

LOWERINGS: Mapping[str, Lowering] = {
    name: of_arrays(function) for name, function in _FUNCTIONS.items()
}
