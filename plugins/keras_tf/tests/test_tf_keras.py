"""Models inside of tf-keras: its optimizers in a loop of the user's, and its own `fit`."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import keras_tf
from keras_core import backend as K
from keras_core.layers import BatchNormalization, Dense
from keras_core.models import Sequential

tf_keras = pytest.importorskip("tf_keras")

TABLE = np.random.RandomState(0).uniform(-1, 1, (6, 4)).astype("float32")


def test_a_loop_with_an_optimizer_of_tf_keras_is_our_training():
    model = Sequential([Dense(3, activation="tanh", input_shape=(4,)), Dense(1)])
    start = model.get_weights()
    module = keras_tf.Module(model)
    optimizer = tf_keras.optimizers.SGD(0.1)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(module(x, training=True) - y))
        variables = module.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    losses = [step(TABLE, TABLE[:, :1]) for _ in range(4)]
    found = model.get_weights()
    model.set_weights(start)
    model.compile("sgd", "mse")
    K.set_value(model.optimizer.lr, 0.1)
    expected = [model.train_on_batch(TABLE, TABLE[:, :1]) for _ in range(4)]
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for a, b in zip(found, model.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


class AroundOurs(tf_keras.Model):
    """A model of tf-keras with one of ours inside."""

    def __init__(self, model):
        super().__init__()
        self.core = keras_tf.Module(model)
        self.head = tf_keras.layers.Dense(1)

    def call(self, inputs, training=False):
        return self.head(self.core(inputs, training=training))


def test_fit_of_tf_keras_trains_a_model_inside():
    inner = Sequential([Dense(3, activation="tanh", input_shape=(4,)), BatchNormalization()])
    before = inner.get_weights()
    outer = AroundOurs(inner)
    outer.compile(tf_keras.optimizers.SGD(0.1), "mse")
    y = TABLE.sum(1, keepdims=True)
    history = outer.fit(TABLE, y, epochs=20, batch_size=6, verbose=0).history["loss"]
    assert len(outer.trainable_variables) == 6
    assert history[-1] < history[0] / 2
    assert all((a != b).any() for a, b in zip(inner.get_weights(), before))


SCRIPT = """
import keras
import os
import subprocess
import sys

import numpy as np
from keras.layers import Dense

model = keras.models.Sequential([Dense(1, kernel_initializer="ones", input_shape=(2,))])
import tensorflow as tf
print(tf.__name__, keras.__version__, keras.backend.backend(), model.predict(np.ones((1, 2))))
"""


def test_a_script_runs_on_tensorflow_with_keras_core_for_keras(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    words = [sys.executable, "-m", "keras_core", "run", str(tmp_path / "script.py")]
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.stdout == "tensorflow 2.3.1 tensorflow [[2.]]\n", done.stderr


@pytest.mark.parametrize("other", [tf_keras, tf.keras], ids=["tf_keras", "tf.keras"])
def test_layers_and_optimizers_of_another_keras_are_refused_by_its_name(other):
    # The tf.keras of TensorFlow 2.15 does not say its version itself.
    version = getattr(other, "__version__", "")
    name = f"{type(other.layers.Dense(1)).__module__.partition('.')[0]} {version}"
    with pytest.raises(TypeError, match=f"Dense comes from {name}"):
        Sequential([other.layers.Dense(3)])
    with pytest.raises(ValueError, match="Start from keras_core.Input"):
        Dense(3)(other.Input((2,)))
    with pytest.raises(ValueError, match="Take keras_core.optimizers.Adam instead"):
        Sequential([Dense(1, input_shape=(1,))]).compile(other.optimizers.Adam(), "mse")
