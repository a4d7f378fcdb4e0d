"""Runs the workers in turns."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.benchmark import Benchmark
from benchmarks.contenders import Contender
from benchmarks.environments import FOLDER, ROOT
from benchmarks.records import Record

# With it a tree of sources would be compiled at each import, and installed packages would not.
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True)
class Rounds:
    """How often and how thoroughly is measured.

    Args:
        run: what this run is called in its records.
        processes: how many each contender has for a case.
        scale: a share of the work, 1 for a figure to rely on.
        limit: seconds after which a process is given up.
        launcher: the words that start several processes of MPI, before `-n`; those of the
            contender's own environment, if there are none.
    """

    run: str
    processes: int
    scale: float
    limit: float
    launcher: tuple[str, ...] = ()

    def measure(
        self, benchmark: Benchmark, case: str, pythons: Mapping[Contender, str]
    ) -> Iterator[Record]:
        """Gives each contender a process a round, in the other order in every second round.

        Who fails once takes no further part in the case.
        """
        left = list(pythons)
        for number in range(self.processes):
            for contender in _turns(left, number):
                words = self._words(benchmark, case, contender, pythons[contender])
                values, error = _ran(words, _variables(contender), self.limit)
                if error:
                    left.remove(contender)
                yield Record(self.run, benchmark.name, case, contender.name, number, values, error)

    def _words(
        self, benchmark: Benchmark, case: str, contender: Contender, python: str
    ) -> list[str]:
        worker = contender.worker or benchmark.name
        task = {
            "case": case,
            "scale": self.scale,
            "package": contender.package,
        }
        words = [python, "-m", f"benchmarks.workers.{worker}", json.dumps(task)]
        if contender.ranks == 1:
            return words
        launcher = self.launcher or (str(Path(python).parent / "mpiexec"),)
        return [*launcher, "-n", str(contender.ranks), *words]


def _turns(contenders: Sequence[Contender], number: int) -> list[Contender]:
    return list(reversed(contenders) if number % 2 else contenders)


def _variables(contender: Contender) -> dict[str, str]:
    # Some libraries write keras.json when they are imported: not into the user's home.
    home = FOLDER / "homes" / contender.name
    path = contender.environment.search_path
    settings = dict(contender.settings)
    inherited = {name: value for name, value in os.environ.items() if name != _NO_BYTECODE}
    return {**inherited, "KERAS_HOME": str(home), "PYTHONPATH": path, **settings}


def _ran(
    words: Sequence[str], variables: Mapping[str, str], limit: float
) -> tuple[dict[str, Any], str]:
    """The values that a worker printed last, and why there are none."""
    try:
        done = subprocess.run(
            words, env=variables, cwd=ROOT, capture_output=True, text=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return {}, f"not done within {limit:.0f} s"
    if done.returncode:
        return {}, (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return json.loads(done.stdout.splitlines()[-1]), ""
