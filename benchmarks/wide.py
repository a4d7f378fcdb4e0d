"""Thirteen models of many kinds: steps, predictions, the way to the first step, memory."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.benchmark import Benchmark
from benchmarks.report import Results, compared, duration, memory
from benchmarks.workers.models import MODELS

_METRICS = {
    "fit": ("A step of fit", duration),
    "predict": ("predict of one training batch", duration),
    "first": ("First training step, with building and compiling", duration),
    "first_and_import": ("The same and the import, of the engine too", duration),
    "memory": ("Peak memory", memory),
}

_NAMES = (
    *("keras-numpy", "keras-tf", "keras-theano", "keras-jax", "keras-torch"),
    *("tf-keras", "keras-3-jax", "keras-3-torch", "keras-2.3.1"),
)


def _tables(results: Results, reference: str) -> Iterator[str]:
    return compared(results, reference, _METRICS)


BENCHMARK = Benchmark(
    "wide",
    "13 models: fit, predict, first step with and without import, memory",
    {name: f"{kind.about}, batch {kind.batch}" for name, kind in MODELS.items()},
    {name: tuple(MODELS) for name in _NAMES},
    _tables,
    reference="tf-keras",
    # The smaller brother of resnet, for Theano.
    optional=("resnet_small",),
)
