"""Programs within TensorFlow's own code: layers called on its tensors, tapes, modules.

A program that runs there is differentiated by the graph, not by TensorFlow: its gradient is another
program, so that a tape gives what `K.gradients` gives, of any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from threading import Lock
from typing import Any, Callable

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import record

from keras_core.graph import Placeholder, Program, Spec, Tensor, Variable, gradients, substitute
from keras_core.plugins import Draws, Pure
from keras_core.plugins.authoring import FLOATS, current_run, optimize, variables_read
from keras_tf import data
from keras_tf.compiled import STATE_SPEC, directly, lowered, state_of, state_spec, traced
from keras_tf.dispatch import Given, Gradient
from keras_tf.lowering.random import mixed
from keras_tf.optimizers import Step, is_optimizer
from keras_tf.specs import spec_of, tensor_spec
from keras_tf.variables import new_variable


class EngineCalls:
    """The part of the backend that takes TensorFlow's own tensors, data sets and optimizers."""

    def spec_of(self, value: Any) -> Spec | None:
        """Static shape and dtype of a tensor or variable of TensorFlow, None for all else."""
        return spec_of(value) if isinstance(value, (tf.Tensor, tf.Variable)) else None

    def inline(self, program: Program, phase: int) -> Callable[[Sequence[Any]], list[tf.Tensor]]:
        """Makes a function of TensorFlow tensors, eager or symbolic, that a tape can derive."""
        return InlinedProgram(self, program, phase)

    def functional(self, program: Program) -> Pure:
        """Makes a pure function of TensorFlow tensors, which a tape can derive."""
        return PureProgram(self, program)

    def gradient_of(self, function: Callable[..., Any], arity: int, results: int) -> Gradient:
        """The derivative of a function of TensorFlow tensors, by a tape; of any order."""
        return Gradient(Given(function, arity, results))

    def batches_of(self, value: Any) -> data.DatasetBatches | None:
        """The batches of a `tf.data.Dataset`, None for all else."""
        return data.DatasetBatches(value) if isinstance(value, tf.data.Dataset) else None

    def step_of(self, optimizer: Any, variables: Sequence[Variable]) -> Step | None:
        """One step of an optimizer of TensorFlow's own, None for all else."""
        return Step(optimizer, variables) if is_optimizer(optimizer) else None


class InlinedProgram:
    """A program as a function of TensorFlow tensors, which updates variables when it is run.

    Args:
        backend: the backend that lowers it and holds its variables.
        program: inputs, outputs and updates, not optimised yet.
        phase: the learning phase.
    """

    def __init__(self, backend: Any, program: Program, phase: int) -> None:
        self.backend = backend
        self.program = program
        self.phase = phase
        self.variables = [x for x in program.leaves if isinstance(x, Variable)]
        stand_ins = [Placeholder(v.shape, v.dtype, v.name) for v in self.variables]
        results = substitute(program.results, dict(zip(self.variables, stand_ins)))
        self.function = Differentiable(
            backend, [*program.inputs, *stand_ins], results, len(program.outputs), phase
        )
        self.draws = Steps() if program.is_random else None

    def __call__(self, values: Sequence[Any]) -> list[tf.Tensor]:
        inputs = [tf.cast(value, x.dtype) for x, value in zip(self.program.inputs, values)]
        if tf.executing_eagerly() and not record.could_possibly_record():
            return self._unrecorded(inputs)
        weights = [tf.convert_to_tensor(held(v, self.backend)) for v in self.variables]
        state = self.draws.next() if self.draws else state_of((0, 0))
        results = self.function([*inputs, *weights], state)
        count = len(self.program.outputs)
        self._update(results[count:])
        return results[:count]

    def _unrecorded(self, inputs: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """The same for a call that no tape sees, which reads and writes variables by itself."""
        for variable in self.variables:
            variable.held_by(self.backend)
        return self._plain([*inputs, self.draws.next()] if self.draws else inputs)

    @cached_property
    def _plain(self) -> Callable[[Sequence[tf.Tensor]], list[tf.Tensor]]:
        program = lowered(optimize(self.program, self.phase), self.backend.lowerings)
        state = [STATE_SPEC] if self.draws else []
        whole = tf.function(lambda *fed: traced(self.backend, program, fed), autograph=False)
        return directly(
            whole.get_concrete_function(*(tensor_spec(x.spec) for x in self.program.inputs), *state)
        )

    def _update(self, values: Sequence[tf.Tensor]) -> None:
        for (variable, _), value in zip(self.program.updates, values):
            held(variable, self.backend).assign(value)


class PureProgram:
    """A program as a function of the values of its variables, which changes none.

    Args:
        backend: the backend that lowers it.
        program: an optimised program.
    """

    def __init__(self, backend: Any, program: Program) -> None:
        variables = [update.variable for update in program.updates] + variables_read(program)
        stand_ins = [Placeholder(v.shape, v.dtype, v.name) for v in variables]
        results = substitute(program.results, dict(zip(variables, stand_ins)))
        inputs = [*stand_ins, *program.inputs]
        self._function = Differentiable(backend, inputs, results, len(results), 0)
        self._outputs = len(program.outputs)

    def __call__(
        self, updated: Sequence[Any], read: Sequence[Any], inputs: Sequence[Any], draws: Draws
    ) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        pairs = zip(self._function.inputs, (*updated, *read, *inputs))
        tensors = [tf.cast(value, x.dtype) for x, value in pairs]
        parts = [draws.seed, draws.step, *map(mixed, draws.streams)]
        state = tf.stack([tf.cast(part, tf.int64) for part in parts])
        results = self._function(tensors, state)
        return results[: self._outputs], results[self._outputs :]


def held(variable: Variable, backend: Any) -> tf.Variable:
    """The tf.Variable in which the backend keeps a variable, also while a function is traced."""
    with tf.init_scope():
        return variable.held_by(backend)


class Steps:
    """The random states of a program's calls: the step counts up whenever TensorFlow runs one."""

    def __init__(self) -> None:
        self.count = new_variable(np.int64(0), "random_step")
        self.run: Any = None
        self._starting = Lock()

    def next(self) -> tf.Tensor:
        """The state of the next call; the first one after a new seed has step 0."""
        run = current_run()
        if run is not self.run:
            self._start(run)
        return tf.stack([tf.constant(run.seed, tf.int64), self.count.assign_add(1) - 1])

    def _start(self, run: Any) -> None:
        """Counts from 0, unless another thread has begun to meanwhile."""
        with self._starting:
            if run is not self.run:
                with tf.init_scope():
                    self.count.assign(0)
                self.run = run


class Differentiable:
    """A function of TensorFlow tensors whose gradient is the one of the graph.

    Args:
        backend: the backend that lowers the primitives.
        inputs: placeholders, all that the results depend on.
        results: tensors to compute.
        derived: how many of the results, the first ones, have a gradient.
        phase: the learning phase.
    """

    def __init__(
        self,
        backend: Any,
        inputs: Sequence[Placeholder],
        results: Sequence[Tensor],
        derived: int,
        phase: int,
    ) -> None:
        self.backend = backend
        self.inputs = list(inputs)
        self.results = list(results)
        self.phase = phase
        self._sources = [i for i, x in enumerate(inputs) if x.dtype in FLOATS]
        self._targets = [i for i, y in enumerate(results[:derived]) if y.dtype in FLOATS]
        signature = [*(tensor_spec(x.spec) for x in inputs), state_spec(None)]
        self._run = tf.function(self._traced, input_signature=signature, autograph=False)

    def __call__(self, tensors: Sequence[tf.Tensor], state: tf.Tensor) -> list[tf.Tensor]:
        """The results; their gradient computes again what it needs of them.

        Args:
            tensors: TensorFlow tensors, in the order of the inputs.
            state: seed, step and streams, from which random nodes draw.
        """

        @tf.custom_gradient
        def function(*inputs: tf.Tensor) -> Any:
            def pull_back(*cotangents: tf.Tensor) -> Any:
                return self._pulled_back(inputs, cotangents, state)

            return self._run(*inputs, state), pull_back

        return list(function(*tensors))

    def _traced(self, *fed: tf.Tensor) -> tuple[tf.Tensor, ...]:
        program = optimize(Program(self.inputs, self.results), self.phase)
        return tuple(traced(self.backend, lowered(program, self.backend.lowerings), fed))

    def _pulled_back(
        self, tensors: Sequence[tf.Tensor], cotangents: Sequence[tf.Tensor], state: tf.Tensor
    ) -> list[tf.Tensor | None]:
        """A cotangent for each input, None for one that no result depends on."""
        function, places = self._gradient
        wanted = [cotangents[i] for i in self._targets]
        found = dict(zip(places, function([*tensors, *wanted], state))) if places else {}
        return [found.get(i) for i in range(len(self.inputs))]

    @cached_property
    def _gradient(self) -> tuple[Differentiable, list[int]]:
        """The function of inputs and cotangents, and to which inputs its results belong."""
        ys = [self.results[i] for i in self._targets]
        cotangents = [Placeholder(y.shape, y.dtype) for y in ys]
        xs = [self.inputs[i] for i in self._sources]
        pairs = zip(self._sources, gradients(ys, xs, cotangents))
        found = {i: g for i, g in pairs if g is not None}
        inputs = [*self.inputs, *cotangents]
        function = Differentiable(
            self.backend, inputs, list(found.values()), len(found), self.phase
        )
        return function, list(found)
