"""The backend: programs become generated NumPy functions, variables are NumPy arrays."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from keras_core.graph import Program
from keras_core.plugins import Backend, Compiled
from keras_numpy.blas import limit_threads
from keras_numpy.compiler import CompiledProgram, Template
from keras_numpy.lowering import LOWERINGS
from keras_numpy.threads import available


class NumpyBackend(Backend):
    """NumPy alone: the reference that trains, without an engine to start."""

    name = "numpy"
    lowerings = LOWERINGS

    def compile(self, program: Program) -> Compiled:
        """A callable that compiles straight-line code for each combination of input shapes."""
        return CompiledProgram(program, self.lowerings)

    def template(self, program: Program, loop: bool) -> Template | None:
        """The code of all programs of this structure; a loop over calls would gain nothing."""
        return None if loop else Template(program, self.lowerings)

    def to_storage(self, value: Any) -> np.ndarray:
        return np.array(value, order="C")

    def to_numpy(self, storage: np.ndarray) -> np.ndarray:
        return storage.copy()


def make_backend(config: Any) -> NumpyBackend:
    """The backend; it has no options."""
    if available() < (os.cpu_count() or 1):
        limit_threads()
    return NumpyBackend()
