"""Comparisons and logic."""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp

from keras_jax.lowering._common import of_arrays
from keras_jax.tracing import Lowering

_FUNCTIONS = {
    "equal": jnp.equal,
    "greater": jnp.greater,
    "greater_equal": jnp.greater_equal,
    "less": jnp.less,
    "less_equal": jnp.less_equal,
    "logical_and": jnp.logical_and,
    "logical_not": jnp.logical_not,
    "logical_or": jnp.logical_or,
    "not_equal": jnp.not_equal,
}

LOWERINGS: Mapping[str, Lowering] = {
    name: of_arrays(function) for name, function in _FUNCTIONS.items()
}
