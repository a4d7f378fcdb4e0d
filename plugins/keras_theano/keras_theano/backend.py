"""The backend: programs become Theano functions, variables are Theano's shared variables."""

from __future__ import annotations

from typing import Any

import numpy as np
import theano

from keras_core.graph import Program, Variable
from keras_core.plugins import Backend, Compiled
from keras_core.plugins.authoring import Binding
from keras_theano import storage
from keras_theano.compiler import Template
from keras_theano.lowering import LOWERINGS


class TheanoBackend(Backend):
    """Theano 1.0.5 on the CPU."""

    name = "theano"
    lowerings = LOWERINGS

    def __init__(self) -> None:
        self._shared = storage.Shared()

    def compile(self, program: Program) -> Compiled:
        """A callable that compiles a Theano function for each kind of input shapes."""
        return self.template(program).bound(Binding())

    def template(self, program: Program, loop: bool = False) -> Template | None:
        """The functions of all programs of this structure; a loop over calls would gain nothing."""
        return None if loop else Template(program, self.lowerings, self._shared)

    def hold(self, variable: Variable, value: np.ndarray) -> Any:
        """The one shared variable that stands for a variable, which functions refer to."""
        shared = self._shared(variable)
        storage.put(shared, np.array(value, order="C"))
        return shared

    def to_storage(self, value: Any) -> Any:
        return theano.shared(np.array(value, order="C"), borrow=True)

    def to_numpy(self, storage_: Any) -> np.ndarray:
        return np.array(storage.value_of(storage_))


def make_backend(config: Any) -> TheanoBackend:
    """The backend; its options come from the environment."""
    return TheanoBackend()
