"""Shares out work on large arrays to all cores: NumPy lets go of the interpreter within it.

Work is cut into pieces that do not depend on how many threads there are, so neither do results.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock, local
from typing import Callable

import numpy as np

from keras_core.plugins.authoring import get_option

Piece = Callable[[int, int, int], None]

_pools: dict[int, ThreadPoolExecutor] = {}
_making = Lock()
_here = local()


def available() -> int:
    """How many threads programs run on: the setting `threads`, else the cores of this process."""
    chosen = get_option("threads")
    return chosen or _cores()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_sharing() -> bool:
    """Whether this thread works on a piece, within which no more is shared out."""
    return getattr(_here, "is_sharing", False)


def share(run: Piece, total: int, step: int, most: int | None = None, start: int = 0) -> None:
    """Runs `run(start, stop, place)` for each piece of `step` of a range, on several threads.

    Args:
        run: what to do with the elements from `start` up to `stop`. `place`, below `most`, is a
            number that no other piece has at the same time, for scratch memory of its own.
        total: the end of the range.
        step: length of a piece.
        most: how many threads at most; all that there are where it is absent.
        start: of the range.
    """
    pieces = -(-(total - start) // step)
    helpers = min(available() if most is None else most, pieces) - 1
    starts = iter(range(start, total, step))
    if helpers < 1 or is_sharing():
        _work(run, starts, step, total, 0)
        return
    futures = [_helped(helpers, run, starts, step, total, i + 1) for i in range(helpers)]
    try:
        with _sharing():
            _work(run, starts, step, total, 0)
    finally:
        # Nobody may write into arrays that the caller takes for finished, or for free.
        errors = [future.exception() for future in futures if future is not None]
    for error in errors:
        if error is not None:
            raise error


def each_block(run: Callable[[slice, int], None], total: int, step: int) -> None:
    """Runs `run(block, number)` for each block of `step` of a range, on several threads."""

    def piece(start: int, stop: int, place: int) -> None:
        run(slice(start, stop), start // step)

    share(piece, total, step)


def add_in_order(parts: Mapping[int, np.ndarray], out: np.ndarray) -> None:
    """Writes the sum of what numbered pieces found, the same whichever was done first."""
    out[...] = 0
    for number in sorted(parts):
        out += parts[number]


def _work(run: Piece, starts: Iterator[int], step: int, total: int, place: int) -> None:
    for start in starts:
        run(start, min(start + step, total), place)


def _helped(
    helpers: int, run: Piece, starts: Iterator[int], step: int, total: int, place: int
) -> Future[None] | None:
    """Starts a helping thread; None where the interpreter is ending and takes no more of them."""
    try:
        return _pool(max(helpers, available() - 1)).submit(_help, run, starts, step, total, place)
    except RuntimeError:
        return None


def _help(run: Piece, starts: Iterator[int], step: int, total: int, place: int) -> None:
    with _sharing(), np.errstate(all="ignore"):
        _work(run, starts, step, total, place)


@contextmanager
def _sharing() -> Iterator[None]:
    """Within it, work that would be shared out is done in this thread."""
    _here.is_sharing = True
    try:
        yield
    finally:
        _here.is_sharing = False


def _pool(helpers: int) -> ThreadPoolExecutor:
    """Threads that wait for work; a pool that has as many as this or more."""
    with _making:
        for size, pool in _pools.items():
            if size >= helpers:
                return pool
        pool = _pools[helpers] = ThreadPoolExecutor(helpers, "keras_numpy")
        return pool


def _forget_threads() -> None:
    """A fork has the pools' records, but none of their threads."""
    global _making
    _pools.clear()
    _making = Lock()
    _here.is_sharing = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
