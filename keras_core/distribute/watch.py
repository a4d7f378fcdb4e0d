"""Who of the ranks waits for what, so that none waits in vain.

All ranks do the same operations in the same order, and each operation waits for all of them. So
those who wait in operations of one number wait for each other: where these differ, all would wait
for ever. A rank that has waited for a while tells the first one where it is; the first one, when it
waits itself, compares, and tells all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from keras_core.ranks import At, told_end, verdict

_REPORT, _VERDICT = 1, 2


class Watch:
    """What the ranks tell each other while they wait.

    Args:
        mpi: the module `mpi4py.MPI`.
    """

    def __init__(self, mpi: Any) -> None:
        self._mpi = mpi
        self._comm = mpi.COMM_WORLD.Dup()
        self._rank, self._size = self._comm.rank, self._comm.size
        self._reported = 0
        self._places: dict[int, At] = {}
        self._left: dict[int, At] = {}
        self._sent: list[Any] = []

    def look(self, at: At) -> None:
        """Called now and then by a rank that waits.

        Raises:
            RuntimeError: it waits in vain, since another rank does something else.
        """
        if self._rank:
            if self._reported != at.number:
                self._reported = at.number
                self._send(at, 0, _REPORT)
            for _, told in self._received(_VERDICT):
                raise RuntimeError(told)
            return
        self._take_reports()
        told = verdict({**self._places, 0: at}, self._left)
        if told is not None:
            self._tell(told)
            raise RuntimeError(told)

    def _take_reports(self) -> None:
        for rank, at in self._received(_REPORT):
            places = self._places if at.key else self._left
            places[rank] = at

    def _tell(self, told: str) -> None:
        for rank in range(1, self._size):
            self._send(told, rank, _VERDICT)

    def leave(self, number: int) -> None:
        """Tells that this rank makes no more calls, and waits for the end of all.

        Args:
            number: how many operations it has done.
        """
        if self._rank:
            self._send(At(number, "", "the end"), 0, _REPORT)
        end = self._comm.Ibarrier()
        while not end.Test() or (not self._rank and len(self._left) < self._size - 1):
            self._answer(number)
            time.sleep(0.01)

    def _answer(self, number: int) -> None:
        """Tells ranks that wait for the first one, which has come to its end."""
        if self._rank:
            return
        self._take_reports()
        for rank, at in self._places.items():
            if at.number > number:
                self._send(told_end(0, rank, at.shown), rank, _VERDICT)
        self._places.clear()

    def _send(self, what: Any, rank: int, tag: int) -> None:
        self._sent = [request for request in self._sent if not request.Test()]
        self._sent.append(self._comm.isend(what, rank, tag))

    def _received(self, tag: int) -> Iterator[tuple[int, Any]]:
        """Messages that have come, each with the rank that sent it."""
        status = self._mpi.Status()
        while self._comm.Iprobe(self._mpi.ANY_SOURCE, tag, status):
            source = status.Get_source()
            yield source, self._comm.recv(source=source, tag=tag)
