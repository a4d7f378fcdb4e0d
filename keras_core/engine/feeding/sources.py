"""Batches: what each step of an epoch is fed, from arrays, repeated data or generators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Callable

import numpy as np

# Arrays of fewer bytes are shuffled whole once an epoch, so that their batches are mere views.
_SHUFFLED_AT_ONCE = 1 << 26

# An epoch of fewer batches is not worth the making of a program that does several steps. The limit
# on a group lets progress be seen.
_LEAST_GROUPED = 32
_MOST_GROUPED = 64

Batch = Any


def make_batches(size: int, batch_size: int) -> list[tuple[int, int]]:
    """Where batches begin and end, the last one maybe smaller.

    Args:
        size: number of samples.
        batch_size: number of samples in a batch.
    """
    return [(start, min(size, start + batch_size)) for start in range(0, size, batch_size)]


def batch_shuffle(index_array: np.ndarray, batch_size: int) -> np.ndarray:
    """Shuffles whole batches: their order changes, their contents do not.

    The samples after the last whole batch stay at the end.

    Args:
        index_array: indices of samples, `(samples,)`.
        batch_size: number of samples in a batch.
    """
    whole = len(index_array) // batch_size * batch_size
    batches = index_array[:whole].reshape(-1, batch_size).copy()
    np.random.shuffle(batches)
    return np.append(batches.ravel(), index_array[whole:])


class Source:
    """Where the batches of an epoch come from.

    Attributes:
        samples: number of samples, None if it is not known.
        steps: number of batches in an epoch.
    """

    samples: int | None = None
    steps: int

    def begin(self) -> None:
        """Starts an epoch."""

    def take(self) -> tuple[int, Batch]:
        """The number of samples and what to feed of the next batch."""
        raise NotImplementedError(f"{type(self).__name__} has to define take().")

    def groups(self) -> list[int]:
        """How many of an epoch's steps may be done in each call, if several can; one by default."""
        return [1] * self.steps

    def take_group(self, count: int) -> tuple[int, Batch]:
        """The size of each of the next `count` batches, and what to feed of all, stacked."""
        raise NotImplementedError(f"{type(self).__name__} has to define take_group().")

    def finish(self) -> None:
        """Called after an epoch, unless training ends with it by a stop."""


class ArrayBatches(Source):
    """Arrays cut into batches, shuffled anew for every epoch if asked for.

    Args:
        arrays: arrays with equal numbers of samples, fed together.
        batch_size: number of samples in a batch.
        shuffle: True shuffles samples, `'batch'` whole batches.
    """

    def __init__(self, arrays: Sequence[Any], batch_size: int, shuffle: Any = False) -> None:
        self.arrays = list(arrays)
        self.samples = int(arrays[0].shape[0])
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.steps = -(-self.samples // batch_size)
        # NumPy shuffles in place, so the orders of later epochs follow from those before.
        self._order = np.arange(self.samples)

    def begin(self) -> None:
        self._start = 0
        if not self.shuffle:
            self._cut = self._slices(self.arrays)
            return
        if self.shuffle == "batch":
            self._order = batch_shuffle(self._order, self.batch_size)
        else:
            np.random.shuffle(self._order)
        self._cut = self._gathered()

    def take(self) -> tuple[int, Batch]:
        start = self._start
        self._start = stop = min(start + self.batch_size, self.samples)
        return stop - start, self._cut(start, stop)

    def groups(self) -> list[int]:
        """Groups of equal numbers of whole batches, which share a program, and then the rest."""
        whole = self.samples // self.batch_size
        if whole < _LEAST_GROUPED or not all(isinstance(x, np.ndarray) for x in self.arrays):
            return super().groups()
        count = -(-whole // _MOST_GROUPED)
        size = whole // count
        return [size] * count + [1] * (self.steps - count * size)

    def take_group(self, count: int) -> tuple[int, Batch]:
        start = self._start
        self._start = stop = start + count * self.batch_size
        rows = self._cut(start, stop)
        return self.batch_size, [x.reshape(count, self.batch_size, *x.shape[1:]) for x in rows]

    def _gathered(self) -> Callable[[int, int], Batch]:
        in_memory = all(isinstance(x, np.ndarray) for x in self.arrays)
        if in_memory and sum(x.nbytes for x in self.arrays) <= _SHUFFLED_AT_ONCE:
            return self._slices([np.take(x, self._order, axis=0) for x in self.arrays])
        order = self._order
        return lambda start, stop: [_rows(x, order[start:stop]) for x in self.arrays]

    @staticmethod
    def _slices(arrays: Sequence[Any]) -> Callable[[int, int], Batch]:
        return lambda start, stop: [x[start:stop] for x in arrays]


def _rows(array: Any, indices: np.ndarray) -> np.ndarray:
    """Rows in the given order, also of files that only read increasing ones."""
    if isinstance(array, np.ndarray):
        return np.take(array, indices, axis=0)
    back = np.argsort(np.argsort(indices))
    return np.asarray(array[np.sort(indices).tolist()])[back]


class RepeatedBatch(Source):
    """The same arrays (or none) in every step.

    Args:
        arrays: what each step is fed.
        steps: number of steps in an epoch.
    """

    def __init__(self, arrays: Sequence[Any], steps: int) -> None:
        self.arrays = list(arrays)
        self.steps = steps

    def take(self) -> tuple[int, Batch]:
        # A step is what counts, so its size is 1.
        return 1, self.arrays


class GeneratedBatches(Source):
    """Batches out of an iterator, which goes on from epoch to epoch.

    Args:
        iterator: yields what the user's generator yields.
        steps: number of batches in an epoch.
        prepare: function of one of these that gives the number of samples and the batch to feed.
    """

    def __init__(
        self,
        iterator: Iterator[Any],
        steps: int,
        prepare: Callable[[Any], tuple[int, Batch]],
    ) -> None:
        self.iterator = iterator
        self.steps = steps
        self.prepare = prepare

    def take(self) -> tuple[int, Batch]:
        """The number of samples and the next batch.

        Raises:
            StopIteration: the iterator ended before the steps did.
        """
        return self.prepare(next(self.iterator))
