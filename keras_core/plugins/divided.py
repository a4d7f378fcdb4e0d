"""Programs in parts: what an engine cannot trace runs by itself, what is around it is compiled."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_core.graph import Node, Program, Tensor, Variable
from keras_core.graph.cut import Part, cut
from keras_core.plugins.contract import Draws, Pure
from keras_core.plugins.programs import variables_read

if TYPE_CHECKING:
    from keras_core.plugins.functional import FunctionalBackend

# For so many combinations of shapes is a part compiled whose sizes depend on values.
MOST_SHAPES = 8

Computed = tuple[Sequence[Any], Sequence[Any]]


class NeedsValues(Exception):
    """An engine cannot trace a node, which asks for the values of arrays, as of a size.

    Args:
        node: the node; of a loop's body, the loop.
        program: the program that was traced, in the engine's primitives: it has the inputs, outputs
            and updates of the one that was to be compiled.
    """

    def __init__(self, node: Node, program: Program | None = None) -> None:
        super().__init__(f"{node!r} needs values that are not known while it is traced.")
        self.node = node
        self.program = program


def in_parts(
    backend: FunctionalBackend, error: NeedsValues, read: Sequence[Variable], loop: bool = False
) -> Pure:
    """What runs a program that could not be traced, in as few parts as the engine can compile.

    Args:
        backend: the backend.
        error: what the engine said.
        read: the variables that are read, in the order in which their values come, which may be
            another one in the engine's primitives.
        loop: whether many runs are done in one call.
    """
    program, parts = _cut(error)
    updated = [update.variable for update in program.updates]
    run = _InParts(backend, [*updated, *read, *program.inputs], program, parts)
    return _Repeated(run) if loop else run


def _cut(error: NeedsValues) -> tuple[Program, list[Part]]:
    assert error.program is not None
    return error.program, cut(error.program, error.node)


class _Tried:
    """Runs what was compiled of a program; from when that cannot be traced, its parts."""

    def __init__(self, backend: FunctionalBackend, program: Program) -> None:
        self._backend = backend
        self._read = variables_read(program)
        self._run = backend.jit(backend.functional(program), program)

    def __call__(self, updated: Any, read: Any, inputs: Any, draws: Draws) -> Computed:
        try:
            return self._run(updated, read, inputs, draws)
        except NeedsValues as error:
            self._run = in_parts(self._backend, error, self._read)
        return self._run(updated, read, inputs, draws)


class _InParts:
    """Runs the parts of a program. No value is given away, since all parts may read it.

    Args:
        backend: the backend.
        leaves: the tensors whose values come, in their order.
        program: the whole.
        parts: its parts.
    """

    def __init__(
        self,
        backend: FunctionalBackend,
        leaves: Sequence[Tensor],
        program: Program,
        parts: list[Part],
    ) -> None:
        self._leaves = [x.key for x in leaves]
        self._results = [x.key for x in program.results]
        self._count = len(program.outputs)
        self._parts = [_Running(backend, part) for part in parts]

    def __call__(self, updated: Any, read: Any, inputs: Any, draws: Draws) -> Computed:
        values = dict(zip(self._leaves, [*updated, *read, *inputs]))
        for part in self._parts:
            part(values, draws)
        results = [values[key] for key in self._results]
        return results[: self._count], results[self._count :]


class _Running:
    """A part; it is compiled for some shapes of what others computed, and else run eagerly."""

    def __init__(self, backend: FunctionalBackend, part: Part) -> None:
        self._backend, self._part = backend, part
        self._read = variables_read(part.program)
        self._compiled = self._made(part.program)
        # Tensors with keys of their own are fed to the whole program.
        self._computed = [i for i, key in enumerate(part.given) if not isinstance(key, Tensor)]
        self._shapes: set[Any] = set()

    def __call__(self, values: dict[Any, Any], draws: Draws) -> None:
        """Adds what it computes to the values of tensors, which are found by their keys."""
        read = [values[variable] for variable in self._read]
        inputs = [values[key] for key in self._part.given]
        outputs, _ = self._run_for(inputs)([], read, inputs, draws)
        values.update(zip(self._part.found, outputs))

    def _run_for(self, inputs: Sequence[Any]) -> Pure:
        shapes = tuple(inputs[i].shape for i in self._computed)
        if len(self._shapes) < MOST_SHAPES:
            self._shapes.add(shapes)
        return self._compiled if shapes in self._shapes else self._eager

    @cached_property
    def _eager(self) -> Pure:
        whole = self._part.program
        return self._made(Program(whole.inputs, whole.outputs, (), jit_compile=False))

    def _made(self, program: Program) -> Pure:
        return _Tried(self._backend, program)


class _Repeated:
    """Many runs, one after the other."""

    def __init__(self, run: Pure) -> None:
        self._run = run

    def __call__(self, updated: Any, read: Any, inputs: Any, draws: Draws) -> Computed:
        rows, values = [], updated
        for t in range(len(inputs[0])):
            now = draws._replace(step=draws.step + t)
            outputs, values = self._run(values, read, [x[t] for x in inputs], now)
            rows.append([*map(np.asarray, outputs)])
        return [np.stack(row) for row in zip(*rows)], values
