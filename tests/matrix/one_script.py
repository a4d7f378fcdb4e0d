"""The training script that runs on every engine: `one_script.py PACKAGE INITIAL TRAINED`.

PACKAGE is `keras_core`, or `keras` for the genuine one, which made what the tests compare with.
Only what both have is used, and no draw of either: weights come from a file, data from NumPy.
"""

from __future__ import annotations

import importlib
import sys

import numpy as np

BATCH, STEPS_OF_AN_EPOCH, EPOCHS = 16, 5, 4


def build(keras):
    """Returns the model: a convolutional and a recurrent branch, a shared layer, two outputs."""
    layers = keras.layers
    image = layers.Input((8, 8, 2), name="image")
    x = layers.Conv2D(4, 3, use_bias=False, name="convolution")(image)
    x = layers.BatchNormalization(name="normalization")(x)
    x = layers.Activation("relu", name="relu")(x)
    x = layers.MaxPooling2D(2, name="pooling")(x)
    x = layers.Flatten(name="rows")(x)
    seen = layers.Dense(7, activation="relu", name="features")(x)
    series = layers.Input((6, 3), name="series")
    heard = layers.LSTM(7, name="recurrence")(series)
    shared = layers.Dense(5, activation="tanh", name="shared")
    both = layers.concatenate([shared(seen), shared(heard)], name="both")
    kind = layers.Dense(3, activation="softmax", name="kind")(both)
    size = layers.Dense(1, name="size")(both)
    model = keras.models.Model([image, series], [kind, size], name="two_branches")
    losses = {"kind": "categorical_crossentropy", "size": "mse"}
    # Adam's steps race in Keras 2 on TensorFlow 1, and are not the same from run to run.
    steps = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)
    model.compile(steps, losses, loss_weights={"kind": 1.0, "size": 0.5})
    return model


def data():
    """Returns `[images, series]`, `[classes, sizes]`, drawn by the NumPy generator that stays."""
    random = np.random.RandomState(3)
    samples = BATCH * STEPS_OF_AN_EPOCH
    image = random.uniform(-1, 1, (samples, 8, 8, 2)).astype("float32")
    series = random.uniform(-1, 1, (samples, 6, 3)).astype("float32")
    total = image.mean((1, 2, 3)) * 10 + series.mean((1, 2))
    kind = np.eye(3, dtype="float32")[np.digitize(total, [-0.3, 0.3])]
    return [image, series], [kind, total[:, None].astype("float32")]


def train(model):
    """Does 20 steps, in order."""
    x, y = data()
    return model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0)


def main(package, initial, trained):
    """Trains from the weights in a file, and writes those at the end and the losses."""
    model = build(importlib.import_module(package))
    with np.load(initial) as arrays:
        model.set_weights([arrays[name] for name in arrays.files])
    history = train(model)
    weights = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    np.savez_compressed(trained, **weights, loss=history.history["loss"])


if __name__ == "__main__":
    main(*sys.argv[1:])
