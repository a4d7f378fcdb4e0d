"""Optimizers of TensorFlow's own, against ours, which the golden data hold to Keras 2."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_core import backend as K
from keras_core import optimizers
from keras_core.constraints import NonNeg
from keras_core.layers import Dense
from keras_core.models import Sequential, load_model
from keras_core.optimizers import TFOptimizer

X = np.random.RandomState(0).uniform(-1, 1, (12, 3)).astype("float32")
Y = X @ np.array([[1.0, -2], [3, 4], [-5, 6]], "float32")
train = tf.compat.v1.train

PAIRS = {
    "v1_sgd": (lambda: train.GradientDescentOptimizer(0.1), lambda: optimizers.SGD(0.1)),
    "v1_momentum": (
        lambda: train.MomentumOptimizer(0.1, 0.9),
        lambda: optimizers.SGD(0.1, momentum=0.9),
    ),
    "v1_adam": (lambda: train.AdamOptimizer(0.01), lambda: optimizers.Adam(0.01)),
    "keras_sgd": (lambda: tf.keras.optimizers.SGD(0.1), lambda: optimizers.SGD(0.1)),
    "keras_adam": (lambda: tf.keras.optimizers.Adam(0.01), lambda: optimizers.Adam(0.01)),
}


def model(optimizer, **options):
    made = Sequential([Dense(2, input_shape=(3,), **options)])
    made.set_weights([np.full((3, 2), 0.5, "float32"), np.zeros(2, "float32")])
    made.compile(optimizer, "mse")
    return made


def check_equal(one, other):
    for a, b in zip(one.get_weights(), other.get_weights()):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", PAIRS)
def test_training_is_that_of_the_optimizer(name):
    theirs, ours = (make() for make in PAIRS[name])
    wrapped = TFOptimizer(theirs)
    models = [model(wrapped), model(ours)]
    for one in models:
        one.fit(X, Y, batch_size=4, epochs=3, shuffle=False, verbose=0)
        one.train_on_batch(X[:4], Y[:4], sample_weight=np.ones(4))
        one.train_on_batch(X[:6], Y[:6])
    check_equal(*models)
    assert K.get_value(wrapped.iterations) == 11


def test_states_can_be_read_and_set():
    first, second = (TFOptimizer(train.AdamOptimizer(0.01)) for _ in range(2))
    one, other = model(first), model(second)
    one.train_on_batch(X, Y)
    other.train_on_batch(Y @ np.ones((2, 3), "float32"), Y)
    other.set_weights(one.get_weights())
    second.set_weights(first.get_weights())
    for each in (one, other):
        each.train_on_batch(X, Y)
    check_equal(one, other)
    assert len(first.get_weights()) == len(first.weights) == 6
    with pytest.raises(ValueError, match="TFOptimizer has 6 weights"):
        first.set_weights([])


def test_compile_takes_an_optimizer_of_tf_train_and_heeds_constraints():
    one = model(train.GradientDescentOptimizer(10.0), kernel_constraint=NonNeg())
    assert isinstance(one.optimizer, TFOptimizer)
    one.fit(X, Y, verbose=0)
    assert np.min(one.get_weights()[0]) == 0


def test_a_model_is_saved_without_it(tmp_path):
    one = model(TFOptimizer(train.GradientDescentOptimizer(0.1)))
    with pytest.warns(UserWarning, match=r"saved without how it is compiled.*Compile the model"):
        one.save(tmp_path / "model.h5")
    with pytest.warns(UserWarning, match="no training configuration"):
        loaded = load_model(tmp_path / "model.h5")
    check_equal(one, loaded)
    assert loaded.optimizer is None


def test_what_is_shown_of_it():
    wrapped = TFOptimizer(train.GradientDescentOptimizer(0.1))
    assert "GradientDescentOptimizer" in repr(wrapped)
    with pytest.raises(NotImplementedError, match="no configuration"):
        wrapped.get_config()
    with pytest.raises(NotImplementedError, match=r"write TFOptimizer\(optimizer\)"):
        TFOptimizer.from_config({})
