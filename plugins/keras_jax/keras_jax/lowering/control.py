"""Choices, barriers to gradients, printing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
from jax import lax

from keras_core.graph import PRIMITIVES
from keras_jax.calling import tell
from keras_jax.engine import is_traced
from keras_jax.lowering._common import of_arrays
from keras_jax.tracing import Lowering


def _select(condition: Any, x: Any, y: Any) -> Any:
    """The case; its size is known only once the condition is, where sizes differ."""
    if is_traced(condition) and x.shape == y.shape:
        return jnp.where(condition, x, y)
    return x if bool(condition) else y


def _print(x: Any, message: str) -> Any:
    show: Any = PRIMITIVES["print"].reference
    tell(lambda value: show(value, message), x, ordered=True)
    return x


_FUNCTIONS = {
    "identity": lambda x: x,
    "print": _print,
    "select": _select,
    "stop_gradient": lax.stop_gradient,
    "where": jnp.where,
}

LOWERINGS: Mapping[str, Lowering] = {
    name: of_arrays(function) for name, function in _FUNCTIONS.items()
}
