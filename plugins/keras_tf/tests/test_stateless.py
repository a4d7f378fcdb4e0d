"""Models as pure functions of TensorFlow's tensors, native nodes, and devices."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import keras_core
from keras_core import backend as K
from keras_core.graph import Function, gradients
from keras_core.layers import BatchNormalization, Dense, Dropout, Input
from keras_core.models import Model
from keras_core.plugins.authoring import native
from keras_core.plugins.discovery import load_backend


def classifier():
    x = Input((4,))
    y = Dense(5, activation="tanh")(x)
    y = BatchNormalization()(Dropout(0.3)(y))
    model = Model(x, Dense(3, activation="softmax")(y))
    model.compile("adam", "categorical_crossentropy")
    return model


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(6, 4)).astype("float32"), np.eye(3, dtype="float32")[[0, 1, 2, 0, 1, 2]]


def test_outputs_are_those_of_predict_with_other_weights(data):
    model, other = classifier(), classifier()
    weights = [tf.constant(w) for w in other.get_weights()]
    before = model.get_weights()
    outputs = model.stateless(weights, tf.constant(data[0]))
    np.testing.assert_allclose(outputs, other.predict(data[0]), rtol=1e-5, atol=1e-6)
    for now, then in zip(model.get_weights(), before):
        np.testing.assert_array_equal(now, then)


def test_a_tape_derives_by_weights(data):
    model = classifier()
    weights = [tf.constant(w) for w in model.get_weights()]
    with tf.GradientTape() as tape:
        tape.watch(weights)
        total = tf.reduce_sum(model.stateless(weights, tf.constant(data[0])) ** 2)
    found = tape.gradient(total, weights[:2])
    wanted = K.gradients(K.sum(K.square(model.output)), model.layers[1].weights)
    expected = K.function(model.inputs, wanted)([data[0]])
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_a_step_is_that_of_train_on_batch(data):
    x = Input((4,))
    y = BatchNormalization()(Dense(5)(x))
    model = Model(x, Dense(3, activation="softmax")(y))
    model.compile("adam", "categorical_crossentropy")
    weights, state = [tf.constant(w) for w in model.get_weights()], None
    for _ in range(2):
        loss, weights, state = model.stateless_step(weights, state, *map(tf.constant, data))
    losses = [model.train_on_batch(*data) for _ in range(2)]
    assert float(loss) == pytest.approx(losses[1], rel=1e-5)
    for found, wanted in zip(weights, model.get_weights()):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)
    for found, wanted in zip(state, model.optimizer.get_weights()):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


def test_draws_repeat_with_seed_and_step(data):
    model = classifier()
    weights = [tf.constant(w) for w in model.get_weights()]

    def outputs(*draws):
        return np.asarray(model.stateless(weights, tf.constant(data[0]), True, draws))

    np.testing.assert_array_equal(outputs(1, 2), outputs(1, 2))
    assert (outputs(1, 2) != outputs(1, 3)).any() and (outputs(1, 2) != outputs(2, 2)).any()


@pytest.mark.parametrize("missing", ["weights", "inputs"])
def test_too_few_values_are_refused(data, missing):
    model = classifier()
    weights = [tf.constant(w) for w in model.get_weights()]
    with pytest.raises(ValueError, match="give one each"):
        if missing == "weights":
            model.stateless(weights[:-1], tf.constant(data[0]))
        else:
            model.stateless(weights, [])


def test_a_native_node_has_the_derivative_of_the_engine():
    x = K.placeholder((None, 3))
    (y,) = native(lambda a: tf.sin(a) * a, [x], [((None, 3), "float32")])
    (first,) = gradients([K.sum(y)], [x])
    (second,) = gradients([K.sum(first)], [x])
    at = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)
    _, one, two = Function([x], [y, first, second])([at])
    np.testing.assert_allclose(one, np.cos(at) * at + np.sin(at), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(two, 2 * np.cos(at) - np.sin(at) * at, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "function",
    [lambda a: a[:, :1], lambda a: tf.cast(a, "int32"), lambda a: (a, a)],
    ids=["shape", "dtype", "number"],
)
def test_a_native_node_that_lies_is_told(function):
    x = K.placeholder((None, 3))
    (y,) = native(function, [x], [((None, 3), "float32")])
    with pytest.raises(ValueError, match="was declared"):
        Function([x], [y])([np.ones((2, 3))])


def test_a_device_is_where_a_program_runs(monkeypatch, data):
    backend = load_backend("tensorflow")
    monkeypatch.setattr(type(backend), "devices", lambda self: ("gpu:0", "cpu"))
    monkeypatch.setattr(backend, "_by_device", {"gpu:0": backend}, raising=False)
    model = classifier()
    expected = model.predict(data[0])
    with keras_core.device("cpu"):
        there = keras_core.plugins.current_backend()
        assert there is backend.on("cpu") and there.on("gpu:0") is backend
        np.testing.assert_array_equal(model.predict(data[0]), expected)
        assert model.weights[0].owner is there
        assert "CPU:0" in model.weights[0].storage.device
    with pytest.raises(ValueError, match="no device 'gpu:7' here; it has 'gpu:0', 'cpu'"):
        backend.on("gpu:7")
