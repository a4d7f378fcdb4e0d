"""Native nodes: functions of JAX's arrays that stand in the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp

from keras_core.graph import Node
from keras_core.plugins.authoring import checked_results
from keras_jax.draws import State
from keras_jax.tracing import Lowering, Run


def _lower_native(node: Node) -> Run:
    function, backend = node.params["fn"], node.params["backend"]
    if backend != "jax":
        raise NotImplementedError(
            f"The function {function!r} (built by {node.origin}) works on arrays of the backend "
            f"{backend!r}, not of 'jax'; run this model there."
        )

    def run(arrays: Sequence[Any], state: State) -> list[Any]:
        results = checked_results(node, function(*map(jnp.asarray, arrays)), _described)
        return [jnp.asarray(result, spec.dtype) for result, spec in zip(results, node.specs)]

    return run


def _described(result: Any) -> tuple[Sequence[int], str]:
    array = jnp.asarray(result)
    return array.shape, array.dtype.name


LOWERINGS: Mapping[str, Lowering] = {"native": _lower_native}
