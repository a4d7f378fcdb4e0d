"""Small work in Keras's API, and the import."""

from __future__ import annotations

import importlib

from benchmarks.workers import measure
from benchmarks.workers.models import MODELS

DIGITS = 1440


def main():
    task = measure.task()
    if task.case == "import":
        return measure.once(lambda: importlib.import_module(task.package))
    if task.case == "import_api":
        return measure.once(lambda: measure.imported(task.package))
    keras = measure.imported(task.package)
    operation, steps = operation_of(task.case, keras)
    measure.repeated(operation, task.scale, steps)


def operation_of(case, keras):
    """What is to be done over and over, and how many steps that is."""
    if case == "mlp_fit":
        return fit(keras, MODELS["mlp"])
    if case.startswith("predict_"):
        return predict(keras, int(case.rpartition("_")[2])), 1
    return train(keras, MODELS[{"lstm_step": "lstm", "cnn_step": "mnist_cnn"}[case]]), 1


def fit(keras, kind):
    x, y = kind.data(DIGITS)
    model = kind.model(keras)
    epoch = lambda: model.fit(x, y, batch_size=kind.batch, epochs=1, verbose=0)  # noqa: E731
    return epoch, DIGITS // kind.batch


def train(keras, kind):
    x, y = kind.data(kind.batch)
    model = kind.model(keras)
    return lambda: model.train_on_batch(x, y)


def predict(keras, rows):
    x, _ = MODELS["mlp"].data(rows)
    model = MODELS["mlp"].model(keras)
    return lambda: model.predict(x, verbose=0)


if __name__ == "__main__":
    main()
