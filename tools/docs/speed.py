"""Tables of what the benchmarks measured, of the records in `benchmarks/measured`."""

from __future__ import annotations

from pathlib import Path

from benchmarks import ranks, records, wide
from benchmarks.benchmark import Benchmark
from benchmarks.report import ABSENT, Results

MEASURED = Path(__file__).parents[2] / "benchmarks" / "measured"

# Whom others are compared with, and who is in the README's table, under which name.
REFERENCE = "tf-keras"
_SHOWN = {
    "keras-numpy": "keras-numpy",
    "keras-tf": "keras-tf",
    "keras-jax": "keras-jax",
    "keras-torch": "keras-torch",
    "tf-keras": "tf-keras",
    "keras-3-jax": "Keras 3, JAX",
    "keras-3-torch": "Keras 3, PyTorch",
    "keras-2.3.1": "Keras 2.3.1, Theano",
}


def of_models() -> str:
    """Steps, predictions, first steps and memory of each library for each model."""
    return _laid_out(wide.BENCHMARK, "wide")


def of_ranks() -> str:
    """Two ranks on one machine, beside one, and what the model says."""
    return _laid_out(ranks.BENCHMARK, "ranks")


def of_a_slow_link() -> str:
    """Two ranks with a slow network between them, beside one."""
    return _laid_out(ranks.BENCHMARK, "ranks_slow_link")


def summary() -> str:
    """How long a step of fit takes, in relation to that of tf-keras."""
    results = _results("wide")
    names = [name for name in _SHOWN if name in results.contenders]
    lines = [["", *(_SHOWN[name] for name in names)], ["---", *("--:" for _ in names)]]
    lines += [[case, *(_relative(results, case, name) for name in names)] for case in results.cases]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _relative(results: Results, case: str, name: str) -> str:
    own, other = (results.best(case, contender, "fit") for contender in (name, REFERENCE))
    return ABSENT if own is None or other is None else f"{own / other:.2f}"


def _laid_out(benchmark: Benchmark, name: str) -> str:
    return "\n".join(benchmark.tables(_results(name), REFERENCE))


def _results(name: str) -> Results:
    return Results(records.read([MEASURED / f"{name}.jsonl"]))
