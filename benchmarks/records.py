"""What processes measured, as lines of JSON, so that runs can be joined."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple


class Record(NamedTuple):
    """What one process measured.

    Args:
        run: the run it belongs to; with `round` it tells what was measured side by side.
        benchmark: its name.
        case: what was measured.
        contender: who was.
        round: the turn, from 0.
        values: seconds, or megabytes, by what they are of.
        error: why there are no values; empty where there are.
    """

    run: str
    benchmark: str
    case: str
    contender: str
    round: int
    values: Mapping[str, float]
    error: str = ""


def append(path: Path, record: Record) -> None:
    """Adds a record to a file, which is made with its folder at first need."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record._asdict()) + "\n")


def read(paths: Iterable[Path]) -> list[Record]:
    """Reads the records of all files."""
    lines = (line for path in paths for line in path.read_text("utf-8").splitlines())
    return [Record(**json.loads(line)) for line in lines if line]
