"""How a process becomes one of several ranks."""

from __future__ import annotations

import io
import os
import random
import sys
import threading
import traceback
from contextlib import redirect_stderr
from types import TracebackType
from typing import Any, Callable

import numpy as np

from keras_core import ranks
from keras_core.distribute.cores import give_back, take_part
from keras_core.slots import current_backend


def init(quiet: bool = True) -> None:
    """Makes this process one of those that MPI's launcher has started; alone it stays alone.

    Where no launcher of MPI is at work, the backend's engine may have processes of its own: those
    of `torchrun`, `jax.distributed` or `TF_CONFIG`.

    All get the first one's state of Python's and NumPy's random numbers, so that they draw alike.
    An error that ends one of them ends all.

    Args:
        quiet: whether standard output of all ranks but the first is dropped.

    Raises:
        ImportError: mpi4py is missing, though there are several processes.
        RuntimeError: mpi4py belongs to another MPI than the launcher, or `torchrun` is at work, but
            another backend.

    Example:
        >>> distribute.init()  # does nothing where no launcher started this process
        >>> distribute.size()
        1
    """
    if is_initialized():
        return
    world = _of_mpi() if ranks.number_launched() > 1 else current_backend().world()
    if world is None:
        _refuse_torchrun()
        return
    ranks.mark_process()
    os.register_at_fork(after_in_child=_be_alone)
    ranks.become(world)
    take_part(world)
    state = world.from_rank(0, (random.getstate(), np.random.get_state()))
    random.setstate(state[0])
    np.random.set_state(state[1])
    _end_all_by_an_error()
    if quiet and world.rank:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def _refuse_torchrun() -> None:
    """Refuses processes of PyTorch's launcher that would all do the same work."""
    count = ranks.number_by_torchrun()
    if count > 1:
        from keras_core.plugins import backend_name

        raise RuntimeError(
            f"torchrun started {count} processes, but the backend {backend_name()!r} does not work "
            "with it. Start them by mpiexec, or set KERAS_BACKEND=torch."
        )


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
            "pip install 'keras-core[mpi]>=2.4,<3' brings it, and MPICH."
        ) from error
    if MPI.COMM_WORLD.size != count:
        raise RuntimeError(
            f"mpiexec started {count} processes, but mpi4py sees {MPI.COMM_WORLD.size}: it belongs "
            f"to another MPI than this mpiexec ({MPI.Get_library_version().splitlines()[0]}). Use "
            "that one's mpiexec, or build mpi4py for this one: pip install --no-binary mpi4py "
            "mpi4py."
        )
    return MPI


def _be_alone() -> None:
    ranks.become(ranks.World())


def _end_all_by_an_error() -> None:
    before, before_in_threads = sys.excepthook, threading.excepthook

    def report(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        _tell(lambda: before(kind, error, at))
        ranks.current().abort()

    def report_thread(arguments: Any) -> None:
        _tell(lambda: before_in_threads(arguments))
        # The others wait for a run; other errors of threads end nobody, as in a process alone.
        if _broke_off_a_run(arguments.exc_traceback):
            ranks.current().abort()

    sys.excepthook, threading.excepthook = report, report_thread


def _broke_off_a_run(at: TracebackType | None) -> bool:
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(at)]
    return any(module.startswith("keras_core.engine.runs") for module in modules)


def _tell(show: Callable[[], object]) -> None:
    """Has something written to standard error with this rank in front of each line."""
    with redirect_stderr(io.StringIO()) as told:
        show()
    lines = told.getvalue().splitlines()
    sys.stderr.write("".join(f"[rank {rank()}] {line}\n" for line in lines))
    sys.stderr.flush()


def shutdown() -> None:
    """Makes this process one that is alone again; all ranks call it.

    Example:
        >>> distribute.shutdown()
        >>> distribute.is_initialized()
        False
    """
    if is_initialized():
        ranks.current().wait()
        ranks.become(ranks.World())
        give_back()


def is_initialized() -> bool:
    """Whether there are several processes that work together.

    Example:
        >>> distribute.is_initialized()
        False
    """
    return ranks.current().size > 1


def rank() -> int:
    """The number of this process among all, from 0.

    Example:
        >>> distribute.rank()
        0
    """
    return ranks.current().rank


def size() -> int:
    """The number of processes.

    Example:
        >>> distribute.size()
        1
    """
    return ranks.current().size


def local_rank() -> int:
    """The number of this process among those of its machine, from 0.

    Example:
        >>> distribute.local_rank()
        0
    """
    return ranks.current().local_rank


def local_size() -> int:
    """The number of processes of this machine.

    Example:
        >>> distribute.local_size()
        1
    """
    return ranks.current().local_size
