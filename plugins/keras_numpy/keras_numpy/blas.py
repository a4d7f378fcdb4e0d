"""Who gets the cores within products: BLAS's own threads, or ours, with a product each.

Where products are many and what lies around them (copies of windows) would leave the other cores
idle, each of our threads does products of its own, and BLAS has one thread for each of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

from keras_core.once import Once
from keras_numpy.threads import Piece, share


def share_products(run: Piece, total: int, step: int) -> None:
    """As `threads.share`, for pieces that contain products of matrices.

    A single piece has BLAS's threads to itself. Else they are not used, however many threads we
    have: two of BLAS's round otherwise than one.
    """
    if total <= step:
        share(run, total, step)
        return
    with _one_thread():
        share(run, total, step)


class _Limit:
    """How many of our calls want BLAS to have one thread, and how many threads it had before."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.wanted = 0
        self.before: list[int] = []

    def enter(self, libraries: list[Any]) -> None:
        with self.lock:
            if not self.wanted:
                self.before = [library.num_threads for library in libraries]
                for library in libraries:
                    library.set_num_threads(1)
            self.wanted += 1

    def leave(self, libraries: list[Any]) -> None:
        with self.lock:
            self.wanted -= 1
            if not self.wanted:
                for library, count in zip(libraries, self.before):
                    library.set_num_threads(count)


_limit = _Limit()


@Once
def _libraries() -> list[Any]:
    found = ThreadpoolController().lib_controllers
    return [library for library in found if library.user_api == "blas"]


@contextmanager
def _one_thread() -> Iterator[None]:
    libraries = _libraries()
    _limit.enter(libraries)
    try:
        yield
    finally:
        _limit.leave(libraries)


def _forget_calls() -> None:
    """In a fork none of the calls that were under way goes on."""
    global _limit
    wanted, before = _limit.wanted, _limit.before
    _limit = _Limit()
    if wanted:
        for library, count in zip(_libraries(), before):
            library.set_num_threads(count)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_calls)
