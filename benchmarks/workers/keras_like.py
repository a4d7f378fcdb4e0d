"""The workloads in Keras's API: `keras_like.py PACKAGE WORKLOAD [quick]`."""

from __future__ import annotations

import importlib
import sys

import measure

PACKAGE, WORKLOAD = sys.argv[1:3]


def mlp(keras):
    """Returns the digits network, compiled."""
    layers = keras.layers
    model = keras.models.Sequential(
        [
            layers.Dense(128, activation="relu", input_shape=(64,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def cnn(keras):
    """Returns the convolutional network, compiled."""
    layers = keras.layers
    model = keras.models.Sequential(
        [
            layers.Conv2D(32, 3, activation="relu", input_shape=(28, 28, 1)),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy")
    return model


def lstm(keras):
    """Returns one LSTM layer, compiled."""
    model = keras.models.Sequential([keras.layers.LSTM(128, input_shape=(80, 128))])
    model.compile("adam", "mse")
    return model


def mlp_fit(keras):
    x, y = measure.digits()
    model = mlp(keras)
    return measure.per_step_of_fit(
        lambda epochs: model.fit(x, y, batch_size=measure.BATCH, epochs=epochs, verbose=0), len(x)
    )


def lstm_step(keras):
    import numpy as np

    random = np.random.RandomState(0)
    x = random.randn(32, 80, 128).astype("float32")
    y = random.randn(32, 128).astype("float32")
    model = lstm(keras)
    return measure.per_call(lambda: model.train_on_batch(x, y), 60)


def cnn_step(keras):
    import numpy as np

    random = np.random.RandomState(0)
    x = random.rand(128, 28, 28, 1).astype("float32")
    y = np.eye(10, dtype="float32")[random.randint(0, 10, 128)]
    model = cnn(keras)
    return measure.per_call(lambda: model.train_on_batch(x, y), 40)


def predict(keras, rows, calls):
    x, _ = measure.digits()
    x = x[:rows]
    model = mlp(keras)
    return measure.per_call(lambda: model.predict(x, verbose=0), calls)


def predict_calls():
    """Fewer calls where each takes long."""
    return 100 if PACKAGE == "tf_keras" else 2000


def main():
    if WORKLOAD == "import":
        return measure.timed(lambda: importlib.import_module(PACKAGE))
    names = (PACKAGE, f"{PACKAGE}.layers", f"{PACKAGE}.models")
    seconds = measure.timed(lambda: [importlib.import_module(name) for name in names])
    if WORKLOAD == "import_api":
        return seconds
    keras = importlib.import_module(PACKAGE)
    if WORKLOAD.startswith("predict_"):
        rows = int(WORKLOAD.rpartition("_")[2])
        return predict(keras, rows, predict_calls())
    return {"mlp_fit": mlp_fit, "lstm_step": lstm_step, "cnn_step": cnn_step}[WORKLOAD](keras)


measure.report(main())
