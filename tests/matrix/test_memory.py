"""Nothing is left behind: models, functions and calls."""

from __future__ import annotations

import gc
import sys
import weakref

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.graph.tensor import Tensor
from keras_core.layers import LSTM, BatchNormalization, Dense, Dropout, Input
from keras_core.models import Model, Sequential

X = np.random.default_rng(0).normal(size=(8, 5, 3)).astype("float32")
Y = np.random.default_rng(1).normal(size=(8, 1)).astype("float32")


def recurrent():
    model = Sequential([LSTM(4, input_shape=(5, 3), dropout=0.2), BatchNormalization(), Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def blocks_left(work, warm=5, more=10):
    """How many blocks of Python's memory one more run of `work` leaves behind, on average."""
    for _ in range(warm):
        work()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(more):
        work()
    gc.collect()
    return (sys.getallocatedblocks() - before) / more


def tensors_alive():
    gc.collect()
    gc.collect()  # what an engine's own cycles held
    # `isinstance` would ask objects of an engine for their class, and some of them warn of that.
    return sum(issubclass(type(x), Tensor) for x in gc.get_objects())


def test_models_that_are_trained_and_dropped_leave_nothing():
    # A model takes thousands of blocks; caches and counters of names may take on a few.
    assert blocks_left(lambda: recurrent().train_on_batch(X, Y)) < 100


def test_models_that_are_dropped_leave_no_tensor():
    def work():
        recurrent().train_on_batch(X, Y)
        recurrent().predict(X)

    work()
    before = tensors_alive()
    for _ in range(3):
        work()
    assert tensors_alive() == before


def test_a_cleared_session_leaves_no_tensor():
    K.clear_session()
    before = tensors_alive()
    recurrent().train_on_batch(X, Y)
    recurrent().predict(X)
    K.clear_session()
    assert tensors_alive() == before


def test_calls_leave_nothing():
    model = recurrent()

    def work():
        model.predict(X, batch_size=3)
        model.train_on_batch(X, Y)
        model.evaluate(X, Y, verbose=0)

    # Engines fill caches of their own for the first calls.
    assert blocks_left(work, warm=60, more=30) < 10


def test_a_model_and_its_weights_go_together():
    model = recurrent()
    model.train_on_batch(X, Y)
    alive = [weakref.ref(thing) for thing in (model, *model.weights, *model.layers)]
    del model
    gc.collect()
    assert [ref() for ref in alive if ref() is not None] == []


def test_a_layer_keeps_its_weights_when_the_model_goes():
    layer = Dense(2)
    x = Input((3,))
    model = Model(x, Dropout(0.5)(layer(x)))
    before = model.predict(X[:, 0])
    del model, x
    gc.collect()
    again = Model(x := Input((3,)), layer(x))
    np.testing.assert_array_equal(again.predict(X[:, 0]), before)


@pytest.mark.parametrize("size", [1, 50])
def test_results_do_not_keep_the_inputs(size):
    model = Sequential([Dense(2, input_shape=(3,))])
    array = np.ones((size, 3), "float32")
    alive = weakref.ref(array)
    result = model.predict(array)
    del array
    gc.collect()
    assert alive() is None and result.shape == (size, 2)
