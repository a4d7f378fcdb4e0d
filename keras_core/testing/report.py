"""The table that a run of the kit ends in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

COLUMNS = ("passed", "failed", "not supported", "not offered")

# Properties of a check: its family, and the hook that it found to be the default.
FAMILY = "keras_core_family"
NOT_OFFERED = "keras_core_not_offered"
_COLUMN_OF = {
    "passed": "passed",
    "failed": "failed",
    "error": "failed",
    "skipped": "not supported",
}

Counts = Mapping[str, Mapping[str, int]]


def report(reporter: Any) -> list[str]:
    """The table of a run, and the hooks that are not offered; nothing where no check has run.

    Args:
        reporter: pytest's terminal reporter.
    """
    checks = list(_checks(reporter))
    absent = sorted({known[NOT_OFFERED] for known, _ in checks if NOT_OFFERED in known})
    lines = table(counted((known[FAMILY], column) for known, column in checks)) if checks else []
    return [*lines, f"not offered, the default stands: {', '.join(absent)}"] if absent else lines


def _checks(reporter: Any) -> Iterator[tuple[dict[str, str], str]]:
    """The properties of each check, and its column."""
    for outcome, column in _COLUMN_OF.items():
        for one in reporter.getreports(outcome):
            known = dict(getattr(one, "user_properties", ()))
            if FAMILY in known:
                yield known, "not offered" if NOT_OFFERED in known else column


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
