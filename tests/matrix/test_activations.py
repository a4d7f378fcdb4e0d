"""Activation functions against closed forms, and their names."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import activations
from keras_core import backend as K

X = np.array([[-3.0, -1.0, -0.2, 0.0], [0.3, 1.0, 2.5, 6.0]], dtype="float32")


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


CASES = {
    "softmax": softmax(X),
    "elu": np.where(X > 0, X, np.expm1(X)),
    "selu": 1.05070098 * np.where(X > 0, X, 1.67326324 * np.expm1(X)),
    "softplus": np.log1p(np.exp(X)),
    "softsign": X / (1 + np.abs(X)),
    "relu": np.maximum(X, 0),
    "tanh": np.tanh(X),
    "sigmoid": 1 / (1 + np.exp(-X)),
    "hard_sigmoid": np.clip(0.2 * X + 0.5, 0, 1),
    "exponential": np.exp(X),
    "linear": X,
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_values(name):
    y = K.eval(K.identity(activations.get(name)(K.constant(X))))
    np.testing.assert_allclose(y, CASES[name], rtol=1e-5, atol=1e-6)


def test_softmax_along_another_axis():
    x = np.stack([X, -X])
    y = K.eval(activations.softmax(K.constant(x), axis=1))
    np.testing.assert_allclose(y, softmax(x, 1), rtol=1e-5)


def test_relu_options():
    y = K.eval(activations.relu(K.constant(X), alpha=0.1, max_value=2.0, threshold=0.5))
    expected = np.where(X >= 2, 2, np.where(X >= 0.5, X, 0.1 * (X - 0.5)))
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


def test_selu_keeps_mean_and_variance():
    x = np.random.RandomState(0).normal(size=(1, 100000))
    y = K.eval(activations.selu(K.constant(x)))
    assert abs(y.mean()) < 0.02 and abs(y.var() - 1) < 0.02


def test_softmax_needs_two_axes():
    with pytest.raises(ValueError, match=r"\(4,\)"):
        activations.softmax(K.constant(X[0]))


def test_names():
    assert activations.get(None) is activations.linear
    assert activations.get(activations.tanh) is activations.tanh
    assert activations.serialize(activations.relu) == "relu"
    assert activations.deserialize("relu") is activations.relu


@pytest.mark.parametrize("identifier", ["nosuch", 3, 1.5])
def test_what_is_no_activation(identifier):
    with pytest.raises(ValueError, match="activation function"):
        activations.get(identifier)
