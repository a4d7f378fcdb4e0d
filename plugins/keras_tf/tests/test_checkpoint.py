"""`tf.train.Checkpoint` saves and restores models."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import keras_tf
from keras_core.layers import LSTM, Dense
from keras_core.models import Sequential

X = np.random.RandomState(0).uniform(size=(12, 4, 3)).astype("float32")
Y = X.sum((1, 2))[:, None]


def model():
    made = Sequential([LSTM(3, input_shape=(4, 3), name="lstm"), Dense(1, name="out")])
    made.compile("adam", "mse")
    return made


def test_a_restored_model_predicts_and_trains_on_alike(tmp_path):
    first, second = model(), model()
    first.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    path = tf.train.Checkpoint(model=keras_tf.Module(first)).save(tmp_path / "point")
    tf.train.Checkpoint(model=keras_tf.Module(second)).restore(path).assert_consumed()
    np.testing.assert_array_equal(second.predict(X), first.predict(X))
    for one in (first, second):
        one.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(second.predict(X), first.predict(X), rtol=1e-6, atol=1e-6)


def test_restoring_undoes_later_training(tmp_path):
    trained = model()
    checkpoint = tf.train.Checkpoint(model=keras_tf.Module(trained))
    path, before = checkpoint.write(tmp_path / "point"), trained.get_weights()
    trained.fit(X, Y, verbose=0)
    assert (trained.get_weights()[0] != before[0]).any()
    checkpoint.read(path)
    for a, b in zip(trained.get_weights(), before):
        np.testing.assert_array_equal(a, b)


def test_the_file_has_the_weights_by_name(tmp_path):
    made = model()
    path = tf.train.Checkpoint(model=keras_tf.Module(made)).save(tmp_path / "point")
    saved = [key for key, _ in tf.train.list_variables(path) if key.startswith("model/weights")]
    names = [weight.name.partition(":")[0] for weight in made.weights]
    assert len(saved) == len(names)
    for name, weight in zip(names, made.weights):
        key = f"model/weights/{name.replace('/', '.S')}/.ATTRIBUTES/VARIABLE_VALUE"
        np.testing.assert_array_equal(tf.train.load_variable(path, key), weight.get_value())


def test_a_model_without_weights_is_refused():
    with pytest.raises(ValueError, match="no weights yet"):
        keras_tf.Module(Sequential([Dense(2)]))
