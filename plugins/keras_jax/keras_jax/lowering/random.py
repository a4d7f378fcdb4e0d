"""Draws; see `keras_jax.draws`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from keras_core.graph import Node
from keras_jax import draws
from keras_jax.lowering._common import filled
from keras_jax.tracing import Lowering, Run


def _drawing(draw: Callable[..., Any]) -> Lowering:
    def lower(node: Node) -> Run:
        shape, dtype, stream = (node.params[name] for name in ("shape", "dtype", "stream"))
        return lambda arrays, state: [draw(state.key(stream), filled(shape, arrays), dtype)]

    return lower


LOWERINGS: Mapping[str, Lowering] = {
    "random_normal": _drawing(draws.normal),
    "random_truncated_normal": _drawing(draws.truncated_normal),
    "random_uniform": _drawing(draws.uniform),
}
