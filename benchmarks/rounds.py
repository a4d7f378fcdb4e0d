"""Runs the workers in turns."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.contenders import Contender
from benchmarks.environments import FOLDER

WORKERS = Path(__file__).parent / "workers"


class Sample(NamedTuple):
    """What one process measured.

    Args:
        seconds: of an operation, after it has been done a few times.
        first: seconds of the very first one, which may compile; NaN where there is none.
        megabytes: the most memory that the process held.
    """

    seconds: float
    first: float
    megabytes: float


def measure(
    workload: str,
    contenders: Sequence[Contender],
    interpreters: Mapping[str, str],
    rounds: int,
    quick: bool,
) -> dict[str, list[Sample]]:
    """Gives each contender a process a round, one after the other.

    Returns:
        A sample a round for each contender's name.
    """
    results: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            sample = _run(contender, interpreters[contender.name], workload, quick)
            results[contender.name].append(sample)
    return results


def _run(contender: Contender, python: str, workload: str, quick: bool) -> Sample:
    words = [python, str(WORKERS / contender.worker), *contender.arguments, workload]
    words += ["quick"] if quick else []
    # Some libraries write keras.json when they are imported: not into the user's home.
    home = FOLDER / "homes" / contender.name
    environment = {**os.environ, "KERAS_HOME": str(home), **dict(contender.settings)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{contender.name} failed at {workload}:\n{done.stderr[-3000:]}")
    return Sample(**json.loads(done.stdout.splitlines()[-1]))
