"""A second backend that is always there: the references, node by node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from keras_core.graph import Tensor
from keras_core.graph.evaluate import evaluate
from keras_core.graph.program import Program
from keras_core.plugins import Backend, discovery
from keras_core.plugins.contract import Compiled


class ReferenceBackend(Backend):
    """Computes each node by the NumPy reference of its primitive."""

    name = "keras_core_reference"

    def compile(self, program: Program) -> Compiled:
        def run(arrays: Any, random_state: Any) -> list[Any]:
            feeds: dict[Tensor, Any] = dict(zip(program.inputs, arrays))
            feeds.update({v: v.held_by(self) for v in program.variables})
            results = evaluate(program.results, feeds, random_state)
            split = len(program.outputs)
            for (variable, _), value in zip(program.updates, results[split:]):
                variable.storage = np.array(value, variable.dtype)
            pairs = zip(program.outputs, results[:split])
            return [np.array(value, tensor.dtype) for tensor, value in pairs]

        return run


_BACKEND = ReferenceBackend()


@contextmanager
def use_reference() -> Iterator[None]:
    """Runs programs on the references within a `with` block, in this thread alone.

    It has no distribution, so it takes the place that discovery would give an installed backend.
    """
    discovery._backends[_BACKEND.name] = _BACKEND
    token = discovery._within.set(_BACKEND.name)
    try:
        yield
    finally:
        discovery._within.reset(token)
