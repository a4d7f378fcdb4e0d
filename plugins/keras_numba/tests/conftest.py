"""The NumPy backend as programs get it: with these kernels where they serve."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Program, evaluate
from keras_core.plugins import load_backend


class Comparison:
    """Compares a program on the backend with the plain references.

    Args:
        inputs, outputs: of the program.
    """

    def __init__(self, inputs, outputs):
        self.inputs, self.outputs = inputs, outputs
        self.program = Program(inputs, outputs)
        self.run = load_backend("numpy").compile(self.program)

    def served(self, *names):
        """Which of these primitives' nodes have a kernel of ours."""
        from keras_numba.lowering import LOWERINGS

        nodes = [node for node in self.program.nodes if node.primitive.name in names]
        return {node.primitive.name for node in nodes if LOWERINGS[node.primitive.name](node)}

    def __call__(self, *arrays):
        """Returns the results, compared with references in float64."""
        results = self.run(arrays, (0, 0))
        expected = evaluate(self.outputs, dict(zip(self.inputs, arrays)))
        for got, wanted in zip(results, expected):
            assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
            step = 1e-12 if wanted.dtype == "float64" else 2e-5
            scale = max(1.0, np.nanmax(np.abs(wanted), initial=0))
            np.testing.assert_allclose(got, wanted, rtol=0, atol=step * scale)
        return results


@pytest.fixture
def compared():
    return Comparison
