"""LoopTemplate: a program run for many batches in one call, as a `tf.while_loop` over them."""

from __future__ import annotations

from math import inf
from typing import Any

import tensorflow as tf

from keras_core.graph import Program
from keras_tf.compiled import Template, Traced, state_spec
from keras_tf.tracing import RandomState, Trace, Values, random_state_in

# Steps with these take long enough for a call each.
_HEAVY_FAMILIES = ("convolution", "pooling", "scan")


def is_worth_looping(program: Program) -> bool:
    """Whether a call costs more than what a step of the program computes."""
    families = {node.primitive.family for node in program.nodes}
    return not families & set(_HEAVY_FAMILIES)


class LoopTemplate(Template):
    """The functions of a program that do several of its steps in one call.

    The values of variables go around in the loop; the variables themselves are written once, after
    it.
    """

    most_exact = inf

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.takes_state = True

    def specialised(self, shapes: Any) -> Program:
        return super().specialised([shape[1:] for shape in shapes])

    def _trace(self, program: Program, shapes: Any, streams: int) -> Traced:
        pairs = zip(shapes, program.inputs)
        signature = [tf.TensorSpec(shape, x.dtype) for shape, x in pairs]
        loop = _Loop(self.backend, program, shapes[0][0])
        return Traced(self.backend, loop, [*signature, state_spec(streams)], self._jit, program)


class _Loop:
    """The operations of one loop, for a known number of steps."""

    def __init__(self, backend: Any, program: Program, steps: int) -> None:
        self.backend = backend
        self.program = program
        self.steps = steps
        self.updated = [variable for variable, _ in program.updates]

    def __call__(self, *fed: tf.Tensor) -> list[tf.Tensor]:
        with self.backend.placed():
            return self._run(*fed)

    def _run(self, *fed: tf.Tensor) -> list[tf.Tensor]:
        batches, state = fed[:-1], random_state_in(fed[-1])
        start: Values = {v.key: self.backend.storage_of(v).value() for v in self.program.variables}

        def step(t: tf.Tensor, changing: Any, stacks: Any) -> Any:
            values = {**start, **dict(zip((v.key for v in self.updated), changing))}
            slices = (x[t] for x in batches)
            values.update(zip((x.key for x in self.program.inputs), slices))
            now = state._replace(step=state.step + tf.cast(t, tf.int64))
            outputs, changed = self._step(values, now)
            return t + 1, changed, [s.write(t, out) for s, out in zip(stacks, outputs)]

        _, finals, stacks = tf.while_loop(
            lambda t, *_: t < self.steps,
            step,
            (tf.constant(0), [start[v.key] for v in self.updated], self._stacks()),
            maximum_iterations=self.steps,
        )
        for variable, value in zip(self.updated, finals):
            self.backend.storage_of(variable).assign(value, read_value=False)
        return [stack.stack() for stack in stacks]

    def _step(self, values: Values, state: RandomState) -> tuple[list[Any], list[Any]]:
        count = len(self.program.outputs)
        results = Trace(self.backend.lowerings, state).run(self.program.results, values)
        return results[:count], results[count:]

    def _stacks(self) -> list[tf.TensorArray]:
        return [
            tf.TensorArray(x.dtype, size=self.steps, element_shape=x.shape)
            for x in self.program.outputs
        ]
