"""Ratios and the table of a workload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.rounds import Sample


def ratio(samples: Sequence[Sample], reference: Sequence[Sample]) -> float:
    """Returns the median over the rounds of a contender's time divided by the reference's."""
    return median(own.seconds / base.seconds for own, base in zip(samples, reference))


def table(title: str, results: Mapping[str, Sequence[Sample]]) -> str:
    """Lays out a workload's results; the first contender is the reference."""
    reference = next(iter(results.values()))
    lines = [f"\n{title}", f"  {'':14}{'median':>12}{'ratio':>10}{'peak memory':>15}"]
    lines += [_row(name, samples, reference) for name, samples in results.items()]
    return "\n".join(lines)


def _row(name: str, samples: Sequence[Sample], reference: Sequence[Sample]) -> str:
    time = duration(median(sample.seconds for sample in samples))
    memory = max(sample.megabytes for sample in samples)
    return f"  {name:14}{time:>12}{ratio(samples, reference):>9.2f}x{memory:>12.0f} MB"


def duration(seconds: float) -> str:
    """Tells a time in a unit that suits its size."""
    for unit, factor in (("s", 1), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.2f} {unit}"
    return f"{seconds * 1e6:.1f} us"
