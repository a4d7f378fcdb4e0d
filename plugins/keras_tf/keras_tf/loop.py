"""LoopedProgram: a program run for many batches in one call, as a `tf.while_loop` over them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_core.graph.program import Program
from keras_tf.compiled import STATE_SPEC, Traced, lowered, state_of
from keras_tf.tracing import RandomState, Trace, Values

# Steps with these take long enough for a call each.
_HEAVY_FAMILIES = ("convolution", "pooling", "scan")

Arrays = Sequence[np.ndarray]


def is_worth_looping(program: Program) -> bool:
    """Whether a call costs more than what a step of the program computes."""
    families = {node.primitive.family for node in program.nodes}
    return not families & set(_HEAVY_FAMILIES)


class LoopedProgram:
    """Runs a program for several steps in one call.

    The values of variables go around in the loop; the variables themselves are written once, after
    it.

    Args:
        backend: what holds the variables.
        program: what to run at each step.
        jit: True compiles with XLA.
    """

    def __init__(self, backend: Any, program: Program, jit: bool) -> None:
        self._backend = backend
        self._program = lowered(program, backend.lowerings)
        self._jit = jit
        self._made: dict[Any, Traced] = {}
        self._making = threading.Lock()

    def __call__(self, arrays: Arrays, state: Any) -> list[np.ndarray]:
        shapes = tuple(array.shape for array in arrays)
        with self._making:
            run = self._made.get(shapes)
            if run is None:
                run = self._made[shapes] = self._function(shapes)
        return run([*map(tf.constant, arrays), state_of(state)])

    def _function(self, shapes: Sequence[tuple[int, ...]]) -> Traced:
        of_one_step = [shape[1:] for shape in shapes]
        program = lowered(self._program, self._backend.lowerings, of_one_step)
        dtypes = [x.dtype for x in program.inputs]
        signature = [tf.TensorSpec(shape, dtype) for shape, dtype in zip(shapes, dtypes)]
        loop = _Loop(self._backend, program, shapes[0][0])
        return Traced(loop, [*signature, STATE_SPEC], self._jit, program)


class _Loop:
    """The operations of one loop, for a known number of steps."""

    def __init__(self, backend: Any, program: Program, steps: int) -> None:
        self.backend = backend
        self.program = program
        self.steps = steps
        self.updated = [variable for variable, _ in program.updates]

    def __call__(self, *fed: tf.Tensor) -> list[tf.Tensor]:
        batches, state = fed[:-1], fed[-1]
        start: Values = {v.key: self._storage(v).value() for v in self.program.variables}

        def step(t: tf.Tensor, changing: Any, stacks: Any) -> Any:
            values = {**start, **dict(zip((v.key for v in self.updated), changing))}
            slices = (x[t] for x in batches)
            values.update(zip((x.key for x in self.program.inputs), slices))
            outputs, changed = self._step(
                values, RandomState(state[0], state[1] + tf.cast(t, tf.int64))
            )
            return t + 1, changed, [s.write(t, out) for s, out in zip(stacks, outputs)]

        _, finals, stacks = tf.while_loop(
            lambda t, *_: t < self.steps,
            step,
            (tf.constant(0), [start[v.key] for v in self.updated], self._stacks()),
            maximum_iterations=self.steps,
        )
        for variable, value in zip(self.updated, finals):
            self._storage(variable).assign(value, read_value=False)
        return [stack.stack() for stack in stacks]

    def _storage(self, variable: Any) -> tf.Variable:
        return variable.held_by(self.backend)

    def _step(self, values: Values, state: RandomState) -> tuple[list[Any], list[Any]]:
        count = len(self.program.outputs)
        results = Trace(self.backend.lowerings, state).run(self.program.results, values)
        return results[:count], results[count:]

    def _stacks(self) -> list[tf.TensorArray]:
        return [
            tf.TensorArray(x.dtype, size=self.steps, element_shape=x.shape)
            for x in self.program.outputs
        ]
