"""Code that is written once for all models of one architecture."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import use_backend
from keras_core.graph import Constant, Function, Placeholder
from keras_core.graph import primitives as p
from keras_core.graph.randomness import new_stream
from keras_core.layers import GRU, BatchNormalization, Dense, Dropout, Lambda
from keras_core.models import Sequential, clone_model
from keras_numpy.compiler import compiled

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 4, 3)).astype("float32")
Y = RNG.normal(size=(6, 2)).astype("float32")


@pytest.fixture(autouse=True)
def backend():
    with use_backend("numpy"):
        K.clear_session()
        yield
        K.clear_session()


@pytest.fixture
def written(monkeypatch):
    """The functions that are written and compiled."""
    made = []

    class Counted(compiled.Written):
        def __init__(self, code):
            super().__init__(code)
            made.append(weakref.ref(self))

    monkeypatch.setattr(compiled, "Written", Counted)
    return made


def recurrent():
    model = Sequential(
        [
            GRU(4, input_shape=(4, 3), dropout=0.2, recurrent_dropout=0.2),
            BatchNormalization(),
            Dropout(0.3),
            Dense(2),
        ]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def work(model):
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.predict(X)


def test_nothing_is_written_for_a_second_model(written):
    model = recurrent()
    work(model)
    count = len(written)
    assert count
    clone = clone_model(model)
    clone.compile("adam", "mse", metrics=["mae"])
    work(clone)
    assert len(written) == count


def test_code_goes_with_the_session(written):
    work(recurrent())
    K.clear_session()
    gc.collect()
    assert [ref() for ref in written if ref() is not None] == []


def test_each_model_has_its_own_memory():
    first, second = recurrent(), recurrent()
    work(first)
    work(second)
    for a, b in zip(first.weights, second.weights):
        assert not np.shares_memory(a.storage, b.storage)


def noisy():
    """Draws in a loop, and outside of it, whose number of rows is fed."""
    n = Placeholder((), "int32")
    rows = p.broadcast_to(Constant(np.zeros((1, 3), "float32")), n, shape=(None, 3))
    drawn = K.map_fn(lambda row: row + K.random_normal((3,)), rows)
    more = p.random_normal(n, shape=(None, 3), dtype="float32", stream=new_stream())
    return Function([n], [drawn, more])


def test_draws_of_sizes_that_depend_on_values_are_each_model_s_own(written):
    np.random.seed(1)
    first, second = noisy(), noisy()
    drawn = first([5]), second([5])
    assert len(written) == 1
    assert all((a != b).all() for a, b in zip(*drawn))
    K.clear_session()
    np.random.seed(1)
    noisy()
    for ours, expected in zip(drawn[1], noisy()([5])):
        np.testing.assert_array_equal(ours, expected)


def test_an_error_while_code_is_written_names_the_layer_of_its_own_model():
    def doubled(name):
        model = Sequential([Lambda(lambda x: K.reshape(x, (-1, 4)), input_shape=(3,), name=name)])
        model.compile("sgd", "mse")
        return model

    assert doubled("first").predict(np.zeros((4, 3))).shape == (3, 4)
    with pytest.raises(ValueError, match="second"):
        doubled("second").predict_on_batch(np.zeros((3, 3)))
