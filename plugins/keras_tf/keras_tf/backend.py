"""The backend: programs become functions of TensorFlow, variables are `tf.Variable`s."""

from __future__ import annotations

from collections.abc import MutableMapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import tensorflow as tf

from keras_core.graph import Program, Variable
from keras_core.plugins import Backend, Compiled
from keras_core.plugins.authoring import Binding, StandIn
from keras_tf import dispatch, group
from keras_tf.compiled import Template
from keras_tf.interop import EngineCalls
from keras_tf.loop import LoopTemplate, is_worth_looping
from keras_tf.lowering import LOWERINGS
from keras_tf.variables import new_variable, without_value
from keras_tf.xla import asked_for, behaves_alike


class TensorflowBackend(EngineCalls, Backend):
    """TensorFlow 2, on a GPU where there is one.

    Args:
        device: where programs run and variables are; by default TensorFlow places them.
    """

    name = "tensorflow"
    lowerings = LOWERINGS
    survives_fork = False

    def __init__(self, device: str | None = None) -> None:
        self._device = device
        self._held: MutableMapping[Variable, tf.Variable] = WeakKeyDictionary()

    def compile(self, program: Program) -> Compiled:
        """A callable that traces a function for each combination of input shapes."""
        return self._step_template(program).bound(Binding())

    def compile_loop(self, program: Program) -> Compiled | None:
        """A loop, by XLA unless that is forbidden; None for steps that take long anyhow."""
        template = self._loop_template(program)
        return template and template.bound(Binding())

    def template(self, program: Program, loop: bool) -> Template | None:
        """The functions of all programs of this structure."""
        return self._loop_template(program) if loop else self._step_template(program)

    def _step_template(self, program: Program) -> Template:
        jit = asked_for(program)
        # Whether XLA helps with loops on a GPU has not been measured.
        jit_loops = jit is None and self.devices() == ("cpu",)
        return Template(self, program, bool(jit), jit_loops)

    def _loop_template(self, program: Program) -> LoopTemplate | None:
        if not is_worth_looping(program):
            return None
        jit = asked_for(program)
        return LoopTemplate(self, program, behaves_alike(program.nodes) if jit is None else jit)

    def storage_of(self, variable: Variable) -> tf.Variable:
        """What has the value of a variable; of a stand-in, an empty one that functions refer to."""
        if type(variable) is not StandIn:
            return variable.held_by(self)
        if variable not in self._held:
            with self.placed():
                self._held[variable] = without_value(variable.shape, variable.dtype)
        return self._held[variable]

    def hold(self, variable: Variable, value: np.ndarray) -> tf.Variable:
        """The one `tf.Variable` that stands for a variable, which functions refer to."""
        held = self._held.get(variable)
        if held is not None:
            held.assign(value)
            return held
        with self.placed():
            held = self._held[variable] = new_variable(value, _name(variable), variable.trainable)
        return held

    def to_storage(self, value: np.ndarray) -> tf.Variable:
        with self.placed():
            return new_variable(np.array(value))

    def to_numpy(self, storage: tf.Variable) -> np.ndarray:
        with tf.init_scope():
            return np.array(storage.numpy())

    def devices(self) -> tuple[str, ...]:
        """'gpu:0' and so on, which are used first where there are any, then 'cpu'."""
        gpus = tf.config.list_physical_devices("GPU")
        return (*(f"gpu:{i}" for i in range(len(gpus))), "cpu")

    def world(self) -> group.Group | None:
        """The workers of the cluster that TF_CONFIG describes."""
        return group.world()

    def on_another(self, device: str) -> TensorflowBackend:
        return TensorflowBackend(device)

    def placed(self) -> AbstractContextManager[Any]:
        """A context in which operations and variables are made on this backend's device."""
        return nullcontext() if self._device is None else tf.device(self._device)


def _name(variable: Variable) -> str:
    """The name without the `:0`, which TensorFlow adds itself."""
    return variable.name.partition(":")[0]


def make_backend(config: Any) -> TensorflowBackend:
    """The backend; its options come with the programs."""
    dispatch.install()
    return TensorflowBackend()
