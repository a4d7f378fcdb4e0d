"""Reductions over axes, running sums and products, order statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

import jax.numpy as jnp
import numpy as np
from jax import lax

from keras_jax.lowering._common import of_arrays, several
from keras_jax.tracing import Lowering


def _sum(x: Any, axes: Any, keepdims: bool) -> Any:
    return jnp.sum(x, axis=axes, keepdims=keepdims, dtype=x.dtype)


def _mean(x: Any, axes: Any, keepdims: bool) -> Any:
    count = np.prod([x.shape[i] for i in axes], dtype=np.int64).astype(x.dtype)
    return _sum(x, axes, keepdims) / count


def _prod(x: Any, axes: Any, keepdims: bool) -> Any:
    return jnp.prod(x, axis=axes, keepdims=keepdims, dtype=x.dtype)


def _least(dtype: Any) -> Any:
    return -np.inf if jnp.issubdtype(dtype, jnp.floating) else np.iinfo(dtype).min


def _largest(dtype: Any) -> Any:
    return np.inf if jnp.issubdtype(dtype, jnp.floating) else np.iinfo(dtype).max


def _max(x: Any, axes: Any, keepdims: bool) -> Any:
    return jnp.max(x, axis=axes, keepdims=keepdims, initial=_least(x.dtype))


def _min(x: Any, axes: Any, keepdims: bool) -> Any:
    return jnp.min(x, axis=axes, keepdims=keepdims, initial=_largest(x.dtype))


def _running(function: Callable[..., Any], start: int) -> Callable[..., Any]:
    def run(x: Any, axis: int, reverse: bool = False, exclusive: bool = False) -> Any:
        total = function(x, axis=axis, reverse=reverse)
        if not exclusive or not x.shape[axis]:
            return total
        widths = [(0, 0, 0)] * x.ndim
        widths[axis] = (-1, 1, 0) if reverse else (1, -1, 0)
        return lax.pad(total, np.asarray(start, x.dtype), widths)

    return run


def _sum_like(g: Any, x: Any) -> Any:
    missing = g.ndim - len(x.shape)
    summed = jnp.sum(g, axis=tuple(range(missing)), dtype=g.dtype)
    stretched = tuple(i for i, n in enumerate(x.shape) if n == 1 != summed.shape[i])
    return jnp.sum(summed, axis=stretched, keepdims=True, dtype=g.dtype)


_FUNCTIONS = {
    "argmax": lambda x, axis: lax.argmax(x, axis, np.int64),
    "argmin": lambda x, axis: lax.argmin(x, axis, np.int64),
    "cumprod": _running(lax.cumprod, 1),
    "cumsum": _running(lax.cumsum, 0),
    "reduce_all": lambda x, axes, keepdims: jnp.all(x, axis=axes, keepdims=keepdims),
    "reduce_any": lambda x, axes, keepdims: jnp.any(x, axis=axes, keepdims=keepdims),
    "reduce_max": _max,
    "reduce_mean": _mean,
    "reduce_min": _min,
    "reduce_prod": _prod,
    "reduce_sum": _sum,
    "sum_like": _sum_like,
}

LOWERINGS: Mapping[str, Lowering] = {
    **{name: of_arrays(function) for name, function in _FUNCTIONS.items()},
    "top_k": several(lambda x, k: lax.top_k(x, k)),
}
