"""Where the steps of an epoch get what they are fed: arrays, repeated data, or generators."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Callable

import numpy as np

from keras_core.engine.feeding.ahead import Ahead, Piece
from keras_core.engine.feeding.arrays import check_num_samples
from keras_core.engine.feeding.generators import (
    EngineBatches,
    is_sequence,
    iter_sequence_infinite,
    number_of_batches,
    ordered_infinite,
)
from keras_core.engine.options import Workers, number_of_steps
from keras_core.unbroken import Unbroken
from keras_core.utils import data_utils
from keras_core.utils.data_utils import BatchOrder, GeneratorEnqueuer, OrderedEnqueuer
from keras_core.warned import warn

# Arrays of fewer bytes are shuffled whole once an epoch, so that their batches are mere views.
_SHUFFLED_AT_ONCE = 1 << 26

# An epoch of fewer batches is not worth the making of a program that does several steps. The limit
# on a group lets progress be seen.
_LEAST_GROUPED = 32
_MOST_GROUPED = 64
_MOST_BYTES_GROUPED = 1 << 24

# Gathering fewer bytes takes no longer than handing them over from a thread.
_GATHERED_AHEAD = 1 << 20

# How a Sequence is iterated over that has no other way: by the numbers of its batches.
_BY_NUMBER = data_utils.Sequence.__iter__

Batch = Any
StepFunction = Callable[[Batch], Sequence[np.ndarray]]


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
    """Where the steps of an epoch get what they are fed; a context that has it made ahead.

    Args:
        step: function of a batch that does a step.
        steps: number of steps in an epoch.

    Attributes:
        samples: number of samples in an epoch, None if it is not known.
        described: what callbacks are told of the data among their `params`.
        shown: what callbacks find as `validation_data`.
        is_empty: whether the data have no samples.
        names_validation: whether callbacks are told names of validation in any case.
    """

    samples: int | None = None
    described: dict[str, Any]
    shown: list[Any] | None = None
    is_empty = False
    names_validation = False

    def __init__(self, step: StepFunction, steps: int) -> None:
        self.step = step
        self.steps = steps

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        """Has nothing to stop."""

    def begin(self, done: int = 0) -> None:
        """Starts an epoch, or goes on after `done` of its batches."""

    def state(self) -> dict[str, Any]:
        """What the batches still to come follow from, besides their number; for `resume`."""
        return {}

    def resume(self, state: dict[str, Any], epochs: int, done: int) -> None:
        """Goes on where a run was broken off; called before the context is entered.

        Args:
            state: what `state` gave then.
            epochs: number of epochs that were finished.
            done: number of batches that were done of the next one.
        """

    def take(self) -> tuple[int, Batch]:
        """The number of samples and what to feed of the next batch."""
        raise NotImplementedError(f"{type(self).__name__} has to define take().")

    def make_resumable(self) -> None:
        """Sees to it that `state` tells where the data are; a source of arrays always does."""

    def groups(self) -> list[int]:
        """How many of an epoch's steps may be done in each call, if several can; one by default."""
        return [1] * self.steps

    def take_group(self, count: int) -> tuple[int, Batch]:
        """The size of each of the next `count` batches, and what to feed of all, stacked."""
        raise NotImplementedError(f"{type(self).__name__} has to define take_group().")

    def grouped_step(self) -> StepFunction | None:
        """What does the steps of a group in one call, where that pays; else None."""
        return None

    def finish(self) -> None:
        """Called after an epoch, unless training ends with it by a stop."""


class ArraySource(Source):
    """Arrays cut into batches, shuffled anew for every epoch if asked for.

    Large batches of arrays in memory or mapped files are gathered by a thread, each while the step
    before it runs. So arrays that are changed within an epoch may be read before or after that.

    Args:
        step: function of a list of arrays that does a step.
        arrays: arrays with equal numbers of samples, fed together.
        batch_size: number of samples in a batch, 32 by default.
        shuffle: True shuffles samples, `'batch'` whole batches.
    """

    samples: int

    def __init__(
        self,
        step: StepFunction,
        arrays: Sequence[Any],
        batch_size: int | None = None,
        shuffle: bool | str = False,
    ) -> None:
        self.arrays = list(arrays)
        self.samples = int(arrays[0].shape[0])
        self.batch_size = batch_size or 32
        self.shuffle = shuffle
        self.described = {"batch_size": batch_size, "steps": None, "samples": self.samples}
        super().__init__(step, -(-self.samples // self.batch_size))
        # NumPy shuffles in place, so the orders of later epochs follow from those before.
        self._order = np.arange(self.samples)
        self._in_memory = all(isinstance(x, np.ndarray) for x in self.arrays)
        self._ahead: Ahead | None = None

    def __enter__(self) -> ArraySource:
        self._ahead = Ahead(self._gathered)
        return self

    def __exit__(self, *_: object) -> None:
        # It knows this source: dropped here, so that the arrays go as soon as the source does.
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.stop()

    def begin(self, done: int = 0) -> None:
        self._start = min(done * self.batch_size, self.samples)
        if self.shuffle and not done:
            self._reorder()
        self._rows = self._in_order() if self.shuffle else self.arrays
        slow = any(isinstance(x, (_Reordered, np.memmap)) for x in self._rows)
        self._looks_ahead = slow and self._in_memory
        if self._ahead is not None:
            self._ahead.forget()

    def state(self) -> dict[str, Any]:
        return {"order": self._order} if self.shuffle else {}

    def resume(self, state: dict[str, Any], epochs: int, done: int) -> None:
        self._order = state.get("order", self._order)

    def take(self) -> tuple[int, Batch]:
        start = self._start
        self._start = stop = min(start + self.batch_size, self.samples)
        return stop - start, self._between(start, stop)

    def groups(self) -> list[int]:
        """Groups of equal numbers of whole batches, which share a program, and then the rest."""
        whole = self.samples // self.batch_size
        if whole < _LEAST_GROUPED or not self._in_memory:
            return super().groups()
        fitting = _MOST_BYTES_GROUPED // max(1, self._bytes_of(self.batch_size))
        count = -(-whole // max(1, min(_MOST_GROUPED, fitting)))
        size = whole // count
        return [size] * count + [1] * (self.steps - count * size)

    def grouped_step(self) -> StepFunction | None:
        if max(self.groups(), default=1) == 1 or not hasattr(self.step, "loop"):
            return None
        return self.step.loop()

    def take_group(self, count: int) -> tuple[int, Batch]:
        start = self._start
        self._start = stop = start + count * self.batch_size
        rows = self._between(start, stop)
        return self.batch_size, [x.reshape(count, self.batch_size, *x.shape[1:]) for x in rows]

    def _between(self, start: int, stop: int) -> list[Any]:
        ahead = self._ahead if self._looks_ahead else None
        if ahead is None or self._bytes_of(stop - start) < _GATHERED_AHEAD:
            return [x[start:stop] for x in self._rows]
        following = Piece(stop, min(stop + stop - start, self.samples))
        return ahead.take(Piece(start, stop), following)

    def _gathered(self, piece: Piece) -> list[Any]:
        rows = [x[piece.start : piece.stop] for x in self._rows]
        # A mapped file is read here, and not when somebody looks at the numbers.
        return [np.array(x) if isinstance(x, np.memmap) else x for x in rows]

    def _bytes_of(self, rows: int) -> int:
        """How much memory so many rows take, of arrays that are in memory or mapped."""
        return sum(x.nbytes for x in self.arrays) * rows // max(1, self.samples)

    def _reorder(self) -> None:
        if self.shuffle == "batch":
            self._order = batch_shuffle(self._order, self.batch_size)
        else:
            np.random.shuffle(self._order)

    def _in_order(self) -> Sequence[Any]:
        if self._in_memory and sum(x.nbytes for x in self.arrays) <= _SHUFFLED_AT_ONCE:
            return [np.take(x, self._order, axis=0) for x in self.arrays]
        return [_Reordered(x, self._order) for x in self.arrays]


class _Reordered:
    """The rows of an array in another order, gathered when they are asked for."""

    def __init__(self, array: Any, order: np.ndarray) -> None:
        # What is taken out of a mapped file is in memory, and shall not call itself mapped.
        self.array = np.asarray(array) if isinstance(array, np.memmap) else array
        self.order = order

    def __getitem__(self, rows: slice) -> np.ndarray:
        indices = self.order[rows]
        if isinstance(self.array, np.ndarray):
            return np.take(self.array, indices, axis=0)
        # Files only read increasing indices.
        back = np.argsort(np.argsort(indices))
        return np.asarray(self.array[np.sort(indices).tolist()])[back]


class RepeatedSource(Source):
    """The same arrays (or none) in every step.

    Args:
        step: function of a list of arrays that does a step.
        arrays: what each step is fed.
        steps: number of steps in an epoch.
    """

    def __init__(self, step: StepFunction, arrays: Sequence[Any], steps: int) -> None:
        super().__init__(step, steps)
        self.arrays = list(arrays)
        self.described = {"batch_size": None, "steps": steps, "samples": None}

    def take(self) -> tuple[int, Batch]:
        # A step is what counts, so its size is 1.
        return 1, self.arrays


def of_arrays(
    step: StepFunction,
    arrays: Sequence[Any],
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    steps_name: str = "steps",
) -> Source:
    """Arrays cut by `batch_size`, or fed whole in every one of `steps`.

    Raises:
        ValueError: both numbers are given, or nothing says how many steps there are.
    """
    check_num_samples(arrays, batch_size, steps, steps_name)
    if steps is not None:
        return RepeatedSource(step, arrays, number_of_steps(steps_name, steps))
    return ArraySource(step, arrays, batch_size, shuffle)


class GeneratorSource(Source):
    """Batches of a generator, a Sequence or an engine's data set, on and on from epoch to epoch.

    Args:
        step: function of a batch that does a step.
        data: yields what a user's generator yields.
        steps: number of steps in an epoch; None for the length of a Sequence, which may change from
            epoch to epoch.
        steps_name: what the user calls that number.
        prepare: function of what is yielded that gives the number of samples and the batch to feed.
        workers: who makes batches.
        shuffle: True takes the batches of a Sequence in another order in every epoch.
    """

    names_validation = True

    def __init__(
        self,
        step: StepFunction,
        data: Any,
        steps: int | None,
        steps_name: str,
        prepare: Callable[[Any], tuple[int, Batch]],
        workers: Workers,
        shuffle: bool = False,
    ) -> None:
        super().__init__(step, number_of_batches(data, steps, steps_name))
        self.described = {"steps": self.steps}
        self.follows_length = steps is None
        self.steps_name = steps_name
        self.taken = 0
        self.data = data
        self.prepare = prepare
        self.workers = workers
        self.shuffle = shuffle
        self._resumed = self._first = (0, 0)
        self._seed: int | None = None
        self._enqueuer: Any = None
        self._in_hand = False
        self._data_state: Any = None

    def __enter__(self) -> GeneratorSource:
        self.order = BatchOrder(self._shuffles(), self._seed)
        if self.taken:
            self._pass_over()
        try:
            with Unbroken():
                self._enqueuer = self._started()
            self.batches = self._in_place() if self._enqueuer is None else self._enqueuer.get()
        except BaseException:  # nobody leaves what was not entered
            self.__exit__()
            raise
        return self

    def make_resumable(self) -> None:
        """Has batches made in place where the data have a state, which workers take ahead.

        Processes work on copies of the data, which have no such state.
        """
        tells = all(hasattr(self.data, name) for name in ("get_state", "set_state"))
        self._in_hand = tells and not self._uses_processes()

    def _uses_processes(self) -> bool:
        return self.workers.use_multiprocessing and self.workers.workers > 0

    def state(self) -> dict[str, Any]:
        return {"seed": self.order.seed, "data": self.data.get_state() if self._in_hand else None}

    def resume(self, state: dict[str, Any], epochs: int, done: int) -> None:
        self._data_state = state["data"]
        self._resumed = (epochs, done)
        self.taken = epochs * self.steps + done
        self._seed = state["seed"]

    def _pass_over(self) -> None:
        """Has the data come to where the run goes on; a generator by drawing what was used."""
        epochs, done = self._resumed
        if self.follows_length:
            self._first = (epochs, done)
        elif is_sequence(self.data):
            self._first = divmod(self.taken, len(self.data))
        else:
            deque(islice(self.data, self.taken), maxlen=0)
        if self._data_state is not None:
            self.data.set_state(self._data_state)
        elif is_sequence(self.data) and not self._is_iterated():
            for _ in range(epochs if self.workers.workers < 1 else self._first[0]):
                self.data.on_epoch_end()
        if self.follows_length and epochs:
            self.steps = number_of_batches(self.data, None, "")

    def __exit__(self, *_: object) -> None:
        if self._enqueuer is not None:
            self._enqueuer.stop()

    def take(self) -> tuple[int, Batch]:
        """The number of samples and the next batch.

        Raises:
            StopIteration: the data ended before the steps did.
        """
        try:
            batch = next(self.batches)
        except StopIteration:
            raise StopIteration(self._told_end()) from None
        self.taken += 1
        return self.prepare(batch)

    def _told_end(self) -> str:
        return (
            f"The {type(self.data).__name__} ended after {self.taken} batches in all, but "
            f"{self.steps} are wanted for each epoch. Have it go on without end (while True: ...), "
            f"or give fewer {self.steps_name} or epochs."
        )

    def finish(self) -> None:
        if not is_sequence(self.data):
            return
        if self._enqueuer is None:
            self.data.on_epoch_end()
        elif self.follows_length:
            self._enqueuer.join_end_of_epoch()
        if self.follows_length:
            self._set_steps()

    def _shuffles(self) -> bool:
        in_order = isinstance(self.data, EngineBatches) or not is_sequence(self.data)
        return self.shuffle and not in_order

    def _is_iterated(self) -> bool:
        """Whether a Sequence is asked in place for its batches in a way of its own."""
        own = getattr(type(self.data), "__iter__", _BY_NUMBER) is not _BY_NUMBER
        in_place = self.workers.workers < 1 and is_sequence(self.data)
        return own and in_place and not self.shuffle and not isinstance(self.data, EngineBatches)

    def _iterated(self) -> Iterator[Any]:
        batches = iter_sequence_infinite(self.data)
        epochs, done = (0, 0) if self._data_state is not None else self._resumed
        for _ in range(epochs):
            deque(islice(batches, self.steps), maxlen=0)
            self.data.on_epoch_end()
        deque(islice(batches, done), maxlen=0)
        return batches

    def _set_steps(self) -> None:
        """Takes the length that the Sequence has now, or had when workers went on to an epoch."""
        enqueuer = self._enqueuer
        self.steps = number_of_batches(self.data, None, "") if enqueuer is None else enqueuer.steps
        self.described = {"steps": self.steps}

    def _started(self) -> Any:
        """Workers that make batches ahead; None where that is done in place, or by the engine."""
        crew = self.workers
        if crew.workers < 1 or self._in_hand or isinstance(self.data, EngineBatches):
            return None
        enqueuer: OrderedEnqueuer | GeneratorEnqueuer
        if is_sequence(self.data):
            enqueuer = OrderedEnqueuer(self.data, crew.use_multiprocessing, self.shuffle)
            enqueuer.resume(self.order, *self._first)
        else:
            _warn_of_copies(crew)
            enqueuer = GeneratorEnqueuer(self.data, crew.use_multiprocessing)
        enqueuer.start(workers=crew.workers, max_queue_size=crew.max_queue_size)
        return enqueuer

    def _in_place(self) -> Iterator[Any]:
        if isinstance(self.data, EngineBatches):
            return islice(iter_sequence_infinite(self.data), self._first[1], None)
        if self._is_iterated():
            return self._iterated()
        if is_sequence(self.data):
            return ordered_infinite(self.data, self.order, *self._first)
        return iter(self.data)


def _warn_of_copies(workers: Workers) -> None:
    if workers.use_multiprocessing and workers.workers > 1:
        warn(
            "With use_multiprocessing every worker runs a copy of the generator, so batches may "
            "come several times; use a Sequence.",
        )
