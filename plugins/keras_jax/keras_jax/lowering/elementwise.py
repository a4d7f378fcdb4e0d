"""Elementwise arithmetic and functions.

At ties, JAX shares a gradient of its maximum and minimum; the graph gives it to one side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from keras_jax.lowering._common import of_arrays
from keras_jax.tracing import Lowering


def _maximum(a: Any, b: Any) -> Any:
    return jnp.where((a >= b) | (a != a), a, b)


def _minimum(a: Any, b: Any) -> Any:
    return jnp.where((a <= b) | (a != a), a, b)


def _clip(x: Any, low: float, high: float) -> Any:
    if x.dtype.kind not in "iub":
        low, high = (np.asarray(limit).astype(x.dtype) for limit in (low, high))
    below = jnp.where(x > high, high, x)
    return jnp.where(below < low, low, below).astype(x.dtype)


def _relu(x: Any) -> Any:
    return jax.nn.relu(x) if x.dtype.kind not in "iub" else jnp.maximum(x, 0)


def _relu_grad(y: Any, g: Any) -> Any:
    return jnp.where(y > 0, g, jnp.zeros_like(g))


_FUNCTIONS = {
    "abs": jnp.abs,
    "add": jnp.add,
    "cast": lambda x, dtype: x.astype(dtype),
    "ceil": jnp.ceil,
    "clip": _clip,
    "cos": jnp.cos,
    "divide": jnp.divide,
    "exp": jnp.exp,
    "expm1": jnp.expm1,
    "floor": jnp.floor,
    "floor_divide": jnp.floor_divide,
    "is_finite": jnp.isfinite,
    "is_nan": jnp.isnan,
    "log": jnp.log,
    "log1p": jnp.log1p,
    "maximum": _maximum,
    "minimum": _minimum,
    "modulo": jnp.mod,
    "multiply": jnp.multiply,
    "negative": jnp.negative,
    "power": jnp.power,
    "reciprocal": lambda x: 1 / x,
    "relu": _relu,
    "relu_grad": _relu_grad,
    "round": jnp.round,
    "rsqrt": lax.rsqrt,
    "sigmoid": jax.nn.sigmoid,
    "sign": jnp.sign,
    "sin": jnp.sin,
    "softplus": jax.nn.softplus,
    "sqrt": jnp.sqrt,
    "square": jnp.square,
    "subtract": jnp.subtract,
    "tanh": jnp.tanh,
}

LOWERINGS: Mapping[str, Lowering] = {
    name: of_arrays(function) for name, function in _FUNCTIONS.items()
}
