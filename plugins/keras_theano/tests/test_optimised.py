"""The mode that users run, with Theano's optimisations, against the mode of the other tests.

The other tests compile without optimisations, which is many times faster. What Theano rewrites is
whole models, so a few of those are enough here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import one_script
import pytest

import keras_core
from keras_core import layers
from keras_core.models import Sequential
from keras_core.utils import set_random_seed

TRAINED = Path(__file__).parents[3] / "tests" / "data" / "three_engines" / "trained.npz"

STACKS = {
    "convolution": (
        (9, 8, 3),
        [
            lambda: layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            lambda: layers.SeparableConv2D(5, 2, padding="same"),
            lambda: layers.AveragePooling2D(2, padding="same"),
            lambda: layers.Conv2DTranspose(2, 3, strides=2),
            lambda: layers.GlobalMaxPooling2D(),
        ],
    ),
    "recurrence": (
        (6, 3),
        [
            lambda: layers.Masking(),
            lambda: layers.Bidirectional(layers.GRU(4, return_sequences=True)),
            lambda: layers.LSTM(3, unroll=True),
            lambda: layers.BatchNormalization(),
        ],
    ),
    "dense": (
        (7,),
        [
            lambda: layers.Dense(6, activation="softplus"),
            lambda: layers.PReLU(),
            lambda: layers.Dense(3, activation="softmax", kernel_regularizer="l2"),
        ],
    ),
}


def trained(name, mode, monkeypatch):
    """Predictions before and after three steps in a mode of Theano."""
    monkeypatch.setenv("KERAS_THEANO_MODE", mode)
    set_random_seed(1)
    shape, makers = STACKS[name]
    model = Sequential([layers.InputLayer(shape), *(make() for make in makers)])
    model.compile("adam", "mse")
    random = np.random.RandomState(0)
    x = random.uniform(-1, 1, (5, *shape)).astype("float32")
    y = random.uniform(0, 1, (5, *model.output_shape[1:])).astype("float32")
    first = model.predict(x)
    losses = [model.train_on_batch(x, y) for _ in range(3)]
    return [first, np.array(losses), model.predict(x)]


@pytest.mark.parametrize("name", STACKS)
def test_models_train_to_the_same_numbers(name, monkeypatch):
    plain = trained(name, "FAST_COMPILE", monkeypatch)
    for got, expected in zip(trained(name, "FAST_RUN", monkeypatch), plain):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_the_script_of_all_engines(monkeypatch):
    monkeypatch.setenv("KERAS_THEANO_MODE", "FAST_RUN")
    set_random_seed(1)
    model = one_script.build(keras_core)
    one_script.train(model)
    with np.load(TRAINED) as file:
        for i, got in enumerate(model.get_weights()):
            wanted = file[f"w{i}"]
            np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-4 * np.abs(wanted).max())
