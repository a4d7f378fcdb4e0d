"""What is told of the steps of a run: to callbacks, to a progress bar, to the result."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Callable

import numpy as np

from keras_core.callbacks.base import CallbackList, watches_batches
from keras_core.callbacks.loggers import BaseLogger, ProgbarLogger
from keras_core.engine.feeding.sources import Source
from keras_core.graph.function import fetched
from keras_core.utils.progbar import Progbar

# Loggers that can take the values of several batches as those of one.
_GROUPING = (BaseLogger, ProgbarLogger)

_MOST_UNREAD = 100


class EachBatch:
    """Calls the batch hooks of callbacks.

    Args:
        callbacks: a CallbackList.
        mode: `'train'`, `'test'` or `'predict'`.
        name_outputs: function of a step's outputs that gives their entries in the logs.
    """

    def __init__(
        self, callbacks: CallbackList, mode: str, name_outputs: Callable[[Any], Mapping[str, Any]]
    ) -> None:
        self.begin_hooks = _batch_hooks(callbacks, mode, "begin")
        self.end_hooks = _batch_hooks(callbacks, mode, "end")
        self.name_outputs = name_outputs

    def begin(self, index: int, size: int) -> None:
        self.logs: dict[str, Any] = {"batch": index, "size": size}
        for hook in self.begin_hooks:
            hook(index, self.logs)

    def end(self, index: int, size: int, outputs: Sequence[Any]) -> None:
        self.logs.update(self.name_outputs(fetched(outputs)))
        for hook in self.end_hooks:
            hook(index, self.logs)

    def flush(self) -> None:
        """Has nothing left to tell."""


def _batch_hooks(callbacks: CallbackList, mode: str, moment: str) -> list[Callable[..., None]]:
    """Those hooks of the callbacks, in their order, that do something."""
    name = f"on_{mode}_batch_{moment}"
    return [getattr(one, name) for one in callbacks if watches_batches(one, mode, moment)]


class _Losses:
    """The mean of the losses of batches, which are read when there is time.

    Attributes:
        size: number of samples.
    """

    def __init__(self) -> None:
        self.size = 0
        self._sum = 0.0
        self._unread: list[tuple[Any, int]] = []

    def add(self, loss: Any, size: int) -> None:
        self.size += size
        self._unread.append((loss, size))
        # By now an engine that is late has computed them, and they need not be kept.
        if len(self._unread) == _MOST_UNREAD:
            self._read()

    def mean(self) -> float:
        self._read()
        return self._sum / self.size

    def _read(self) -> None:
        for loss, size in self._unread:
            self._sum += float(np.asarray(loss)) * size
        self._unread.clear()


class GroupedBatches:
    """Tells loggers of several batches at once, when no callback watches single ones.

    A group has the sum of the sizes, the mean of the losses weighted by size, and the last values
    of the metrics, which accumulate by themselves; so the loggers arrive at the same numbers.

    Args:
        loggers: loggers with `on_batches_end`.
        labels: names of the outputs, the loss first.
        interval: least time between two groups, in seconds; None for one group an epoch.
    """

    def __init__(
        self, loggers: Sequence[Any], labels: Sequence[str], interval: float | None
    ) -> None:
        self.loggers = loggers
        self.labels = labels
        self.interval = interval
        self._due = float("inf") if interval is None else 0.0
        self._clear()

    def end(self, index: int, size: int, outputs: Sequence[Any]) -> None:
        self.count += 1
        self.losses.add(outputs[0], size)
        self.latest = outputs
        if self.interval is not None and time.time() >= self._due:
            self.flush()
            self._due = time.time() + self.interval

    def flush(self) -> None:
        """Tells of the batches since the last time."""
        if not self.count:
            return
        logs = {"size": self.losses.size, **dict(zip(self.labels, fetched(self.latest)))}
        logs[self.labels[0]] = self.losses.mean()
        for logger in self.loggers:
            logger.on_batches_end(self.count, logs)
        self._clear()

    def _clear(self) -> None:
        self.count = 0
        self.losses = _Losses()


def training_report(callbacks: CallbackList, labels: Sequence[str]) -> EachBatch | GroupedBatches:
    """How batches of training are told to callbacks: each one, or in groups if nobody minds."""
    loggers = [callback for callback in callbacks if type(callback) in _GROUPING]
    others = [callback for callback in callbacks if type(callback) not in _GROUPING]
    if any(watches_batches(callback, "train") for callback in others):
        return EachBatch(callbacks, "train", lambda outputs: dict(zip(labels, outputs)))
    draws = any(isinstance(logger, ProgbarLogger) for logger in loggers)
    return GroupedBatches(loggers, labels, 0.05 if draws else None)


class Tally:
    """The values of an evaluation: the loss as the samples' mean, metrics as they end."""

    mode = "test"

    def __init__(self) -> None:
        self.losses = _Losses()
        self.latest: Sequence[Any] = ()

    def end(self, index: int, size: int, outputs: Sequence[Any]) -> None:
        self.losses.add(outputs[0], size)
        self.latest = outputs

    def values(self) -> list[float]:
        return [self.losses.mean(), *(float(value) for value in fetched(self.latest[1:]))]


class Rows:
    """The rows of a prediction, put together from those of its batches.

    Each batch is read when the next one is under way.

    Args:
        samples: number of rows in all, None when it is not known before the end.
    """

    mode = "predict"

    def __init__(self, samples: int | None = None) -> None:
        self.samples = samples
        self.filled = 0
        self.whole: list[np.ndarray] = []
        self.parts: list[Sequence[np.ndarray]] = []
        self._latest: tuple[int, Sequence[Any]] | None = None

    def end(self, index: int, size: int, outputs: Sequence[Any]) -> None:
        before, self._latest = self._latest, (size, outputs)
        if before is not None:
            self._put(*before)

    def _put(self, size: int, outputs: Sequence[Any]) -> None:
        if self.samples is None:
            self.parts.append(fetched(outputs))
            return
        if size == self.samples:
            self.whole = fetched(outputs)
            return
        arrays = [np.asarray(x) for x in outputs]
        if not self.whole:
            self.whole = [np.empty((self.samples, *x.shape[1:]), x.dtype) for x in arrays]
        for rows, x in zip(self.whole, arrays):
            rows[self.filled : self.filled + size] = x
        self.filled += size

    def arrays(self) -> list[np.ndarray]:
        if self._latest is not None:
            self._put(*self._latest)
        if self.samples is not None:
            return self.whole
        if len(self.parts) == 1:
            return list(self.parts[0])
        return [np.concatenate(parts) for parts in zip(*self.parts)]


def no_rows(output: Any) -> np.ndarray:
    """What is predicted for no samples."""
    return np.zeros((0, *(size or 0 for size in output.shape[1:])), output.dtype)


class Bar:
    """Moves a progress bar along, without values.

    Args:
        source: the batches; samples are counted if their number is known, else steps.
    """

    def __init__(self, source: Source) -> None:
        self.by_samples = source.samples is not None
        self.progbar = Progbar(source.samples if self.by_samples else source.steps)
        self.done = 0

    def end(self, index: int, size: int, outputs: Any) -> None:
        self.done += size if self.by_samples else 1
        self.progbar.update(self.done)
