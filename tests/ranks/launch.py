"""Starts scripts as processes of MPI, and sees how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from keras_core.testing.launching import launcher

_MARK = "KERAS_CORE_TEST_RUN"
# How long a run may take where the machine is busy, and how soon all has to be gone after a fault.
LONGEST = 120
SOON = 10


class Ended(NamedTuple):
    """How a run ended: its exit status, what it wrote, and the processes that it left behind."""

    status: int
    out: str
    err: str
    left: list[int]


class Started:
    """A script that runs.

    Args:
        folder: where its file is put, and where it runs.
        script: its text.
        arguments: what it finds in `sys.argv`.
        count: number of processes.
        command: what runs it, behind the name of the interpreter.
        environment: variables of the environment.
    """

    def __init__(self, folder, script, *arguments, count=2, command=(), **environment):
        file = Path(folder) / f"script_{uuid.uuid4().hex[:8]}.py"
        file.write_text(textwrap.dedent(script))
        self._mark = uuid.uuid4().hex
        self._output = [file.with_suffix(end) for end in (".out", ".err")]
        words = [sys.executable, *command, file.name, *map(str, arguments)]
        with open(self._output[0], "w") as out, open(self._output[1], "w") as err:
            self.process = subprocess.Popen(
                [launcher(), "-n", str(count), *words],
                cwd=folder,
                env={**os.environ, "OMP_NUM_THREADS": "1", **environment, _MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def processes(self):
        """The numbers of all processes that belong to the run but the launcher."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != self.process.pid:
                with suppress(OSError):  # it ended, or is another user's
                    if f"{_MARK}={self._mark}".encode() in (folder / "environ").read_bytes():
                        found.append(int(folder.name))
        return found

    def ended(self, within=LONGEST):
        """Waits for the end.

        Args:
            within: seconds after which it is an error that the run has not come to its end.
        """
        try:
            status = self.process.wait(within)
            until = time.monotonic() + SOON
            while self.processes() and time.monotonic() < until:
                time.sleep(0.05)
            return Ended(status, *self.written(), self.processes())
        except subprocess.TimeoutExpired:
            raise AssertionError(f"The run does not end:\n{''.join(self.written())}") from None
        finally:
            self.kill()

    def written(self):
        """What was written so far: standard output and standard error."""
        return [file.read_text() for file in self._output]

    def kill(self):
        """Ends all that is left."""
        self.process.kill()
        self.process.wait()
        for number in self.processes():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


def launch(folder, script, *arguments, **options):
    """Runs a script to its end, as `Started` says."""
    return Started(folder, script, *arguments, **options).ended()
