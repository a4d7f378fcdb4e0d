"""How a process becomes one of several ranks."""

from __future__ import annotations

import os
import random
import sys
from types import TracebackType
from typing import Any

import numpy as np

from keras_core import ranks
from keras_core.slots import current_backend


def init(quiet: bool = True) -> None:
    """Makes this process one of those that MPI's launcher has started; alone it stays alone.

    Where no launcher of MPI is at work, the backend's engine may have one: PyTorch's `torchrun`.

    All get the first one's state of Python's and NumPy's random numbers, so that they draw alike.
    An error that ends one of them ends all.

    Args:
        quiet: whether standard output of all ranks but the first is dropped.

    Raises:
        ImportError: mpi4py is missing, though there are several processes.
        RuntimeError: mpi4py belongs to another MPI than the launcher.
    """
    if is_initialized():
        return
    world = _of_mpi() if ranks.number_launched() > 1 else current_backend().world()
    if world is None:
        return
    ranks.become(world)
    state = world.from_rank(0, (random.getstate(), np.random.get_state()))
    random.setstate(state[0])
    np.random.set_state(state[1])
    _end_all_by_an_error()
    if quiet and world.rank:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def _of_mpi() -> ranks.World:
    mpi = _mpi()
    from keras_core.distribute.mpi import Ranks

    return Ranks(mpi)


def _mpi() -> Any:
    count = ranks.number_launched()
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise ImportError(
            f"mpiexec started {count} processes, which need mpi4py to work together: "
            "pip install 'keras-core[mpi]' brings it, and MPICH where the machine has no MPI."
        ) from error
    if MPI.COMM_WORLD.size != count:
        raise RuntimeError(
            f"mpiexec started {count} processes, but mpi4py sees {MPI.COMM_WORLD.size}: it belongs "
            f"to another MPI than this mpiexec ({MPI.Get_library_version().splitlines()[0]}). Use "
            "that one's mpiexec, or build mpi4py for this one: pip install --no-binary mpi4py "
            "mpi4py."
        )
    return MPI


def _end_all_by_an_error() -> None:
    before = sys.excepthook

    def report(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        print(f"rank {rank()} of {size()} failed:", file=sys.stderr)
        before(kind, error, at)
        ranks.current().abort()

    sys.excepthook = report


def shutdown() -> None:
    """Makes this process one that is alone again; all ranks call it."""
    if is_initialized():
        ranks.current().wait()
        ranks.become(ranks.World())


def is_initialized() -> bool:
    """Whether there are several processes that work together."""
    return ranks.current().size > 1


def rank() -> int:
    """The number of this process among all, from 0."""
    return ranks.current().rank


def size() -> int:
    """The number of processes."""
    return ranks.current().size


def local_rank() -> int:
    """The number of this process among those of its machine, from 0."""
    return ranks.current().local_rank


def local_size() -> int:
    """The number of processes of this machine."""
    return ranks.current().local_size
