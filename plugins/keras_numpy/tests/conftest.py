"""Runs programs on the NumPy backend, whatever backend is in use."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Program
from keras_core.graph.passes import optimize
from keras_core.plugins import load_backend


class Runner:
    """A compiled program with its variables in the backend's hands."""

    def __init__(self, inputs, outputs, updates=()):
        program = optimize(Program(inputs, outputs, updates))
        program.validate()
        self.backend = load_backend("numpy")
        self.compiled = self.backend.compile(program)
        self.variables = program.variables

    def __call__(self, *arrays, step=0):
        for variable in self.variables:
            variable.held_by(self.backend)
        return self.compiled([np.asarray(a) for a in arrays], (0, step))

    def source(self, *shapes):
        return self.compiled.source(*shapes)


@pytest.fixture
def compiled():
    return Runner
