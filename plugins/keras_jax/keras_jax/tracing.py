"""Steps: nodes in order, each with the function that runs it, while JAX traces or eagerly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

import numpy as np

from keras_core.graph import Constant, Node, Tensor
from keras_core.plugins.authoring import NeedsValues, named, order
from keras_jax.draws import State
from keras_jax.engine import NEEDS_VALUES, is_engines
from keras_jax.errors import refuse_vast

Run = Callable[[Sequence[Any], State], "list[Any]"]
Lowering = Callable[[Node], Run]

# Results of more elements than these are computed by JAX, although all that they need is known.
_FEW = 64

# What does more than compute numbers, or numbers that are no sizes.
_LEFT_TO_JAX = ("all_reduce", "native", "print", "scan", "stop_gradient")


class Steps:
    """Computes tensors node by node.

    What depends on sizes and constants alone is computed by the primitives' references with NumPy,
    so that sizes are known when JAX asks for them.

    Args:
        inputs: leaves whose values are given at each call.
        results: tensors to compute.
        lowerings: by primitive; each takes a node and gives a function of a list of arrays and a
            State, which returns a list of arrays.
    """

    def __init__(
        self,
        inputs: Sequence[Tensor],
        results: Sequence[Tensor],
        lowerings: Mapping[str, Lowering],
    ) -> None:
        self._inputs = [x.key for x in inputs]
        self._results = [x.key for x in results]
        leaves = order.leaves(results)
        self._constants = {x.key: x.value for x in leaves if isinstance(x, Constant)}
        self._nodes = [
            (node, [x.key for x in node.inputs], lowerings[node.primitive.name](node))
            for node in order.topological(results)
        ]

    def __call__(self, arrays: Sequence[Any], state: State) -> list[Any]:
        values = {**self._constants, **dict(zip(self._inputs, arrays))}
        for node, inputs, run in self._nodes:
            arguments = [values[key] for key in inputs]
            for i, result in enumerate(
                _known(node, arguments) or _run(node, run, arguments, state)
            ):
                values[node, i] = result
        return [values[key] for key in self._results]


def _run(node: Node, run: Run, arguments: Sequence[Any], state: State) -> list[Any]:
    try:
        results = run(arguments, state)
        for result in results:
            refuse_vast(result)
        return results
    except (*NEEDS_VALUES, NeedsValues) as error:
        if state.eager:
            raise
        raise NeedsValues(node) from error
    except Exception as error:
        told = named(error, node)
        if told is error:
            raise
        raise told from error


def _known(node: Node, arguments: Sequence[Any]) -> list[Any] | None:
    """The results where they are whole numbers, few, and known already; else None."""
    primitive = node.primitive
    if primitive.random or primitive.reference is None or primitive.name in _LEFT_TO_JAX:
        return None
    if not arguments or any(is_engines(x) or x.size > _FEW for x in arguments):
        return None
    if any(spec.dtype.startswith("float") for spec in node.specs):
        return None
    results = primitive.reference(*arguments, **node.params)
    return [np.asarray(y) for y in (results if primitive.several else (results,))]
