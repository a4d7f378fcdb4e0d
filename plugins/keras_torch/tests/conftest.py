"""Runs everything here on the PyTorch backend, on the CPU, and gives the code that it writes.

What is otherwise on a GPU is in `test_gpu.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import device, use_backend
from keras_core.graph import Program
from keras_core.graph.passes import optimize
from keras_core.plugins import load_backend


@pytest.fixture(autouse=True)
def backend():
    with use_backend("torch"), device("cpu"):
        yield load_backend("torch").on("cpu")


class Runner:
    """A compiled program with its variables in the backend's hands."""

    def __init__(self, inputs, outputs, updates=(), jit=None):
        program = optimize(Program(inputs, outputs, updates, jit))
        program.validate()
        self.backend = load_backend("torch").on("cpu")
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
