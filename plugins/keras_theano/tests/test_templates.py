"""Functions that are compiled once for all models of one architecture."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.graph import Constant, Function, Placeholder
from keras_core.graph import primitives as p
from keras_core.graph.randomness import new_stream
from keras_core.layers import GRU, BatchNormalization, Dense, Dropout, Embedding
from keras_core.models import Sequential, clone_model
from keras_core.plugins import load_backend

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 4, 3)).astype("float32")
Y = RNG.normal(size=(6, 2)).astype("float32")


@pytest.fixture(autouse=True)
def nothing_kept():
    K.clear_session()
    yield
    K.clear_session()


@pytest.fixture
def made(monkeypatch):
    """What Theano compiles: functions of programs, and of steps of loops."""
    load_backend("theano")
    from keras_theano.compiler import compiled
    from keras_theano.compiler.loops import Step

    functions = []

    def counting(plain):
        def counted(*args):
            function = plain(*args)
            functions.append(weakref.ref(function))
            return function

        return counted

    monkeypatch.setattr(compiled, "compiled", counting(compiled.compiled))
    monkeypatch.setattr(Step, "compiled", counting(Step.compiled))
    return functions


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
    model.predict(X)


def test_nothing_is_compiled_for_a_second_model(made):
    model = recurrent()
    work(model)
    count = len(made)
    assert count
    clone = clone_model(model)
    clone.compile("adam", "mse", metrics=["mae"])
    work(clone)
    assert len(made) == count


def test_functions_go_with_the_session(made):
    work(recurrent())
    K.clear_session()
    gc.collect()  # the model
    gc.collect()  # Theano's functions, which refer to themselves
    assert [ref() for ref in made if ref() is not None] == []


def test_functions_without_a_model_keep_no_arrays(made):
    model = recurrent()
    work(model)
    values = [weakref.ref(w.storage.container.storage[0]) for w in model.weights]
    del model
    gc.collect()
    assert [ref for ref in values if ref() is not None] == []
    for function in (ref() for ref in made):
        kept = [cell[0] for key, cell in function.fn.storage_map.items() if key.owner is not None]
        assert not any(isinstance(value, np.ndarray) and value.ndim for value in kept)


def noisy():
    """Draws in a loop, and outside of it, whose number of rows is fed."""
    n = Placeholder((), "int32")
    rows = p.broadcast_to(Constant(np.zeros((1, 3), "float32")), n, shape=(None, 3))
    drawn = K.map_fn(lambda row: row + K.random_normal((3,)), rows)
    more = p.random_normal(n, shape=(None, 3), dtype="float32", stream=new_stream())
    return Function([n], [drawn, more])


def test_draws_of_sizes_that_depend_on_values_are_each_model_s_own(made):
    np.random.seed(1)
    first, second = noisy(), noisy()
    drawn = first([5]), second([5])
    assert len(made) == 1
    assert all((a != b).all() for a, b in zip(*drawn))
    K.clear_session()
    np.random.seed(1)
    noisy()
    for ours, expected in zip(drawn[1], noisy()([5])):
        np.testing.assert_array_equal(ours, expected)


def test_an_error_at_run_time_names_the_layer_of_its_own_model():
    def embedding(name):
        model = Sequential([Embedding(3, 2, input_length=2, name=name)])
        model.compile("sgd", "mse")
        return model

    embedding("first").predict(np.zeros((2, 2)))
    with pytest.raises(IndexError, match="built by layer 'second'"):
        embedding("second").predict(np.full((2, 2), 7))
