"""Runs, in one process and in several that MPI starts, each once for all tests."""

from __future__ import annotations

import importlib.util
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from keras_core.plugins import backend_name
from keras_core.testing.launching import launched
from keras_core.testing.offers import NotOffered

# What starts mpiexec by itself.
_STARTING = ["test_benchmark.py", "test_cores.py", "test_faults.py", "test_horovod.py"]
collect_ignore = [] if importlib.util.find_spec("mpi4py") else _STARTING

WORKER = str(Path(__file__).parent / "worker.py")


class Outcomes:
    """What came of runs, by their names."""

    def __init__(self, folder):
        self._folder = folder
        self._known = {}

    def __call__(self, count, *names):
        """What each of so many ranks has, for each run: `{name: [outcome of rank 0, ...]}`."""
        missing = [name for name in names if (count, name) not in self._known]
        if missing:
            self._do(count, missing)
        return {name: self._known[count, name] for name in names}

    def again(self, count, name):
        """The same of one run, done anew."""
        self._known.pop((count, name), None)
        return self(count, name)[name]

    def _do(self, count, names):
        folder = Path(self._folder.mktemp(f"ranks{count}"))
        arguments = [WORKER, str(folder), *names]
        environment = {**os.environ, "KERAS_BACKEND": backend_name()}
        done = (
            subprocess.run([sys.executable, *arguments], env=environment, timeout=300)
            if count == 1
            else _launched(count, arguments, environment)
        )
        assert done.returncode == 0, done.stdout and done.stdout[-3000:]
        for name in names:
            files = [folder / f"{name}-{rank}.pickle" for rank in range(count)]
            self._known[count, name] = [pickle.loads(file.read_bytes()) for file in files]


def _launched(count, arguments, environment):
    try:
        return launched(count, arguments, environment)
    except NotOffered as absent:
        pytest.skip(f"not to be had: {absent}")


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory):
    return Outcomes(tmp_path_factory)
