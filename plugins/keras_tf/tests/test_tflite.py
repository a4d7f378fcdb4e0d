"""Models converted for TFLite, run by its interpreter."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import keras_tf
from keras_core.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Input,
    MaxPooling2D,
    SeparableConv2D,
    concatenate,
)
from keras_core.models import Model, Sequential

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.uniform(-1, 1, (5, 8, 6, 2)).astype("float32")
SERIES = RANDOM.uniform(-1, 1, (5, 4, 3)).astype("float32")

pytestmark = pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated.*")


def run(content, **arrays):
    return tf.lite.Interpreter(model_content=content).get_signature_runner()(**arrays)


def convolutional():
    return Sequential(
        [
            Conv2D(4, 3, padding="same", strides=2, activation="relu", input_shape=(8, 6, 2)),
            BatchNormalization(),
            SeparableConv2D(3, 2),
            MaxPooling2D(),
            Flatten(),
            Dense(2, activation="softmax", name="out"),
        ]
    )


def test_a_convolutional_model():
    model = convolutional()
    (name,) = model.input_names
    found = run(keras_tf.to_tflite(model), **{name: IMAGES})
    np.testing.assert_allclose(found["out"], model.predict(IMAGES), rtol=1e-4, atol=1e-6)


def test_several_inputs_and_loops():
    a, b = Input((4, 3), name="a"), Input((4, 3), name="b")
    x = concatenate([LSTM(3, return_sequences=True)(a), GRU(2, return_sequences=True)(b)])
    model = Model([a, b], [Dense(1, name="each")(x), Dense(1, name="whole")(Flatten()(x))])
    found = run(keras_tf.to_tflite(model, batch_size=5), a=SERIES, b=-SERIES)
    for name, expected in zip(("each", "whole"), model.predict([SERIES, -SERIES])):
        np.testing.assert_allclose(found[name], expected, rtol=1e-4, atol=1e-6)


def test_quantization_makes_it_smaller_and_keeps_it_close():
    model = Sequential([Dense(256, input_shape=(64,), activation="tanh"), Dense(2, name="out")])
    x = RANDOM.uniform(-1, 1, (5, 64)).astype("float32")
    (name,) = model.input_names
    small = keras_tf.to_tflite(model, optimizations=[tf.lite.Optimize.DEFAULT])
    assert len(small) < 0.5 * len(keras_tf.to_tflite(model))
    np.testing.assert_allclose(run(small, **{name: x})["out"], model.predict(x), atol=0.05)


def test_the_converter_takes_a_saved_model_as_well(tmp_path):
    model = convolutional()
    keras_tf.to_saved_model(model, tmp_path)
    content = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path)).convert()
    (name,) = model.input_names
    found = run(content, **{name: IMAGES})
    np.testing.assert_allclose(found["out"], model.predict(IMAGES), rtol=1e-4, atol=1e-6)
