"""The table that a run of the kit ends in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

COLUMNS = ("passed", "failed", "not supported", "not offered")

Counts = Mapping[str, Mapping[str, int]]


def counted(results: Iterable[tuple[str, str]]) -> dict[str, Counter[str]]:
    """Counts pairs of family and column."""
    counts: dict[str, Counter[str]] = {}
    for family, column in results:
        counts.setdefault(family, Counter())[column] += 1
    return counts


def table(counts: Counts) -> list[str]:
    """Lines: a family each, in alphabetical order, and their sum."""
    total = {column: sum(row.get(column, 0) for row in counts.values()) for column in COLUMNS}
    rows = [*sorted(counts.items()), ("total", total)]
    width = max(len(family) for family, _ in rows)
    head = " " * width + "".join(f"  {column}" for column in COLUMNS)
    return [head, *(f"{family:{width}}{_cells(row)}" for family, row in rows)]


def _cells(row: Mapping[str, int]) -> str:
    return "".join(f"  {row.get(column, 0):>{len(column)}}" for column in COLUMNS)
