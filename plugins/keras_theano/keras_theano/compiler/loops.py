"""Loops: a scan as one Theano operation that calls a compiled function at each step.

theano.scan would do, but Theano takes many times longer to rewrite it, and its steps are no faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import theano
from theano.compile.mode import Mode

from keras_core.graph import Node
from keras_core.plugins.authoring import Body
from keras_theano.compiler.running import Running, compiled
from keras_theano.engine import quiet
from keras_theano.ops import NodeOp
from keras_theano.settings import keeping_memory


@dataclass(frozen=True)
class Step:
    """What a loop does at a step.

    Attributes:
        inputs: Theano's inputs: slices of the sequences (draws among them), states, then what stays
            the same.
        results: Theano's expressions; the first ones are the new states.
        sequences: how many of the inputs are slices.
        collected: where the rows of each stack come from: (True, input) or (False, result).
        states: how many states there are.
        mode: the compilation mode.
    """

    inputs: Sequence[Any]
    results: Sequence[Any]
    sequences: int
    collected: Sequence[tuple[bool, int]]
    states: int
    mode: Mode

    def compiled(self) -> Any:
        # Rows are copied into their stack at once, so what makes them may use its memory again.
        outputs = [theano.Out(y, borrow=i >= self.states) for i, y in enumerate(self.results)]
        mode = keeping_memory(self.mode)
        with quiet():
            return compiled(self.inputs, outputs, mode)


def wanted_of(body: Body) -> list[Any]:
    """The tensors that a step must compute: new states, then what else is collected."""
    known = {x.key for x in (*body.states, *body.new_states)}
    others = {x.key: x for x in body.collected if x.key not in known}
    return [*body.new_states, *others.values()]


def sources_of(body: Body, sequences: int) -> list[tuple[bool, int]]:
    """`Step.collected` for a step with so many slices."""
    before = {x.key: sequences + i for i, x in enumerate(body.states)}
    after = {x.key: i for i, x in reversed(list(enumerate(wanted_of(body))))}
    return [
        (True, before[x.key]) if x.key in before else (False, after[x.key]) for x in body.collected
    ]


class Loop(NodeOp):
    """Final states, then stacks of what is collected, from a `Step`'s inputs for all steps."""

    def __init__(self, node: Node, flags: Sequence[tuple[bool, ...]], step: Step) -> None:
        super().__init__(node, flags)
        self.step = step
        self._running: Running | None = None

    def perform(self, node: Any, inputs: Sequence[Any], outputs: Any) -> None:
        if self._running is None:
            self._running = Running(self.step.compiled())
        for cell, value in zip(outputs, self._run(self._running, inputs)):
            cell[0] = value

    def free(self) -> None:
        """Lets go of what the step keeps for the next one."""
        if self._running is not None:
            self._running.free()

    def _run(self, running: Running, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        step, cells, results = self.step, running.cells, running.results
        for cell, value in zip(cells, inputs):
            cell[0] = value
        slices = list(zip(cells, inputs[: step.sequences]))
        states = list(zip(cells[step.sequences :], results[: step.states]))
        rows = [(cells if before else results)[i] for before, i in step.collected]
        stacks: list[np.ndarray] = []
        for t in self._order(len(inputs[0])):
            for cell, sequence in slices:
                cell[0] = sequence[t, ...]
            running.run()
            stacks = stacks or [_stack(len(inputs[0]), row[0]) for row in rows]
            for stack, row in zip(stacks, rows):
                stack[t] = row[0]
            for cell, result in states:
                cell[0] = result[0]
        return [*(np.array(cell[0]) for cell, _ in states), *stacks]

    def _order(self, steps: int) -> range:
        backward = self.node.params["reverse"]
        return range(steps - 1, -1, -1) if backward else range(steps)


def _stack(steps: int, row: np.ndarray) -> np.ndarray:
    return np.empty((steps, *row.shape), row.dtype)
