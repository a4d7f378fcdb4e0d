"""Ranks that MPI started, by mpi4py."""

from __future__ import annotations

import atexit
import os
import pickle
import sys
import time
import zlib
from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from keras_core.distribute.progress import Progress
from keras_core.distribute.watch import Watch
from keras_core.ranks import PATIENCE, At, World, calls, part_of, shown_sums, told_difference

# Arrays up to so many bytes travel together in one message; larger ones go by themselves, in pieces
# that caches hold.
_SMALL = 1 << 16
_PIECE = 1 << 22

# How long a wait is spent without a rest, in seconds.
_BUSY = 0.002

# How long the launcher is given to pass on what was written, before all processes end.
_TO_BE_READ = 0.2

# For how many kinds of messages there are communicators at a time.
_MOST_CHANNELS = 256

# What MPI's own arithmetic does not know goes as something that it does: float16 as float32. These
# are NumPy's letters, since the name of a dtype takes microseconds.
_SENT_AS = {"e": "f"}


class Ranks(World):
    """The ranks of MPI's world.

    Args:
        mpi: the module `mpi4py.MPI`.

    Attributes:
        messages: number of messages of sums and of rows so far.
        bytes: number of their bytes.
    """

    def __init__(self, mpi: Any) -> None:
        self._mpi = mpi
        self._comm = mpi.COMM_WORLD.Dup()
        self._watch = Watch(mpi)
        machine = mpi.COMM_WORLD.Split_type(mpi.COMM_TYPE_SHARED)
        self.rank, self.size = self._comm.rank, self._comm.size
        self.local_rank, self.local_size = machine.rank, machine.size
        # Within a machine the processors that compute carry the messages too.
        self.sends_meanwhile = (
            self.local_size < self.size and mpi.Query_thread() == mpi.THREAD_MULTIPLE
        )
        # Between machines the rows would take longer than the work that they save.
        self.shares_updates = 1 < self.size == self.local_size
        self.messages = self.bytes = 0
        self._progress = Progress(self._comm)
        self._number = 0
        self._at = At(0, "", "")
        self._under_way: dict[int, tuple[At, list[Any]]] = {}
        self._broken = ""
        self._channels: dict[tuple[Any, ...], tuple[Any, str, str]] = {}
        self._rows: dict[int, Any] = {}
        self._process = os.getpid()
        atexit.register(self._leave)

    # Sums

    def sums(
        self, arrays: Sequence[np.ndarray], into: Sequence[np.ndarray] | None = None
    ) -> list[np.ndarray]:
        results = [np.empty(x.shape, x.dtype) for x in arrays] if into is None else list(into)
        self._begun_sums(arrays, results)()
        return results

    def begin(
        self, arrays: Sequence[np.ndarray], into: Sequence[np.ndarray]
    ) -> Callable[[], object]:
        finish = self._begun_sums(arrays, into)
        self._progress.begun()

        def end() -> None:
            finish()
            self._progress.ended()

        return end

    def begin_rows(
        self, arrays: Sequence[np.ndarray], into: Sequence[np.ndarray]
    ) -> Callable[[], object]:
        if any(x.dtype.char in _SENT_AS for x in arrays):
            return self.begin(arrays, into)
        ends = [self._begun_sum_of_rows(x, y) for x, y in zip(arrays, into)]

        def end() -> None:
            for end_one in ends:
                end_one()

        return end

    def _begun_sum_of_rows(self, array: np.ndarray, into: np.ndarray) -> Callable[[], None]:
        layout = "sums of rows", array.shape, array.dtype.char
        channel, at = self._channel(layout, f"sums of rows of {array.dtype} {array.shape}")
        sent, parts = np.ascontiguousarray(array), self._parts(array)
        row = array[0].size
        counts = [(part.stop - part.start) * row for part in parts]
        self.messages += 1
        self.bytes += (sum(counts) - counts[self.rank]) * array.itemsize
        own = into[parts[self.rank]].reshape(-1)
        return self._begun(at, [channel.Ireduce_scatter(sent.reshape(-1), own, counts)])

    def _parts(self, array: np.ndarray) -> list[slice]:
        """The rows of each rank."""
        return [part_of(len(array), rank, self.size) for rank in range(self.size)]

    def _begun_sums(
        self, arrays: Sequence[np.ndarray], results: Sequence[np.ndarray]
    ) -> Callable[[], None]:
        layout = tuple((x.shape, x.dtype.char) for x in arrays)
        channel, at = self._channel(layout, shown_sums(arrays))
        packs = _packs(arrays)
        sent = [(pack.flat, pack.flat) for pack in packs]
        sent += [
            (np.ascontiguousarray(x).reshape(-1), y.reshape(-1))
            for x, y in zip(arrays, results)
            if not _is_packed(x)
        ]
        requests = [request for pair in sent for request in self._added(channel, *pair)]
        end = self._begun(at, requests)

        def finish() -> None:
            end()
            for pack in packs:
                pack.laid_out(results)

        return finish

    def _channel(self, layout: Any, what: str) -> tuple[Any, At]:
        """A communicator for messages of one layout alone, with which no others can be mixed up,
        and the next operation, which is such a message."""
        if layout not in self._channels:
            self._channels[layout] = self._opened(layout, what)
        channel, key, shown = self._channels[layout]
        return channel, self._next(key, f"{calls()} ({shown})")

    def _next(self, key: str, shown: str) -> At:
        """The next operation.

        Raises:
            RuntimeError: an earlier one was in vain, so that this one would be too.
        """
        if self._broken:
            raise RuntimeError(self._broken)
        self._number += 1
        return At(self._number, key, shown)

    def _opened(self, layout: Any, shown: str) -> tuple[Any, str, str]:
        """A new communicator, what tells it from others, and that in words."""
        key = f"{shown} {zlib.crc32(repr(layout).encode()):08x}"
        self._meet(f"the first {shown}", key)
        if len(self._channels) == _MOST_CHANNELS:
            for channel, *_ in self._channels.values():
                channel.Free()
            self._channels.clear()
        channel, request = self._comm.Idup()
        self._wait(request)
        return channel, key, shown

    def _added(self, channel: Any, sent: np.ndarray, received: np.ndarray) -> list[Any]:
        """Requests of the sum of a flat array, which takes its own place where both are one."""
        length = _PIECE // sent.itemsize
        parts = [slice(start, start + length) for start in range(0, sent.size, length)]
        self.messages += len(parts)
        self.bytes += sent.nbytes
        return [
            channel.Iallreduce(
                self._mpi.IN_PLACE if sent is received else sent[part], received[part]
            )
            for part in parts
        ]

    # Values

    def spread(self, arrays: Sequence[np.ndarray]) -> None:
        wholes = [np.ascontiguousarray(array) for array in arrays]
        for end in [self._begun_rows(whole) for whole in wholes]:
            end()
        for array, whole in zip(arrays, wholes):
            if array is not whole:
                array[...] = whole

    def _begun_rows(self, whole: np.ndarray) -> Callable[[], None]:
        """Begins to get the rows that other ranks have; what is returned ends that."""
        layout = "rows", whole.shape, whole.dtype.char
        channel, at = self._channel(layout, f"rows of {whole.dtype} {whole.shape}")
        parts = self._parts(whole)
        counts = [part.stop - part.start for part in parts]
        places = [part.start for part in parts]
        self.messages += 1
        self.bytes += counts[self.rank] * whole[0].nbytes
        received = [_bytes_of(whole), counts, places, self._row_of(whole)]
        return self._begun(at, [channel.Iallgatherv(self._mpi.IN_PLACE, received)])

    def _row_of(self, array: np.ndarray) -> Any:
        """MPI's type of a row."""
        size = array[0].nbytes
        if size not in self._rows:
            self._rows[size] = self._mpi.BYTE.Create_contiguous(size).Commit()
        return self._rows[size]

    def joined(self, array: np.ndarray) -> np.ndarray:
        array = np.ascontiguousarray(array)
        shapes = self.gathered((array.shape, array.dtype.str))
        _check_rows(shapes)
        counts = [shape[0] for shape, _ in shapes]
        whole = np.empty((sum(counts), *array.shape[1:]), array.dtype)
        row = int(np.prod(array.shape[1:])) * array.itemsize
        byte, sizes = self._mpi.BYTE, [count * row for count in counts]
        places = [sum(sizes[:i]) for i in range(self.size)]
        own = [_bytes_of(array), byte]
        self._wait(self._comm.Iallgatherv(own, [_bytes_of(whole), sizes, places, byte]))
        return whole

    def gathered(self, value: Any) -> list[Any]:
        data = pickle.dumps(value)
        longest = self._meet("the values of all ranks", length=len(data))
        return [pickle.loads(part) for part in self._gather(data, longest)]

    def _gather(self, data: bytes, length: int) -> list[bytes]:
        """What all ranks have, which is filled up to a length."""
        own = np.frombuffer(data.ljust(length, b"\0"), np.uint8)
        whole = np.empty((self.size, length), np.uint8)
        self._wait(self._comm.Iallgather(own, whole))
        return [part.tobytes() for part in whole]

    def from_rank(self, root: int, value: Any) -> Any:
        is_root = self.rank == root
        data = np.frombuffer(pickle.dumps(value), np.uint8).copy() if is_root else None
        length = self._meet(f"a value of rank {root}", length=0 if data is None else data.size)
        whole = np.empty(length, np.uint8) if data is None else data
        self._wait(self._comm.Ibcast(whole, root))
        return value if is_root else pickle.loads(whole.tobytes())

    def wait(self) -> None:
        self._meet("a wait for all")

    # Waiting, and the end

    def _meet(self, what: str, key: str = "", length: int = 0) -> int:
        """Waits until all ranks have come to the same operation.

        Args:
            what: the operation.
            key: what tells it from others, on each rank alike; by default the calls around it too.
            length: of what this rank sends in it.

        Returns:
            The greatest of the ranks' lengths.

        Raises:
            RuntimeError: on all ranks, which have come to different ones.
        """
        shown = f"{calls()} ({what})"
        self._at = self._next(key or shown, shown)
        digest = zlib.crc32(self._at.key.encode())
        most = np.empty(3, np.int64)
        sent = np.array([digest, -digest, length], np.int64)
        self._wait(self._comm.Iallreduce(sent, most, self._mpi.MAX))
        if most[0] != -most[1]:
            texts = [text.decode().rstrip("\0") for text in self._gather(shown.encode()[:500], 500)]
            raise RuntimeError(told_difference(dict(enumerate(texts))))
        return int(most[2])

    def _begun(self, at: At, requests: list[Any]) -> Callable[[], None]:
        """What ends an operation. Until then its requests are kept, and with them the memory that
        MPI reads and writes, whatever breaks off the work."""
        self._under_way[at.number] = at, requests

        def end() -> None:
            for request in requests:
                self._wait(request)
            self._under_way.pop(at.number, None)

        return end

    def _oldest(self) -> At:
        """The first operation that others keep this rank from ending."""
        for number, (at, requests) in list(self._under_way.items()):
            if not all(request.Test() for request in requests):
                return at
            del self._under_way[number]
        return self._at

    def _wait(self, request: Any) -> None:
        """Waits for the others.

        Raises:
            RuntimeError: that is in vain, and so is all that comes after it.
        """
        begun = time.perf_counter()
        look = begun + PATIENCE
        while not request.Test():
            now = time.perf_counter()
            if now - begun > _BUSY:
                time.sleep(0.0001)
            if now > look:
                self._look()
                look = now + PATIENCE

    def _look(self) -> None:
        try:
            self._watch.look(self._oldest())
        except RuntimeError as error:
            self._broken = str(error)
            raise

    def _leave(self) -> None:
        """Tells the others that this rank makes no more calls, and waits for their end."""
        # A process that was forked from this one has none of its connections.
        if self._process == os.getpid() and not self._mpi.Is_finalized():
            self._progress.stop()
            self._watch.leave(self._number)

    def abort(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        time.sleep(_TO_BE_READ)
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
            groups.setdefault(_SENT_AS.get(x.dtype.char, x.dtype.char), {})[i] = x
    return [_Pack(group, dtype) for dtype, group in groups.items()]


def _is_packed(x: np.ndarray) -> bool:
    return x.nbytes <= _SMALL or x.dtype.char in _SENT_AS


def _check_rows(shapes: Sequence[tuple[tuple[int, ...], str]]) -> None:
    """Refuses rows of different shapes or dtypes.

    Raises:
        ValueError: there are such.
    """
    for rank, (shape, dtype) in enumerate(shapes):
        if (shape[1:], dtype) != (shapes[0][0][1:], shapes[0][1]):
            raise ValueError(
                f"Rows of rank 0 have the shape {shapes[0][0][1:]} and the dtype {shapes[0][1]}, "
                f"those of rank {rank} {shape[1:]} and {dtype}; they have to be equal."
            )


def _bytes_of(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1).view(np.uint8)
