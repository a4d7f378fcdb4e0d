"""`jit_compile=True`: programs that `torch.compile` compiles."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from keras_core.layers import Dense, Dropout
from keras_core.models import Sequential
from keras_core.utils import set_random_seed

RANDOM = np.random.RandomState(0)
X = RANDOM.uniform(-1, 1, (8, 4)).astype("float32")

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # PyTorch's compiler warns of its own parts
    pytest.mark.skipif(not shutil.which("g++"), reason="PyTorch's compiler wants one of C++"),
]


def trained(jit):
    set_random_seed(4)
    model = Sequential([Dense(5, activation="tanh", input_shape=(4,)), Dropout(0.3), Dense(1)])
    model.compile("adam", "mse", jit_compile=jit)
    model.fit(X, X[:, :1], epochs=3, verbose=0)
    return [*model.get_weights(), model.predict(X)]


def test_numbers_are_the_same():
    for a, b in zip(trained(True), trained(None)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
