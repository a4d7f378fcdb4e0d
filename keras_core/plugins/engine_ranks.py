"""Ranks whose messages an engine carries, by collective operations of its own."""

from __future__ import annotations

import atexit
import pickle
import socket
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from keras_core.plugins.lifeline import Lifeline, end_now
from keras_core.ranks import SAME_CALLS, World, calls, shown_sums, told_difference

Data = bytes  # which is the name of a number below

# How long the end of another rank, of which an error may come, has time to be told.
_TO_BE_TOLD = 1.0

_SHOWN = 500  # bytes of what is told of a call


class EngineRanks(World):
    """The processes that an engine knows of.

    A subclass gives `total` and `new_sums`.

    Args:
        rank: number of this process, from 0.
        size: number of processes.

    Attributes:
        messages: number of messages of `sums` so far.
        bytes: number of their bytes.
    """

    messages = 0
    bytes = 0

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size
        self._lifeline: Lifeline | None = None
        machines = self.gathered(socket.gethostname())
        self.local_rank = machines[:rank].count(machines[rank])
        self.local_size = machines.count(machines[rank])
        self._lifeline = Lifeline(self)
        atexit.register(self._lifeline.leave)

    def new_sums(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The sums over all ranks of arrays, as new ones."""
        raise NotImplementedError

    def sums(
        self, arrays: Sequence[np.ndarray], into: Sequence[np.ndarray] | None = None
    ) -> list[np.ndarray]:
        # What a process that is alone does puts them into their places.
        return super().sums(self.new_sums(arrays), into)

    def total(self, array: np.ndarray) -> np.ndarray:
        """The sum over all ranks of an array of whole numbers of 64 bits, of equal shapes."""
        raise NotImplementedError

    @contextmanager
    def summing(self, arrays: Sequence[Any]) -> Iterator[None]:
        """Around sums of arrays, so that those who wait for others in vain are told."""
        shown = shown_sums(arrays)
        with self._operation(f"{shown} {_digest(arrays)}", f"{calls()} ({shown})"):
            yield

    def marks(self, arrays: Sequence[Any], dtype: Any) -> np.ndarray:
        """What travels beside arrays, in their dtype, so that sums of others are told from theirs.

        They are small whole numbers, which are exact in each dtype also when they are added up.
        """
        digest = _digest(arrays)
        return np.array([digest >> shift & 0xFFF for shift in (0, 12, 24)]).astype(dtype)

    def check_marks(self, own: np.ndarray, total: np.ndarray) -> None:
        """Compares marks with their sum over all ranks.

        Raises:
            RuntimeError: another rank has added something else.
        """
        if (total != own * own.dtype.type(self.size)).any():
            raise RuntimeError(
                f"The ranks do not make the same calls: rank {self.rank} adds up what another one "
                f"does not, in {calls()}. {SAME_CALLS}"
            )

    def gathered(self, value: Any) -> list[Any]:
        return [pickle.loads(data) for data in self._data("the values of all ranks", value)]

    def from_rank(self, root: int, value: Any) -> Any:
        sent = value if self.rank == root else None
        data = self._data(f"a value of rank {root}", sent, only=root)
        return value if self.rank == root else pickle.loads(data[0])

    def joined(self, array: np.ndarray) -> np.ndarray:
        return np.concatenate(self.gathered(array))

    def wait(self) -> None:
        self._meet("a wait for all")

    def abort(self) -> None:
        """Ends this process, which the others see."""
        time.sleep(_TO_BE_TOLD)
        end_now()

    def _data(self, what: str, value: Any, only: int | None = None) -> list[Data]:
        """Pickles of all ranks' values, or of that of one alone."""
        data = pickle.dumps(value)
        lengths = self._meet(what, len(data))
        if only is None:
            return self._rows(data, lengths, self.rank, what)
        own = data if self.rank == only else b""
        return self._rows(own, [lengths[only]], 0, what)

    def _meet(self, what: str, length: int = 0) -> list[int]:
        """Waits until all ranks have come to the same operation.

        Args:
            what: the operation.
            length: of what this rank sends in it.

        Returns:
            The lengths of all ranks.

        Raises:
            RuntimeError: on all ranks, which have come to different ones.
        """
        shown = f"{calls()} ({what})"
        table = np.zeros((self.size, 2), np.int64)
        table[self.rank] = zlib.crc32(shown.encode()), length
        with self._operation(shown, shown):
            table = self.total(table)
        if (table[:, 0] != table[0, 0]).any():
            texts = self._rows(shown.encode()[:_SHOWN], [_SHOWN] * self.size, self.rank, what)
            told = [text.decode(errors="replace").rstrip("\0") for text in texts]
            raise RuntimeError(told_difference(dict(enumerate(told))))
        return [int(length) for length in table[:, 1]]

    def _rows(self, data: Data, lengths: Sequence[int], own: int, what: str) -> list[Data]:
        """Data of several ranks: where all but one have zeros, the sum is what that one has."""
        words = max(-(-length // 8) for length in lengths)
        table = np.zeros((len(lengths), words), np.int64)
        table.view(np.uint8)[own, : len(data)] = np.frombuffer(data, np.uint8)
        with self._operation(f"data of {what}", f"{calls()} ({what})"):
            table = self.total(table)
        return [row.tobytes()[:length] for row, length in zip(table, lengths)]

    @contextmanager
    def _operation(self, key: str, shown: str) -> Iterator[None]:
        if self._lifeline is None:  # while all get to know each other
            yield
            return
        with self._lifeline.operation(key, shown):
            yield


def _digest(arrays: Sequence[Any]) -> int:
    """What tells sums of such arrays from others, on each rank alike."""
    return zlib.crc32(repr([(tuple(x.shape), str(x.dtype)) for x in arrays]).encode())
