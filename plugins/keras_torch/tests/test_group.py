"""Processes that PyTorch has joined share their work, without MPI."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from keras_core.testing.launching import free_ports
from keras_core.testing.own_processes import OfAPair, Pair

JOIN = """
import os
import torch

if "MASTER_PORT" in os.environ:
    torch.distributed.init_process_group("gloo")
"""

COUNT = """
import sys
from keras_core import distribute
{begin}
distribute.init(quiet=False)
total = float(distribute.allreduce(distribute.rank() + 1.0, average=False))
sys.stdout.write(f"{{distribute.local_rank()}} {{distribute.size()}} {{total}}\\n")
"""


def environments():
    (port,) = free_ports(1)
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    return [{**place, "RANK": str(rank)} for rank in range(2)]


# Gloo ends the connection over which sums of different sizes meet.
REFUSED = "do not make the same calls|gloo"


@pytest.fixture(scope="module")
def pair():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        yield Pair(environments, JOIN, refused=REFUSED)


class TestProcesses(OfAPair):
    pass


def by_torchrun(*arguments):
    """What two processes print that torchrun started."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [sys.executable, *launcher, *map(str, arguments)],
        env={**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("begin", ["", "import torch; torch.distributed.init_process_group()"])
def test_processes_of_torchrun(tmp_path, begin):
    script = tmp_path / "count.py"
    script.write_text(COUNT.format(begin=begin))
    assert sorted(by_torchrun(script).splitlines()) == ["0 2 3.0", "1 2 3.0"]


def test_run_takes_part_too(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("from keras import distribute\nprint(distribute.size())")
    assert by_torchrun("-m", "keras_core", "run", script).split() == ["2"]
