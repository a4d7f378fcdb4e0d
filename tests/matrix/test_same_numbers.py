"""One training script gives the same weights on every engine, and those of the genuine Keras."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import one_script
import pytest

import keras_core
from keras_core.utils import set_random_seed

DATA = Path(__file__).parents[1] / "data" / "three_engines"
TOLERANCE = 1e-4  # relative to the largest value of a weight


def arrays(name):
    with np.load(DATA / f"{name}.npz") as file:
        return dict(file)


@pytest.fixture
def model():
    return built()


def built():
    model = one_script.build(keras_core)
    model.set_weights(list(arrays("initial").values()))
    return model


def test_initial_weights_are_the_same_bit_for_bit():
    set_random_seed(1)
    weights = one_script.build(keras_core).get_weights()
    for got, expected in zip(weights, arrays("drawn").values()):
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)


def test_training_ends_where_keras_2_ends(model):
    expected = arrays("trained")
    losses = expected.pop("loss")
    history = one_script.train(model)
    np.testing.assert_allclose(history.history["loss"], losses, rtol=TOLERANCE)
    for got, wanted in zip(model.get_weights(), expected.values()):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE * np.abs(wanted).max())


def test_steps_one_by_one_end_where_fit_ends(model):
    one_script.train(model)
    expected = model.get_weights()
    again = built()
    x, y = one_script.data()
    for _ in range(one_script.EPOCHS):
        for start in range(0, len(x[0]), one_script.BATCH):
            rows = slice(start, start + one_script.BATCH)
            again.train_on_batch([a[rows] for a in x], [a[rows] for a in y])
    for got, wanted in zip(again.get_weights(), expected):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE * np.abs(wanted).max())
