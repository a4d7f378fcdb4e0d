"""Functions that are traced once for all models of one architecture."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from keras_core import backend as K
from keras_core import use_backend
from keras_core.graph.template import StandIn
from keras_core.layers import LSTM, BatchNormalization, Conv2D, Dense, Dropout, Embedding, Flatten
from keras_core.models import Sequential, clone_model
from keras_core.plugins import load_backend
from keras_tf import compiled
from keras_tf.compiled import Template, directly

RNG = np.random.default_rng(0)
Y = RNG.normal(size=(6, 2)).astype("float32")


@pytest.fixture(autouse=True)
def backend():
    with use_backend("tensorflow"):
        K.clear_session()
        yield load_backend("tensorflow")
        K.clear_session()


@pytest.fixture
def traced(monkeypatch):
    """The functions that TensorFlow traces."""
    made = []

    class Counted(compiled.Traced):
        def __init__(self, *args):
            super().__init__(*args)
            made.append(weakref.ref(self))

    monkeypatch.setattr(compiled, "Traced", Counted)
    monkeypatch.setattr("keras_tf.loop.Traced", Counted)
    return made


DENSE = (8,), [Dense(4, activation="tanh"), BatchNormalization(), Dropout(0.3), Dense(2)]
IMAGES = (6, 6, 3), [Conv2D(4, 3), BatchNormalization(), Dropout(0.2), Flatten(), Dense(2)]
STEPS = (5, 3), [LSTM(4, dropout=0.2, recurrent_dropout=0.2), Dense(2)]


def model_of(kind, jit_compile=None):
    shape, layers = kind
    first = layers[0].__class__.from_config(
        {**layers[0].get_config(), "batch_input_shape": (None, *shape)}
    )
    rest = [layer.__class__.from_config(layer.get_config()) for layer in layers[1:]]
    model = Sequential([first, *rest])
    model.compile("adam", "mse", metrics=["mae"], jit_compile=jit_compile)
    return model


def work(model, shape):
    x = RNG.normal(size=(6, *shape)).astype("float32")
    model.fit(x, Y, batch_size=3, epochs=2, verbose=0)
    model.train_on_batch(x, Y)
    model.evaluate(x, Y, verbose=0)
    model.predict(x)


@pytest.mark.parametrize("kind", [DENSE, IMAGES, STEPS], ids=["dense", "images", "steps"])
@pytest.mark.parametrize("jit_compile", [None, True])
def test_nothing_is_traced_for_a_second_model(traced, kind, jit_compile):
    model = model_of(kind, jit_compile)
    work(model, kind[0])
    count = len(traced)
    assert count
    clone = clone_model(model)
    clone.compile("adam", "mse", metrics=["mae"], jit_compile=jit_compile)
    work(clone, kind[0])
    assert len(traced) == count


def test_traces_go_with_the_session(traced):
    work(model_of(DENSE), DENSE[0])
    K.clear_session()
    gc.collect()
    assert [ref() for ref in traced if ref() is not None] == []


def test_variables_of_a_dropped_model_are_freed():
    model = model_of(DENSE)
    work(model, DENSE[0])
    storages = [w.storage for w in (*model.weights, *model.optimizer.weights)]
    alive = [weakref.ref(x) for x in storages if isinstance(x, tf.Variable)]
    assert len(alive) > 10
    del model, storages
    gc.collect()
    assert [ref() for ref in alive if ref() is not None] == []


def test_a_stand_in_has_a_handle_and_no_memory(backend):
    stand_in = StandIn(K.zeros((1000, 3)), 0)
    storage = backend.storage_of(stand_in)
    assert storage.shape == (1000, 3)
    assert backend.storage_of(stand_in) is storage
    read = tf.raw_ops.ReadVariableOp(resource=storage.handle, dtype=tf.float32)
    assert read.shape == (0,)


def test_a_function_is_called_with_other_variables():
    one, two = tf.Variable([1.0, 2.0]), tf.Variable([30.0, 40.0])

    @tf.function
    def function(x):
        one.assign_add(x, read_value=False)
        return [one.value() * 2.0]

    concrete = function.get_concrete_function(tf.TensorSpec([2]))
    (result,) = directly(concrete, [two.handle])([tf.ones(2)])
    assert result.numpy().tolist() == [62, 82]
    assert one.numpy().tolist() == [1, 2] and two.numpy().tolist() == [31, 41]


def test_the_number_of_traces_that_are_kept_is_bounded(monkeypatch, traced):
    monkeypatch.setattr(compiled, "MOST_TRACED", 3)
    monkeypatch.setattr(Template, "most_exact", 100)
    model = model_of(DENSE)
    for size in range(1, 8):
        model.predict_on_batch(np.ones((size, 8)))
    del model
    gc.collect()
    assert sum(ref() is not None for ref in traced) == 3


def test_an_error_at_run_time_names_the_layer_of_its_own_model():
    def embedding(name):
        model = Sequential([Embedding(3, 2, input_length=2, name=name), Flatten()])
        model.compile("sgd", "mse")
        return model

    embedding("first").predict(np.zeros((2, 2)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="built by layer 'second'"):
        embedding("second").predict(np.full((2, 2), 7))
