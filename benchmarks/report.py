"""Markdown tables of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Callable

from benchmarks.records import Record

# One value for each (run, round).
Series = Mapping[tuple[str, int], float]

ABSENT = "–"


class Results:
    """The records of one benchmark.

    Args:
        records: of any number of runs.

    Attributes:
        cases: their names, in the order in which they came.
        contenders: likewise.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.cases = list(dict.fromkeys(record.case for record in records))
        self.contenders = list(dict.fromkeys(record.contender for record in records))

    def series(self, case: str, contender: str, metric: str) -> Series:
        """The values of a contender, by when they were measured."""
        return {
            (record.run, record.round): record.values[metric]
            for record in self.records
            if (record.case, record.contender) == (case, contender) and metric in record.values
        }

    def best(self, case: str, contender: str, metric: str) -> float | None:
        """The least of them; None where there are none."""
        return min(self.series(case, contender, metric).values(), default=None)

    def failures(self) -> Iterator[str]:
        """Who could not do what, and why."""
        for record in self.records:
            if record.error:
                yield f"{record.contender} failed at {record.case}: {record.error}"


def pair_ratio(own: Series, reference: Series) -> float | None:
    """Returns the median of the ratios of values measured in one round; None without a pair."""
    ratios = [value / reference[when] for when, value in own.items() if when in reference]
    return median(ratios) if ratios else None


def compared(
    results: Results, reference: str, metrics: Mapping[str, tuple[str, Callable[[float], str]]]
) -> Iterator[str]:
    """Lays out a table a metric, a row a case: the best values, and ratios to the reference's.

    Args:
        results: what was measured.
        reference: a contender; if it has not been measured there are no ratios.
        metrics: title and format of each.
    """
    for metric, (title, form) in metrics.items():
        rows = {
            case: [_beside(results, case, c, metric, reference, form) for c in results.contenders]
            for case in results.cases
        }
        yield table(title, results.contenders, rows)
    if reference in results.contenders:
        yield f"In brackets: best / best of {reference}; median of the ratios of pairs."


def _beside(
    results: Results,
    case: str,
    contender: str,
    metric: str,
    reference: str,
    form: Callable[[float], str],
) -> str:
    """The best value, and both ratios unless it is the reference's own."""
    own, other = (results.best(case, name, metric) for name in (contender, reference))
    if own is None:
        return ABSENT
    if other is None or contender == reference:
        return form(own)
    series = (results.series(case, name, metric) for name in (contender, reference))
    pairs = pair_ratio(*series)
    return f"{form(own)} ({own / other:.2f}; {ABSENT if pairs is None else f'{pairs:.2f}'})"


def table(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """Lays out a Markdown table; a column in which nobody has anything is left out."""
    kept = [i for i in range(len(columns)) if any(row[i] != ABSENT for row in rows.values())]
    lines = [
        ["", *(columns[i] for i in kept)],
        ["---", *("--:" for _ in kept)],
        *([name, *(row[i] for i in kept)] for name, row in rows.items()),
    ]
    return "\n".join([f"**{title}**", "", *(f"| {' | '.join(line)} |" for line in lines), ""])


def duration(seconds: float) -> str:
    """Tells a time in a unit that suits its size."""
    return _in_unit(seconds, (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)))


def memory(megabytes: float) -> str:
    """Tells an amount of memory in a unit that suits its size."""
    return _in_unit(megabytes, (("MB", 1.0), ("kB", 1e-3), ("B", 1e-6)))


def _in_unit(value: float, units: Sequence[tuple[str, float]]) -> str:
    unit, size = next((u for u in units if abs(value) >= u[1]), units[-1])
    return f"{_three_digits(value / size)} {unit}"


def _three_digits(number: float) -> str:
    whole = len(str(int(abs(number))))
    return f"{number:.{max(0, 3 - whole)}f}"
