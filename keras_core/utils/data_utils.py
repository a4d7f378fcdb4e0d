"""Files from the web, and batches made by worker threads or processes."""

from __future__ import annotations

import os
import queue
import random
import threading
from abc import abstractmethod
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from contextvars import copy_context
from itertools import count
from typing import Any, Callable

import numpy as np

from keras_core.unbroken import Unbroken
from keras_core.utils.downloads import _hash_file as _hash_file
from keras_core.utils.downloads import get_file as get_file
from keras_core.utils.downloads import validate_file as validate_file
from keras_core.utils.workers import Crew, Setup

# How long the end of a run waits for an `on_epoch_end` that is under way, in seconds.
_PATIENCE = 5.0


class Sequence:
    """A data set that gives its batches by index, so that workers can make them in any order.

    A subclass defines `__len__` (the number of batches) and `__getitem__` (the batch of an index:
    a tuple `(x, y)` or `(x, y, sample_weight)`); `on_epoch_end` may change the set.

    Example:
        >>> class Batches(utils.Sequence):
        ...     def __init__(self, x, y, size):
        ...         self.x, self.y, self.size = x, y, size
        ...     def __len__(self):
        ...         return -(-len(self.x) // self.size)
        ...     def __getitem__(self, index):
        ...         rows = slice(index * self.size, (index + 1) * self.size)
        ...         return self.x[rows], self.y[rows]
        >>> batches = Batches(np.zeros((10, 3)), np.zeros((10, 1)), size=4)
        >>> [len(x) for x, y in batches]
        [4, 4, 2]
    """

    use_sequence_api = True

    @abstractmethod
    def __getitem__(self, index: int) -> Any:
        """The batch of an index."""
        raise NotImplementedError(f"{type(self).__name__} has to define __getitem__(index).")

    @abstractmethod
    def __len__(self) -> int:
        """The number of batches."""
        raise NotImplementedError(f"{type(self).__name__} has to define __len__().")

    def on_epoch_end(self) -> None:
        """Called after every epoch."""

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))


class BatchOrder:
    """The orders in which batches of a Sequence are taken, one an epoch.

    An order follows from a seed and the number of the epoch alone, so that a run that was broken
    off can go on in the midst of any.

    Args:
        shuffle: whether every epoch has an order of its own.
        seed: the seed; NumPy's global generator draws it by default.

    Attributes:
        seed: the seed, None without shuffling.
    """

    def __init__(self, shuffle: bool, seed: int | None = None) -> None:
        if shuffle and seed is None:
            seed = int(np.random.randint(1 << 32, dtype=np.int64))
        self.seed: int | None = seed if shuffle else None

    def of_epoch(self, epoch: int, sequence: Any) -> list[int]:
        """The indices of all batches.

        Raises:
            ValueError: there are no batches.
        """
        order = list(range(len(sequence)))
        if not order:
            raise ValueError(f"{type(sequence).__name__} has no batches: its len() is 0.")
        if self.seed is not None:
            np.random.RandomState([self.seed, epoch]).shuffle(order)
        return order


# What the workers read from: sequences and generators by the number of their enqueuer. A process
# gets a copy when its pool starts.
_SHARED_SEQUENCES: dict[int, Any] = {}
_enqueuer_numbers = count()


def init_pool(seqs: dict[int, Any]) -> None:
    """Gives a new worker process the sequences."""
    _SHARED_SEQUENCES.update(seqs)


def init_pool_generator(gens: dict[int, Any], random_seed: int | None = None) -> None:
    """Gives a new worker process the generators, and a random seed of its own."""
    init_pool(gens)
    if random_seed is not None:
        own = random_seed + os.getpid()
        np.random.seed(own % 2**32)
        random.seed(own)


def get_index(uid: int, i: int) -> Any:
    """Batch `i` of the sequence of enqueuer `uid`; runs in a worker."""
    return _SHARED_SEQUENCES[uid][i]


def next_sample(uid: int) -> Any:
    """The next batch of the generator of enqueuer `uid`; runs in a worker."""
    return next(_SHARED_SEQUENCES[uid])


class SequenceEnqueuer:
    """Makes batches ahead of their use, in worker threads or processes.

    Args:
        sequence: a Sequence or a generator.
        use_multiprocessing: True works in processes, False in threads.
    """

    def __init__(self, sequence: Any, use_multiprocessing: bool = False) -> None:
        self.sequence = sequence
        self.use_multiprocessing = use_multiprocessing
        self.uid: int = next(_enqueuer_numbers)
        self.workers: int = 0
        self.queue: Any = None
        self.stop_signal: threading.Event | None = None
        self.run_thread: threading.Thread | None = None
        self._crew: Crew | None = None

    def is_running(self) -> bool:
        """Whether batches are being made."""
        return self.stop_signal is not None and not self.stop_signal.is_set()

    def start(self, workers: int = 1, max_queue_size: int = 10) -> None:
        """Starts the workers.

        Args:
            workers: number of threads or processes.
            max_queue_size: number of batches that may wait; at least 1 does.
        """
        _SHARED_SEQUENCES[self.uid] = self.sequence
        self.workers = max(1, workers)
        # To the queue, 0 would mean that it has no end.
        self.queue = queue.Queue(max(1, max_queue_size))
        self.stop_signal = threading.Event()
        # With the backend in use and the custom objects that are known here.
        context = copy_context()
        try:
            with Unbroken():
                self.run_thread = threading.Thread(
                    target=context.run, args=(self._run_or_report,), daemon=True
                )
                self.run_thread.start()
        except BaseException:  # Ctrl-C: nobody else knows yet of what runs
            self.stop()
            raise

    def stop(self, timeout: float | None = None) -> None:
        """Stops the workers and drops the batches that wait.

        Args:
            timeout: longest time to wait for the thread that feeds them, in seconds; 5 by default.
        """
        if self.run_thread is None:
            return
        with Unbroken():
            self._end()
            self._make_room()
        try:
            self.run_thread.join(_PATIENCE if timeout is None else timeout)
        finally:  # also when Ctrl-C comes a second time
            if self._crew is not None:
                self._crew.kill()
            _SHARED_SEQUENCES.pop(self.uid, None)

    def _make_room(self) -> None:
        """Drops what waits, since the feeding thread may be waiting for room."""
        with self.queue.mutex:
            self.queue.queue.clear()
            self.queue.unfinished_tasks = 0
            self.queue.not_full.notify_all()
            self.queue.all_tasks_done.notify_all()

    def _end(self) -> None:
        """Makes no more batches; those that wait can still be taken."""
        if self.stop_signal is not None:
            self.stop_signal.set()

    @abstractmethod
    def get(self) -> Iterator[Any]:
        """Yields the batches."""
        raise NotImplementedError(f"{type(self).__name__} has to define get().")

    @contextmanager
    def _pool(self) -> Iterator[Crew]:
        """Workers; what they have not begun when the context is left is cancelled."""
        crew = Crew(self.workers, self._process_setup() if self.use_multiprocessing else None)
        self._crew = crew
        try:
            yield crew
        finally:
            # A worker may wait for data that never comes, so it is not waited for.
            crew.close()

    def _process_setup(self) -> Setup:
        return init_pool, ({self.uid: self.sequence},)

    def _run(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} has to define _run().")

    def _run_or_report(self) -> None:
        """Feeds the workers; an error on the way reaches whoever waits for a batch."""
        try:
            self._run()
        except BaseException as error:
            failed: futures.Future = futures.Future()
            failed.set_exception(error)
            self.queue.put(failed)

    def _submit(self, crew: Crew, task: Callable[..., Any], *args: Any) -> None:
        self.queue.put(crew.submit(task, self.uid, *args))

    def _taken(self) -> Any:
        """The next batch, when it is ready."""
        batch = self.queue.get().result()
        self.queue.task_done()
        return batch


class OrderedEnqueuer(SequenceEnqueuer):
    """Makes the batches of a Sequence ahead, and gives them in their order, epoch after epoch.

    Args:
        sequence: a Sequence.
        use_multiprocessing: True works in processes, False in threads.
        shuffle: True draws a new order of the batches for every epoch.

    Attributes:
        steps: number of batches in the epoch that is being made.

    Example:
        >>> class Squares(utils.Sequence):
        ...     def __len__(self):
        ...         return 4
        ...     def __getitem__(self, index):
        ...         return index**2
        >>> enqueuer = utils.OrderedEnqueuer(Squares())
        >>> enqueuer.start(workers=2, max_queue_size=4)
        >>> batches = enqueuer.get()
        >>> [next(batches) for _ in range(4)]
        [0, 1, 4, 9]
        >>> enqueuer.stop()
    """

    def __init__(
        self, sequence: Any, use_multiprocessing: bool = False, shuffle: bool = False
    ) -> None:
        super().__init__(sequence, use_multiprocessing)
        self.shuffle = shuffle
        self.end_of_epoch_signal: threading.Event = threading.Event()
        self._failure: BaseException | None = None
        self._resumed: tuple[BatchOrder, int, int] | None = None

    def resume(self, order: BatchOrder, epoch: int, done: int) -> None:
        """Has the next start go on in the midst of a run.

        Args:
            order: the orders of all epochs.
            epoch: number of the epoch.
            done: number of its batches that are passed over.
        """
        self._resumed = (order, epoch, done)

    def start(self, workers: int = 1, max_queue_size: int = 10) -> None:
        """Starts the workers."""
        self.end_of_epoch_signal.clear()
        resumed = self._resumed or (BatchOrder(self.shuffle), 0, 0)
        self._batch_order, self._epoch, self._done = resumed
        self._draw_order()
        super().start(workers, max_queue_size)

    def join_end_of_epoch(self) -> None:
        """Waits until the sequence has been told of the epoch's end.

        Raises:
            BaseException: what its `on_epoch_end` raised.
        """
        self.end_of_epoch_signal.wait()
        self.end_of_epoch_signal.clear()
        if self._failure is not None:
            raise self._failure

    def get(self) -> Iterator[Any]:
        """Yields the batches in their order."""
        while self.is_running():
            try:
                inputs = self._taken()
            except BaseException:
                self.stop()
                raise
            yield inputs

    def _run(self) -> None:
        while self.is_running():
            # A new pool an epoch: processes have to see what on_epoch_end changed.
            with self._pool() as crew:
                for index in self._order[self._done :]:
                    if not self.is_running():
                        return
                    self._submit(crew, get_index, index)
                self._wait_until_taken()
                if not self.is_running():
                    return
            try:
                self.sequence.on_epoch_end()
                self._epoch, self._done = self._epoch + 1, 0
                self._draw_order()
            except BaseException as error:
                self._failure = error
                raise
            finally:
                self.end_of_epoch_signal.set()

    def _wait_until_taken(self) -> None:
        with self.queue.all_tasks_done:
            while self.queue.unfinished_tasks and self.is_running():
                self.queue.all_tasks_done.wait()

    def _draw_order(self) -> None:
        self._order = self._batch_order.of_epoch(self._epoch, self.sequence)
        self.steps: int = len(self._order)

    def _end(self) -> None:
        super()._end()
        self.end_of_epoch_signal.set()


class GeneratorEnqueuer(SequenceEnqueuer):
    """Takes batches out of a generator ahead of their use.

    Args:
        sequence: a generator or another iterator.
        use_multiprocessing: True works in processes, each of which runs a copy of the generator.
        wait_time: former argument, without effect.
        random_seed: seed that the processes begin with, each at an offset of its own.

    Example:
        >>> enqueuer = utils.GeneratorEnqueuer(iter([np.ones((8, 1)), np.zeros((8, 1))]))
        >>> enqueuer.start(workers=1, max_queue_size=2)
        >>> next(enqueuer.get()).shape
        (8, 1)
        >>> enqueuer.stop()
    """

    def __init__(
        self,
        sequence: Any,
        use_multiprocessing: bool = False,
        wait_time: float | None = None,
        random_seed: int | None = None,
    ) -> None:
        super().__init__(sequence, use_multiprocessing)
        self.random_seed = random_seed

    def get(self) -> Iterator[Any]:
        """Yields the batches, and ends when the generator does.

        Raises:
            RuntimeError: several threads share a generator that can be entered by one only.
        """
        while self.is_running():
            try:
                inputs = self._taken()
            except StopIteration:
                self._end()
                yield from self._finished()
                self.stop()
                return
            except BaseException as error:
                self.stop()
                if "generator already executing" in str(error):
                    raise RuntimeError(
                        "The generator is not made for several threads; use a Sequence, or "
                        "workers=1, or use_multiprocessing=True."
                    ) from error
                raise
            yield inputs

    def _finished(self) -> Iterator[Any]:
        """The batches that other workers still had in hand when one met the end."""
        while not self.queue.empty():
            try:
                yield self._taken()
            except (StopIteration, futures.CancelledError):
                continue

    def _process_setup(self) -> Setup:
        return init_pool_generator, ({self.uid: self.sequence}, self.random_seed)

    def _run(self) -> None:
        with self._pool() as crew:
            while self.is_running():
                self._submit(crew, next_sample)
