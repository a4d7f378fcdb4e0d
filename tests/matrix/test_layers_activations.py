"""Activations that are layers, against their formulas."""

from __future__ import annotations

import numpy as np
import pytest
from layer_check import check_layer

from keras_core import layers

X = np.array([[-3.0, -1.0, -0.1, 0.0, 0.2, 1.0, 1.5, 7.0]], "float32").repeat(2, axis=0)
SEQUENCE = np.random.RandomState(0).uniform(-1, 1, (2, 3, 4)).astype("float32")


def test_leaky_relu():
    check_layer(layers.LeakyReLU(0.2), X, expected=np.where(X > 0, X, 0.2 * X))


def test_elu():
    check_layer(layers.ELU(0.5), X, expected=np.where(X > 0, X, 0.5 * np.expm1(X)))


def test_thresholded_relu():
    check_layer(layers.ThresholdedReLU(0.2), X, expected=np.where(np.float32(0.2) < X, X, 0))


@pytest.mark.parametrize("axis", [-1, 1])
def test_softmax(axis):
    powers = np.exp(SEQUENCE)
    expected = powers / powers.sum(axis=axis, keepdims=True)
    check_layer(layers.Softmax(axis), SEQUENCE, expected=expected)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"max_value": 1.2},
        {"negative_slope": 0.3},
        {"threshold": 0.5},
        {"max_value": 6.0, "negative_slope": 0.1, "threshold": 1.0},
    ],
)
def test_relu(options):
    ceiling = options.get("max_value", np.inf)
    slope, threshold = options.get("negative_slope", 0.0), options.get("threshold", 0.0)
    expected = np.where(threshold < X, X, slope * (X - threshold))
    expected = np.where(ceiling <= X, ceiling, expected)
    check_layer(layers.ReLU(**options), X, expected=expected)


@pytest.mark.parametrize("option", ["max_value", "negative_slope"])
def test_relu_refuses_negative(option):
    with pytest.raises(ValueError, match=f"`{option}` must be at least 0, but got -1"):
        layers.ReLU(**{option: -1.0})


@pytest.mark.parametrize("shared, shape", [(None, (3, 4)), ([1], (1, 4)), ((1, 2), (1, 1))])
def test_prelu(shared, shape):
    alpha = np.random.RandomState(1).uniform(0, 1, shape).astype("float32")
    expected = np.where(SEQUENCE > 0, SEQUENCE, alpha * SEQUENCE)
    check_layer(layers.PReLU(shared_axes=shared), SEQUENCE, weights=[alpha], expected=expected)


def test_prelu_needs_sizes():
    with pytest.raises(ValueError, match=r"shared_axes=\[1\]"):
        layers.PReLU()(layers.Input((None, 4)))
    layers.PReLU(shared_axes=[1])(layers.Input((None, 4)))


def test_prelu_refuses_another_size_when_shared():
    layer = layers.PReLU()
    layer(layers.Input((4,)))
    with pytest.raises(ValueError, match="size 4 on axis 1"):
        layer(layers.Input((5,)))


@pytest.mark.parametrize(
    "layer", [layers.LeakyReLU, layers.ELU, layers.ThresholdedReLU, layers.ReLU, layers.PReLU]
)
def test_masks_pass(layer):
    x = layers.Masking()(layers.Input((3, 5)))
    assert layer()(x)._keras_mask is x._keras_mask
