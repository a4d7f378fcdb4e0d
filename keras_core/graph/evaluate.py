"""Evaluates tensors node by node with the primitives' plain NumPy references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_core.graph import order, randomness
from keras_core.graph.primitive import Node
from keras_core.graph.tensor import Constant, Placeholder, Tensor, Variable

Values = dict[Any, np.ndarray]


def evaluate(
    tensors: Sequence[Tensor],
    feeds: Mapping[Tensor, Any] | None = None,
    rng: randomness.RandomState = (0, 0),
) -> list[np.ndarray]:
    """The numbers of `tensors`, computed without a backend.

    Args:
        tensors: what to compute.
        feeds: arrays for placeholders, or for any tensor that is to be replaced.
        rng: (seed, step) that random nodes draw from.

    Raises:
        ValueError: a placeholder on the way is not fed.
    """
    values: Values = {t.key: np.asarray(v) for t, v in (feeds or {}).items()}
    for node in order.topological(tensors, stop=lambda t: t.key in values):
        run_node(node, values, rng)
    return [_lookup(t, values) for t in tensors]


def initial_value(tensor: Tensor) -> np.ndarray:
    """The value of an initializer's tensor, drawn with NumPy whatever the backend."""
    return evaluate([tensor], rng=(randomness.current_run().seed, 0))[0]


def run_node(node: Node, values: Values, rng: randomness.RandomState) -> None:
    """Puts the values of the node's outputs into `values`."""
    arguments = [_lookup(x, values) for x in node.inputs]
    results = _apply(node, arguments, rng)
    for index, result in enumerate(results):
        values[(node, index)] = np.asarray(result)


def _apply(
    node: Node, arguments: list[np.ndarray], rng: randomness.RandomState
) -> tuple[np.ndarray, ...]:
    primitive = node.primitive
    if primitive.reference is None:
        return _apply_decomposition(node, arguments, rng)
    if primitive.random:
        drawn: Any = rng if primitive.loop else randomness.generator(rng, node.params["stream"])
        arguments = [drawn, *arguments]
    result = primitive.reference(*arguments, **node.params)
    return tuple(result) if primitive.several else (result,)


def _apply_decomposition(
    node: Node, arguments: list[np.ndarray], rng: randomness.RandomState
) -> tuple[np.ndarray, ...]:
    stand_ins = [Placeholder(x.shape, x.dtype) for x in node.inputs]
    assert node.primitive.decomposition is not None
    parts = node.primitive.decomposition(*stand_ins, **node.params)
    outputs = parts if isinstance(parts, tuple) else (parts,)
    return tuple(evaluate(outputs, dict(zip(stand_ins, arguments)), rng))


def _lookup(tensor: Tensor, values: Values) -> np.ndarray:
    found = values.get(tensor.key)
    if found is not None:
        return found
    if isinstance(tensor, Constant):
        return tensor.value
    if isinstance(tensor, Variable):
        return tensor.get_value()
    raise ValueError(f"{tensor!r} has no value: feed it, or leave out what depends on it.")
