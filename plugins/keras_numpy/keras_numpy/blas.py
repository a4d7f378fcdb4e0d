"""Products of matrices on several threads of ours, while BLAS has one thread for each of them.

BLAS's own threads would leave the other cores idle in what lies between products, and go on waiting
for the next one, in the way of ours. So a program that shares most of its products out has BLAS
with one thread while it runs, and its large products are cut into pieces like all else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock, local
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from keras_numpy.threads import available, is_sharing, share

# Multiplications of a product from which on it is cut into pieces, and of a piece at least.
LARGE = 1 << 23
PIECE = 1 << 21
MOST_PIECES = 64


def is_large(m: int, k: int, n: int) -> bool:
    """Whether the product of an (m, k) and a (k, n) matrix is worth several threads."""
    return m * k * n >= LARGE


def product(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Writes the product of two matrices; in pieces where BLAS has one thread."""
    if getattr(_here, "has_one_thread", False) and not is_sharing():
        in_pieces(a, b, out)
    else:
        np.dot(a, b, out)


def in_pieces(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Writes the product of two matrices, in pieces of rows or of columns."""
    (rows, inner), columns = a.shape, b.shape[1]
    longer, other = max(rows, columns), min(rows, columns)
    step = max(-(-longer // MOST_PIECES), -(-PIECE // max(1, inner * other)))

    def some_rows(start: int, stop: int, place: int) -> None:
        np.matmul(a[start:stop], b, out[start:stop])

    def some_columns(start: int, stop: int, place: int) -> None:
        np.matmul(a, b[:, start:stop], out[:, start:stop])

    # In tens of rows, which BLAS works through at once.
    share(some_rows if rows >= columns else some_columns, longer, -(-step // 48) * 48)


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
_here = local()


@cache
def _libraries() -> list[Any]:
    found = ThreadpoolController().lib_controllers
    return [library for library in found if library.user_api == "blas"]


def limit_threads() -> None:
    """Gives BLAS no more threads than programs run on, if it took more when it was loaded."""
    for library in _libraries():
        if library.num_threads > available():
            library.set_num_threads(available())


@contextmanager
def one_thread() -> Iterator[None]:
    """While it lasts, BLAS has one thread for each product."""
    libraries, before = _libraries(), getattr(_here, "has_one_thread", False)
    _limit.enter(libraries)
    _here.has_one_thread = True
    try:
        yield
    finally:
        _here.has_one_thread = before
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
