"""Several processes, of MPI or by themselves, for checks that need them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import IO

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


def side_by_side(
    commands: Sequence[Sequence[str]],
    environments: Sequence[Mapping[str, str]],
    seconds: float = 120,
) -> list[subprocess.CompletedProcess[str]]:
    """What processes of Python come to that nobody but the caller started.

    Args:
        commands: of each, what stands behind `python`.
        environments: of each, the environment's variables.
        seconds: how long all together may take.

    Raises:
        subprocess.TimeoutExpired: they take longer; none of them is left.
    """
    until = time.monotonic() + seconds
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in commands]
        processes = [
            subprocess.Popen(
                [sys.executable, *command], env=dict(environment), stdout=file, stderr=file
            )
            for command, environment, file in zip(commands, environments, files)
        ]
        try:
            for process in processes:
                process.wait(until - time.monotonic())
        finally:
            for process in processes:
                process.kill()
                process.wait()
        return [_completed(process, file) for process, file in zip(processes, files)]


def _completed(process: subprocess.Popen[bytes], file: IO[str]) -> subprocess.CompletedProcess[str]:
    file.seek(0)
    return subprocess.CompletedProcess(process.args, process.returncode, file.read())


def free_ports(count: int) -> list[int]:
    """So many ports of this machine that nobody listens on."""
    with ExitStack() as stack:
        places = [stack.enter_context(socket.create_server(("", 0))) for _ in range(count)]
        return [place.getsockname()[1] for place in places]
