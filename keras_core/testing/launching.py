"""Several processes of MPI, for checks that need them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from keras_core.testing.offers import NotOffered

_INSTALL = "pip install 'keras-core[mpi]>=2.4,<3'"


def launcher() -> str:
    """The path of `mpiexec`: that of this Python's environment, or else the machine's.

    Raises:
        NotOffered: there is none, or mpi4py is missing.
    """
    if find_spec("mpi4py") is None:
        raise NotOffered(f"several processes (mpi4py is missing: {_INSTALL})")
    beside = str(Path(sys.executable).parent)
    found = shutil.which("mpiexec", path=beside) or shutil.which("mpiexec")
    if found is None:
        raise NotOffered(f"several processes (mpiexec is missing: {_INSTALL})")
    return found


def launched(
    count: int, arguments: Sequence[str], environment: Mapping[str, str], seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    """What so many processes of Python print that MPI starts together.

    Args:
        count: number of processes.
        arguments: what stands behind `python`.
        environment: the environment's variables.
        seconds: how long they may take.

    Raises:
        NotOffered: MPI is missing.
        subprocess.TimeoutExpired: they take longer, and are ended.
    """
    command = [launcher(), "-n", str(count), sys.executable, *arguments]
    # A time limit has to end what the launcher started as well, which it does when it is told to.
    process = subprocess.Popen(
        command,
        env=dict(environment),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.communicate()
        raise
    return subprocess.CompletedProcess(command, process.returncode, output)
