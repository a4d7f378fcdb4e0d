"""How costs grow: with layers, rows, units, steps of a recurrence and models alive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Callable

from benchmarks.benchmark import Benchmark
from benchmarks.report import ABSENT, Results, duration, memory, table


@dataclass(frozen=True)
class Axis:
    """What grows.

    Args:
        about: for people.
        sizes: the sizes that are tried.
        unit: what a cost is divided by.
        units: how many there are at a size.
    """

    about: str
    sizes: tuple[int, ...]
    unit: str
    units: Callable[[int], int] = int


AXES = {
    "depth": Axis("Dense layers of 32, batch 32", (1, 10, 50, 100, 200, 400), "layer"),
    "batch": Axis("rows of a batch, 64-128-64-10", (1, 16, 64, 256, 1024, 4096), "row"),
    "width": Axis(
        "units of two Dense layers, batch 32", (64, 256, 1024, 2048), "weight", lambda n: 2 * n * n
    ),
    "recurrence": Axis("steps of an LSTM of 32, batch 32", (1, 10, 100, 1000), "step"),
    "models": Axis("models 64-128-64-10 alive, each trained", (1, 10, 100, 1000), "model"),
    "rows": Axis("rows of 4 kB of a fit, memory-mapped, batch 256", (8192, 65536, 524288), "row"),
}

_METRICS = {
    "first": ("until the first step is done", duration),
    "step": ("a step", duration),
    "memory": ("peak memory", memory),
}
# In `fit` it is an epoch that grows.
_METRICS_OF_ROWS = {**_METRICS, "first": ("first epoch", duration), "step": ("an epoch", duration)}


def _cases(axes: Sequence[str], scale: float) -> list[str]:
    """Every size of the axes, scaled, as `axis=size`."""
    sizes = [(axis, max(1, round(size * scale))) for axis in axes for size in AXES[axis].sizes]
    return list(dict.fromkeys(f"{axis}={size}" for axis, size in sizes))


def _tables(results: Results, reference: str) -> Iterator[str]:
    """A table for each axis and metric, a row a size."""
    for name in dict.fromkeys(case.split("=")[0] for case in results.cases):
        axis = AXES[name]
        sizes = sorted(int(c.split("=")[1]) for c in results.cases if c.startswith(f"{name}="))
        metrics = _METRICS_OF_ROWS if name == "rows" else _METRICS
        for metric, (what, form) in metrics.items():
            columns = [_column(results, name, sizes, c, metric, form) for c in results.contenders]
            rows = {f"{name} {size:,}": row for size, row in zip(sizes, zip(*columns))}
            yield table(f"{axis.about}: {what}", results.contenders, rows)
    yield "In brackets: what each unit costs beyond the smallest size."


def _column(
    results: Results,
    name: str,
    sizes: Sequence[int],
    contender: str,
    metric: str,
    form: Callable[[float], str],
) -> list[str]:
    """The best value at each size, and the cost of a unit beyond the smallest that was measured."""
    axis = AXES[name]
    best = {size: results.best(f"{name}={size}", contender, metric) for size in sizes}
    measured = {size: value for size, value in best.items() if value is not None}
    if not measured:
        return [ABSENT] * len(sizes)
    base, least = next(iter(measured.items()))
    cells = {base: form(least)}
    for size, value in list(measured.items())[1:]:
        cost = (value - least) / (axis.units(size) - axis.units(base))
        cells[size] = f"{form(value)} ({form(cost)} a {axis.unit})"
    return [cells.get(size, ABSENT) for size in sizes]


_NAMES = (
    *("keras-numpy", "keras-tf", "keras-theano", "keras-jax", "keras-torch"),
    *("tf-keras", "keras-3-jax", "keras-3-torch", "keras-2.3.1"),
)

BENCHMARK = Benchmark(
    "growth",
    "time and memory by depth, batch, width, steps, models alive and rows, each with cost per unit",
    {name: axis.about for name, axis in AXES.items()},
    {name: tuple(AXES) for name in _NAMES},
    _tables,
    processes=2,
    cases=_cases,
)
