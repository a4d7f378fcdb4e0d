"""What the next step is fed, gathered by a thread while the present step runs."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Callable, NamedTuple


class Piece(NamedTuple):
    """Rows of the data, from `start` up to `stop`."""

    start: int
    stop: int


class Ahead:
    """Has pieces gathered in one thread, each before it is asked for.

    A thread is started when the first piece is wanted ahead; `stop` ends it.

    Args:
        gather: function of a Piece that gives its rows. What it raises, `take` raises.
    """

    def __init__(self, gather: Callable[[Piece], Any]) -> None:
        self._gather = gather
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0
        self._next: tuple[Piece, Future[Any]] | None = None

    def take(self, piece: Piece, following: Piece) -> Any:
        """The rows of a piece; those of the following one are gathered from now on.

        Args:
            piece: what is needed now.
            following: what will be needed next; an empty piece if nothing will.
        """
        if self._process != os.getpid():  # a fork has none of the threads
            self._pool = self._next = None
        expected, self._next = self._next, None
        is_here = expected is not None and expected[0] == piece
        rows = expected[1].result() if expected and is_here else self._gather(piece)
        if following.start < following.stop:
            self._begin(following)
        return rows

    def _begin(self, piece: Piece) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "keras_core_batches")
            self._process = os.getpid()
        try:
            self._next = piece, self._pool.submit(self._gather, piece)
        except RuntimeError:
            """The interpreter is ending and takes no more threads; `take` gathers by itself."""

    def forget(self) -> None:
        """Drops what has been gathered for an order of rows that holds no longer."""
        self._next = None

    def stop(self) -> None:
        """Ends the thread, when it is done with its piece."""
        pool, self._pool, self._next = self._pool, None, None
        if pool is not None:
            pool.shutdown()
