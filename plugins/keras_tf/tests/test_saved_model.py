"""SavedModels, served by TensorFlow alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import keras_tf
from keras_core.layers import (
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    Lambda,
    concatenate,
)
from keras_core.models import Model, Sequential

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.uniform(-1, 1, (5, 8, 6, 2)).astype("float32")
SERIES = RANDOM.uniform(-1, 1, (5, 4, 3)).astype("float32")

SERVE = """
import sys
import numpy as np
import tensorflow as tf

folder, arrays, results = sys.argv[1:]
serve = tf.saved_model.load(folder).signatures["serving_default"]
given = {name: tf.constant(array) for name, array in np.load(arrays).items()}
np.savez(results, **{name: y.numpy() for name, y in serve(**given).items()})
assert not any(name.partition(".")[0] in ("keras_core", "keras_tf") for name in sys.modules)
"""


def two_branches():
    image, series = Input((8, 6, 2), name="image-1"), Input((4, 3), name="series")
    x = BatchNormalization()(Conv2D(3, 3, padding="same", activation="relu")(image))
    x = Dropout(0.5)(Lambda(tf.math.asinh)(Flatten()(x)))
    x = concatenate([x, LSTM(4)(series)])
    outputs = [Dense(2, activation="softmax", name="class")(x), Dense(1, name="score")(x)]
    return Model([image, series], outputs)


def test_tensorflow_serves_it_in_another_process_without_keras_core(tmp_path):
    model = two_branches()
    keras_tf.to_saved_model(model, tmp_path / "model")
    np.savez(tmp_path / "arrays.npz", image_1=IMAGES, series=SERIES)
    arguments = [str(tmp_path / name) for name in ("model", "arrays.npz", "results.npz")]
    subprocess.run([sys.executable, "-c", SERVE, *arguments], check=True)
    results = np.load(tmp_path / "results.npz")
    for name, expected in zip(("class", "score"), model.predict([IMAGES, SERIES])):
        np.testing.assert_allclose(results[name], expected, rtol=1e-5, atol=1e-6)


def test_the_signature_names_inputs_and_outputs_and_leaves_the_batch_open(tmp_path):
    keras_tf.to_saved_model(two_branches(), tmp_path)
    signature = tf.saved_model.load(tmp_path).signatures["serving_default"]
    _, inputs = signature.structured_input_signature
    assert {name: tuple(spec.shape) for name, spec in inputs.items()} == {
        "image_1": (None, 8, 6, 2),
        "series": (None, 4, 3),
    }
    assert set(signature.structured_outputs) == {"class", "score"}


def test_the_saved_values_are_those_of_the_moment(tmp_path):
    model = Sequential([Dense(2, input_shape=(3,))])
    before = model.predict(SERIES[0])
    keras_tf.to_saved_model(model, tmp_path)
    model.set_weights([w + 1 for w in model.get_weights()])
    loaded = tf.saved_model.load(tmp_path)
    (found,) = loaded.serve(tf.constant(SERIES[0])).values()
    np.testing.assert_allclose(found, before, rtol=1e-5)


def test_a_stateful_model_keeps_its_state_where_it_is_served(tmp_path):
    model = Sequential([LSTM(2, stateful=True, batch_input_shape=(5, 4, 3))])
    keras_tf.to_saved_model(model, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    for _ in range(2):
        (found,) = loaded.serve(tf.constant(SERIES)).values()
        np.testing.assert_allclose(found, model.predict(SERIES, batch_size=5), rtol=1e-5, atol=1e-6)


def test_tensorflow_can_train_what_it_loaded(tmp_path):
    model = Sequential([Dense(1, input_shape=(3,))])
    keras_tf.to_saved_model(model, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    with tf.GradientTape() as tape:
        (y,) = loaded.serve(tf.constant(SERIES[0])).values()
    kernel = next(v for v in tape.watched_variables() if v.shape.rank == 2)
    np.testing.assert_allclose(tape.gradient(y, kernel)[:, 0], SERIES[0].sum(0), rtol=1e-5)


def test_a_model_without_inputs_is_refused(tmp_path):
    with pytest.raises(ValueError, match="has not met its inputs"):
        keras_tf.to_saved_model(Sequential([Dense(2)]), tmp_path)
