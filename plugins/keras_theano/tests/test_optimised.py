"""A chosen few programs in Theano's optimised mode, with compiled C code."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers, models, optimizers
from keras_core.graph import evaluate, gradients
from keras_core.graph.primitives import batch_norm_train, max_pool
from keras_core.graph.tensor import Placeholder


@pytest.fixture(autouse=True)
def _optimised(monkeypatch):
    monkeypatch.setenv("KERAS_THEANO_MODE", "FAST_RUN")


def agree(inputs, results, arrays):
    """Results in the optimised mode are those of the primitives' plain meaning."""
    got = K.function(inputs, results)(arrays)
    for value, expected in zip(got, evaluate(results, dict(zip(inputs, arrays)))):
        assert np.abs(value - expected).max() < 1e-5 * max(1, np.abs(expected).max())


def draw(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype("float32")


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 1)], ids=str)
@pytest.mark.parametrize("size", [(1, 1), (2, 3)], ids=str)
def test_convolution_and_its_gradients(data_format, padding, strides, size):
    x, kernel = Placeholder((None, 6, 6, 6)), Placeholder((*size, 6, 4))
    y = K.conv2d(x, kernel, strides, padding, data_format)
    results = [y, *gradients([K.sum(K.square(y))], [x, kernel])]
    agree([x, kernel], results, [draw(2, 6, 6, 6), draw(*size, 6, 4)])


def test_batch_normalization_and_its_gradients():
    x, gamma, beta = Placeholder((None, 4, 3)), Placeholder((3,)), Placeholder((3,))
    y, mean, var = batch_norm_train(x, gamma, beta, axes=(0, 1), epsilon=1e-3)
    results = [y, mean, var, *gradients([K.sum(K.square(y) * x)], [x, gamma, beta])]
    agree([x, gamma, beta], results, [draw(5, 4, 3) + 2, draw(3), draw(3)])


def test_overlapping_maxima_and_their_gradient():
    x = Placeholder((None, 5, 5, 2))
    y = max_pool(x, size=(3, 3), strides=(2, 2), padding="same", data_format="channels_last")
    agree([x], [y, *gradients([K.sum(K.square(y))], [x])], [np.round(draw(3, 5, 5, 2))])


def test_training_lowers_the_loss_of_a_recurrent_model():
    model = models.Sequential(
        [layers.LSTM(8, input_shape=(5, 3)), layers.BatchNormalization(), layers.Dense(1)]
    )
    model.compile(optimizers.Adam(0.05), "mse")
    x = draw(16, 5, 3)
    history = model.fit(x, x.sum(axis=(1, 2)), epochs=15, verbose=0).history["loss"]
    assert history[-1] < 0.8 * history[0]


def test_a_long_row_of_elementwise_operations():
    """Fused as one it would be pickled for the cache by a recursion deeper than Python allows."""
    x = y = Placeholder((None, 3))
    for _ in range(320):
        y = K.relu(y)
    agree([x], [y], [draw(2, 3)])
