"""The arithmetic of the small network alone, written by hand."""

from __future__ import annotations

import importlib

from benchmarks.workers import measure
from benchmarks.workers.models import MODELS


def main():
    task = measure.task()
    if task.case == "import":
        return measure.once(lambda: importlib.import_module("numpy"))
    x, _ = MODELS["mlp"].data(int(task.case.rpartition("_")[2]))
    measure.repeated(predict(x), task.scale)


def predict(x):
    import numpy as np

    random = np.random.RandomState(0)
    sizes = (64, 128, 64, 10)
    weights = [random.randn(n, m).astype("float32") / n for n, m in zip(sizes, sizes[1:])]
    biases = [np.zeros(m, "float32") for m in sizes[1:]]

    def forward(h=x):
        for w, b in zip(weights[:-1], biases[:-1]):
            h = np.maximum(h @ w + b, 0)
        z = h @ weights[-1] + biases[-1]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    return forward


if __name__ == "__main__":
    main()
