"""Small work, beside scikit-learn and the arithmetic alone as well."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.benchmark import Benchmark
from benchmarks.report import Results, compared, duration, memory

_CHOICES = {
    "mlp_fit": "fit, digits 64-128-64-10, Adam, batch 32: one step",
    "lstm_step": "train_on_batch, LSTM 32 x 80 x 128 -> 128, mean squared error, Adam",
    "cnn_step": "train_on_batch, CNN 28 x 28 x 1, 3x3 x 32, 3x3 x 64, dense 128, batch 128, Adam",
    "predict_1": "predict, 1 row, the digits network",
    "predict_32": "predict, 32 rows, the digits network",
    "import": "import of the package alone",
    "import_api": "import of layers and models",
}

_RUNS = ("mlp_fit", "lstm_step", "cnn_step", "predict_1", "predict_32")

_METRICS = {
    "seconds": ("Once warm", duration),
    "first": ("First call", duration),
    "memory": ("Peak memory", memory),
}


def _tables(results: Results, reference: str) -> Iterator[str]:
    return compared(results, reference, _METRICS)


BENCHMARK = Benchmark(
    "small",
    "steps, predictions and imports, beside scikit-learn and plain NumPy too",
    _CHOICES,
    {
        "keras-numpy": tuple(_CHOICES),
        "plain-numpy": ("predict_1", "predict_32", "import"),
        "scikit-learn": ("mlp_fit", "predict_1", "predict_32", "import"),
        "keras-tf": _RUNS,
        "keras-tf-xla": _RUNS,
        "tf-keras": tuple(_CHOICES),
        "keras-theano": _RUNS,
        "keras-2.3.1": tuple(_CHOICES),
    },
    _tables,
    reference="keras-numpy",
)
