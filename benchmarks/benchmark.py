"""What a benchmark is to the command line, to the rounds and to the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Callable

from benchmarks.report import Results


def _as_chosen(choices: Sequence[str], scale: float) -> list[str]:
    return list(choices)


@dataclass(frozen=True)
class Benchmark:
    """Cases, those who take part, and the tables that come of it.

    Args:
        name: of the command, and of the worker's module.
        about: for `--help`.
        choices: what can be asked for, and what it is.
        entries: contenders by name, and what of the choices each can do.
        tables: lays out the results, beside those of the contender named.
        reference: who the others are compared with.
        processes: how many are right for it.
        optional: choices that are measured only if asked for.
        cases: what a process each is given to, for choices and a scale; the choices themselves,
            if not given.
    """

    name: str
    about: str
    choices: Mapping[str, str]
    entries: Mapping[str, Sequence[str]]
    tables: Callable[[Results, str], Iterator[str]]
    reference: str = ""
    processes: int = 5
    optional: tuple[str, ...] = ()
    cases: Callable[[Sequence[str], float], list[str]] = _as_chosen

    @property
    def usual(self) -> list[str]:
        """What is measured if nothing is asked for."""
        return [choice for choice in self.choices if choice not in self.optional]
