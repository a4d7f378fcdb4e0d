"""What each method of a model adds to a step of its compiled program."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.benchmark import Benchmark
from benchmarks.report import ABSENT, Results, duration, table
from benchmarks.workers.models import MODELS

# The program of each way to do a step, and what the way is called.
_WAYS = {
    "fit": ("train_program", "fit"),
    "fit_watched": ("train_program", "fit, a callback for batches"),
    "train_on_batch": ("train_program", "train_on_batch"),
    "evaluate": ("test_program", "evaluate"),
    "evaluate_watched": ("test_program", "evaluate, a callback for batches"),
    "test_on_batch": ("test_program", "test_on_batch"),
    "predict": ("predict_program", "predict"),
    "predict_watched": ("predict_program", "predict, a callback for batches"),
    "predict_once": ("predict_program", "predict of a single batch"),
    "predict_on_batch": ("predict_program", "predict_on_batch"),
}
_PROGRAMS = {f"{mode}_program": f"the program to {mode}" for mode in ("train", "test", "predict")}


def _tables(results: Results, reference: str) -> Iterator[str]:
    """A table for each model, a row a way: its time a step without that of the program."""
    for case in results.cases:
        rows = {title: _alone(results, case, name) for name, title in _PROGRAMS.items()}
        rows.update(
            {title: _beyond(results, case, way, name) for way, (name, title) in _WAYS.items()}
        )
        yield table(f"{case}: a step beyond its program", results.contenders, rows)
    yield "Less than nothing is where the backend does many steps in one call."


def _alone(results: Results, case: str, program: str) -> list[str]:
    best = [results.best(case, contender, program) for contender in results.contenders]
    return [ABSENT if value is None else duration(value) for value in best]


def _beyond(results: Results, case: str, way: str, program: str) -> list[str]:
    """The median over processes of the differences within each."""
    return [_difference(results, case, c, way, program) for c in results.contenders]


def _difference(results: Results, case: str, contender: str, way: str, program: str) -> str:
    steps, alone = (results.series(case, contender, metric) for metric in (way, program))
    beyond = [value - alone[when] for when, value in steps.items()]
    return duration(median(beyond)) if beyond else ABSENT


_NAMES = (
    *("keras-numpy", "keras-tf", "keras-tf-xla", "keras-theano", "keras-jax", "keras-torch"),
    "keras-2.3.1",
)
_CHOICES = ("logreg", "mlp", "deep64", "lstm")

BENCHMARK = Benchmark(
    "overhead",
    "µs a step beyond the compiled program, by method, with and without callbacks",
    {name: MODELS[name].about for name in _CHOICES},
    dict.fromkeys(_NAMES, _CHOICES),
    _tables,
    processes=3,
    optional=("deep64", "lstm"),
)
