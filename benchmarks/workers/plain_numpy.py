"""The arithmetic alone, written by hand: `plain_numpy.py WORKLOAD [quick]`."""

from __future__ import annotations

import importlib
import sys

import measure

WORKLOAD = sys.argv[1]


def predict(rows):
    import numpy as np

    random = np.random.RandomState(0)
    sizes = (64, 128, 64, 10)
    weights = [random.randn(n, m).astype("float32") / n for n, m in zip(sizes, sizes[1:])]
    biases = [np.zeros(m, "float32") for m in sizes[1:]]
    x, _ = measure.digits()

    def forward(h=x[:rows]):
        for w, b in zip(weights[:-1], biases[:-1]):
            h = np.maximum(h @ w + b, 0)
        z = h @ weights[-1] + biases[-1]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    return measure.per_call(forward, 5000)


def main():
    if WORKLOAD == "import":
        return measure.timed(lambda: importlib.import_module("numpy"))
    return predict(int(WORKLOAD.rpartition("_")[2]))


measure.report(main())
