"""Loops: XLA's, or Python's where sizes within depend on values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

import jax.numpy as jnp
import numpy as np
from jax import lax

from keras_core.graph import Node, Spec
from keras_core.plugins.authoring import Body
from keras_jax.draws import State
from keras_jax.tracing import Lowering, Run, Steps


def lower_scan(node: Node, lowerings: Mapping[str, Lowering]) -> Run:
    """The loop of a node.

    Args:
        node: of a scan.
        lowerings: of all primitives, for its body.
    """
    body, reverse = node.params["body"], node.params["reverse"]
    steps = Steps(body.inputs, body.results, lowerings)
    count = len(body.states)

    def run(arrays: Sequence[Any], state: State) -> list[Any]:
        sequences, states, invariants = body.split([*map(jnp.asarray, arrays)])

        def step(carry: Any, slices: Any) -> Any:
            t, *rows = slices
            inner = state.inside(t) if body.is_random else state
            results = [*map(jnp.asarray, steps([*rows, *carry, *invariants], inner))]
            return results[:count], results[count:]

        times = jnp.arange(len(sequences[0]), dtype=np.int32)
        if state.eager:
            return _in_python(step, states, [times, *sequences], reverse, body, arrays)
        states, stacks = lax.scan(step, states, [times, *sequences], reverse=reverse)
        return [*states, *stacks]

    return run


def _in_python(
    step: Callable[..., Any],
    states: Any,
    sequences: Sequence[Any],
    reverse: bool,
    body: Body,
    arrays: Sequence[Any],
) -> list[Any]:
    count = len(sequences[0])
    if not count:
        return [*states, *_empty_stacks(body, arrays)]
    rows: list[Any] = [None] * count
    for t in reversed(range(count)) if reverse else range(count):
        states, rows[t] = step(states, [x[t] for x in sequences])
    return [*states, *map(jnp.stack, zip(*rows))]


def _empty_stacks(body: Body, arrays: Sequence[Any]) -> list[Any]:
    """Stacks of no rows; the shape rules tell how large the rows would be."""
    specs = [Spec(x.shape, x.dtype.name) for x in arrays]
    sequences, states, invariants = body.split(specs)
    slices = [Spec(x.shape[1:], x.dtype) for x in sequences]
    rows = body.fitted([*slices, *states, *invariants]).collected
    return [jnp.zeros((0, *(n or 0 for n in row.shape)), row.dtype) for row in rows]
