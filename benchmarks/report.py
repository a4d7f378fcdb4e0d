"""Ratios and the table of a workload."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from benchmarks.contenders import PAIRS
from benchmarks.rounds import Sample

Results = Mapping[str, Sequence[Sample]]


def ratio(samples: Sequence[Sample], reference: Sequence[Sample]) -> float:
    """Returns the median over the rounds of a contender's time divided by the reference's."""
    return median(own.seconds / base.seconds for own, base in zip(samples, reference))


def table(title: str, results: Results) -> str:
    """Lays out a workload's results; the first contender is the reference."""
    reference = next(iter(results.values()))
    lines = [
        f"\n{title}",
        f"  {'':14}{'median':>12}{'ratio':>10}{'first call':>13}{'peak memory':>15}",
    ]
    lines += [_row(name, samples, reference) for name, samples in results.items()]
    return "\n".join([*lines, *_pairs(results)])


def _row(name: str, samples: Sequence[Sample], reference: Sequence[Sample]) -> str:
    time = duration(median(sample.seconds for sample in samples))
    first = duration(median(sample.first for sample in samples))
    memory = max(sample.megabytes for sample in samples)
    ratio_ = f"{ratio(samples, reference):.2f}x"
    return f"  {name:14}{time:>12}{ratio_:>10}{first:>13}{memory:>12.0f} MB"


def _pairs(results: Results) -> Iterator[str]:
    for own, other in PAIRS:
        if own in results and other in results:
            yield f"  {other} / {own}: {ratio(results[other], results[own]):.2f}x"


def duration(seconds: float) -> str:
    """Tells a time in a unit that suits its size."""
    if math.isnan(seconds):
        return "-"
    for unit, factor in (("s", 1), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.2f} {unit}"
    return f"{seconds * 1e6:.1f} us"
