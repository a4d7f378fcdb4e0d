"""Ranks that MPI started, by mpi4py."""

from __future__ import annotations

import atexit
import pickle
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.ranks import World

# Arrays up to so many bytes travel together in one message; larger ones go by themselves, in pieces
# that caches hold.
_SMALL = 1 << 16
_PIECE = 1 << 22

# How long a wait is spent without a rest, and how often those that left are looked for, in seconds.
_BUSY = 0.002
_LOOK = 1.0

# The tag of the message of a rank that has come to its end.
_LEFT = 1

# What MPI's own arithmetic does not know goes as something that it does.
_SENT_AS = {"float16": "float32"}


class Ranks(World):
    """The ranks of MPI's world.

    Args:
        mpi: the module `mpi4py.MPI`.

    Attributes:
        messages: number of messages of `sums` so far.
        bytes: number of their bytes.
    """

    def __init__(self, mpi: Any) -> None:
        self._mpi = mpi
        self._comm = mpi.COMM_WORLD.Dup()
        self._notices = mpi.COMM_WORLD.Dup()
        machine = mpi.COMM_WORLD.Split_type(mpi.COMM_TYPE_SHARED)
        self.rank, self.size = self._comm.rank, self._comm.size
        self.local_rank, self.local_size = machine.rank, machine.size
        self.messages = self.bytes = 0
        self._left: set[int] = set()
        atexit.register(self._leave)

    # Sums

    def sums(
        self, arrays: Sequence[np.ndarray], into: Sequence[np.ndarray] | None = None
    ) -> list[np.ndarray]:
        results = [np.empty(x.shape, x.dtype) for x in arrays] if into is None else list(into)
        packs = _packs(arrays)
        requests = [request for pack in packs for request in self._begun(pack.flat, pack.flat)]
        for x, y in zip(arrays, results):
            if not _is_packed(x):
                requests += self._begun(np.ascontiguousarray(x).reshape(-1), y.reshape(-1))
        for request in requests:
            self._wait(request)
        for pack in packs:
            pack.laid_out(results)
        return results

    def _begun(self, sent: np.ndarray, received: np.ndarray) -> list[Any]:
        """Requests of the sum of a flat array, which takes its own place where both are one."""
        length = _PIECE // sent.itemsize
        parts = [slice(start, start + length) for start in range(0, sent.size, length)]
        self.messages += len(parts)
        self.bytes += sent.nbytes
        return [
            self._comm.Iallreduce(
                self._mpi.IN_PLACE if sent is received else sent[part], received[part]
            )
            for part in parts
        ]

    # Values

    def joined(self, array: np.ndarray) -> np.ndarray:
        array = np.ascontiguousarray(array)
        counts = self.gathered(len(array))
        whole = np.empty((sum(counts), *array.shape[1:]), array.dtype)
        row = int(np.prod(array.shape[1:])) * array.itemsize
        self._gather(_bytes_of(array), _bytes_of(whole), [count * row for count in counts])
        return whole

    def gathered(self, value: Any) -> list[Any]:
        data = pickle.dumps(value)
        lengths = np.empty(self.size, np.int64)
        self._wait(self._comm.Iallgather(np.array([len(data)], np.int64), lengths))
        whole = np.empty(int(lengths.sum()), np.uint8)
        self._gather(np.frombuffer(data, np.uint8), whole, lengths.tolist())
        parts = np.split(whole, np.cumsum(lengths)[:-1])
        return [pickle.loads(part.tobytes()) for part in parts]

    def _gather(self, own: np.ndarray, whole: np.ndarray, sizes: list[int]) -> None:
        """Lays the bytes of all ranks one after the other."""
        byte = self._mpi.BYTE
        places = [sum(sizes[:i]) for i in range(self.size)]
        self._wait(self._comm.Iallgatherv([own, byte], [whole, sizes, places, byte]))

    def from_rank(self, root: int, value: Any) -> Any:
        is_root = self.rank == root
        data = np.frombuffer(pickle.dumps(value), np.uint8) if is_root else None
        length = np.array([0 if data is None else data.size], np.int64)
        self._wait(self._comm.Ibcast(length, root))
        whole = np.empty(int(length[0]), np.uint8) if data is None else data.copy()
        self._wait(self._comm.Ibcast(whole, root))
        return value if is_root else pickle.loads(whole.tobytes())

    def wait(self) -> None:
        self._wait(self._comm.Ibarrier())

    # Waiting, and the end

    def _wait(self, request: Any) -> None:
        """Waits for the others, unless one of them has come to its end."""
        begun = time.perf_counter()
        look = begun + _LOOK
        while not request.Test():
            now = time.perf_counter()
            if now - begun > _BUSY:
                time.sleep(0.0001)
            if now > look:
                self._refuse_to_wait_in_vain()
                look = now + _LOOK

    def _refuse_to_wait_in_vain(self) -> None:
        self._take_notices()
        if self._left:
            raise RuntimeError(
                f"rank {min(self._left)} has come to its end while rank {self.rank} waits for it. "
                "All ranks have to make the same calls of fit, evaluate, predict and save."
            )

    def _take_notices(self) -> None:
        status = self._mpi.Status()
        while self._notices.Iprobe(self._mpi.ANY_SOURCE, _LEFT, status):
            self._notices.recv(source=status.Get_source(), tag=_LEFT)
            self._left.add(status.Get_source())

    def _leave(self) -> None:
        """Tells the others that this rank makes no more calls, and waits for their end."""
        if self._mpi.Is_finalized():
            return
        others = [rank for rank in range(self.size) if rank != self.rank]
        told = [self._notices.isend(None, other, _LEFT) for other in others]
        end = self._notices.Ibarrier()
        while not end.Test():
            self._take_notices()
            time.sleep(0.01)
        while len(self._left) < len(others):
            self._take_notices()
        self._mpi.Request.Waitall(told)

    def abort(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self._mpi.COMM_WORLD.Abort(1)


class _Pack:
    """Small arrays side by side, of a dtype in which MPI adds.

    Args:
        arrays: the arrays by their place among all.
        dtype: that dtype.
    """

    def __init__(self, arrays: dict[int, np.ndarray], dtype: Any) -> None:
        self._arrays = arrays
        self.flat = np.concatenate([x.reshape(-1) for x in arrays.values()], dtype=dtype)

    def laid_out(self, results: Sequence[np.ndarray]) -> None:
        """Puts what lies in the place of each array into the result of the same place."""
        start = 0
        for i, x in self._arrays.items():
            results[i][...] = self.flat[start : start + x.size].reshape(x.shape)
            start += x.size


def _packs(arrays: Sequence[np.ndarray]) -> list[_Pack]:
    groups: dict[str, dict[int, np.ndarray]] = {}
    for i, x in enumerate(arrays):
        if _is_packed(x):
            groups.setdefault(_SENT_AS.get(x.dtype.name, x.dtype.name), {})[i] = x
    return [_Pack(group, dtype) for dtype, group in groups.items()]


def _is_packed(x: np.ndarray) -> bool:
    return x.nbytes <= _SMALL or x.dtype.name in _SENT_AS


def _bytes_of(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1).view(np.uint8)
