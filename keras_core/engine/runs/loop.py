"""The loop over batches that training, evaluation and prediction share, and what is told of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable

import numpy as np

from keras_core.callbacks.base import watches_batches
from keras_core.callbacks.callbacks import BaseLogger, CallbackList, ProgbarLogger
from keras_core.plugins import features

Step = Callable[[Any], Sequence[np.ndarray]]

# Loggers that can take the values of several batches as those of one.
_GROUPING = (BaseLogger, ProgbarLogger)


def run_batches(
    step: Step, source: Any, reports: Sequence[Any], model: Any = None, loop: Any = None
) -> bool:
    """Runs the steps of one epoch.

    Args:
        step: function of a batch.
        source: a `batches.Source`.
        reports: objects with `begin(index, size)` or `end(index, size, outputs)`, or both.
        model: a model whose `stop_training` ends the epoch, or None.
        loop: function of several batches, stacked, where nobody minds that `begin` is not called
            and that training stops late; or None.

    Returns:
        Whether all batches ran.
    """
    begins = [report.begin for report in reports if hasattr(report, "begin")]
    ends = [report.end for report in reports if hasattr(report, "end")]
    source.begin()
    index = 0
    for count in [1] * source.steps if loop is None else source.groups():
        if count == 1:
            size, batch = source.take()
            for begin in begins:
                begin(index, size)
            results: Iterable[Any] = [step(batch)]
        else:
            size, batches = source.take_group(count)
            results = zip(*loop(batches))
        for outputs in results:
            for end in ends:
                end(index, size, outputs)
            index += 1
        if model is not None and model.stop_training and index < source.steps:
            return False
    return True


def loop_of(step: Any, source: Any, reports: Any) -> Any:
    """What does many steps in one call, where that pays and nobody can tell; else None."""
    if isinstance(reports, EachBatch) or max(source.groups(), default=1) == 1:
        return None
    return step.loop() if hasattr(step, "loop") else None


class EachBatch:
    """Calls the batch hooks of callbacks.

    Args:
        callbacks: a CallbackList.
        mode: `'train'`, `'test'` or `'predict'`.
        name_outputs: function of a step's outputs that gives their entries in the logs.
    """

    def __init__(
        self, callbacks: Any, mode: str, name_outputs: Callable[[Any], Mapping[str, Any]]
    ) -> None:
        self.begin_hook = getattr(callbacks, f"on_{mode}_batch_begin")
        self.end_hook = getattr(callbacks, f"on_{mode}_batch_end")
        self.name_outputs = name_outputs

    def begin(self, index: int, size: int) -> None:
        self.logs: dict[str, Any] = {"batch": index, "size": size}
        self.begin_hook(index, self.logs)

    def end(self, index: int, size: int, outputs: Sequence[Any]) -> None:
        self.logs.update(self.name_outputs(outputs))
        self.end_hook(index, self.logs)

    def flush(self) -> None:
        """Has nothing left to tell."""


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
        self.size += size
        self.loss += float(outputs[0]) * size
        self.latest = outputs
        if self.interval is not None and time.time() >= self._due:
            self.flush()
            self._due = time.time() + self.interval

    def flush(self) -> None:
        """Tells of the batches since the last time."""
        if not self.count:
            return
        logs = {"size": self.size, **dict(zip(self.labels, self.latest))}
        logs[self.labels[0]] = self.loss / self.size
        for logger in self.loggers:
            logger.on_batches_end(self.count, logs)
        self._clear()

    def _clear(self) -> None:
        self.count = self.size = 0
        self.loss = 0.0


def training_reports(callbacks: Any, labels: Sequence[str]) -> Any:
    """How batches of training are told to callbacks: each one, or in groups if nobody minds."""
    loggers = [callback for callback in callbacks if type(callback) in _GROUPING]
    others = [callback for callback in callbacks if type(callback) not in _GROUPING]
    if any(watches_batches(callback, "train") for callback in others):
        return EachBatch(callbacks, "train", lambda outputs: dict(zip(labels, outputs)))
    draws = any(isinstance(logger, ProgbarLogger) for logger in loggers)
    return GroupedBatches(loggers, labels, 0.05 if draws else None)


def fit(
    model: Any,
    step: Step,
    source: Any,
    callbacks: Any,
    epochs: range,
    validate: Callable[[], Sequence[float]] | None,
    validation_freq: Any = 1,
    validation_data: Any = None,
) -> Any:
    """Trains for epochs, with validation and callbacks.

    Args:
        model: the model that callbacks stop.
        step: function of a batch that trains on it.
        source: gives the batches.
        callbacks: a CallbackList, set up.
        epochs: indices of the epochs.
        validate: function that evaluates the model and returns its values, or None.
        validation_freq: validate after every so many epochs, or a list of epochs (from 1).
        validation_data: what callbacks find as their `validation_data`.
    """
    labels = model.metrics_names
    callbacks.on_train_begin()
    callbacks.model.stop_training = False
    for callback in callbacks:
        callback.validation_data = validation_data
    for epoch in epochs:
        model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        logs: dict[str, Any] = {}
        reports = training_reports(callbacks, labels)
        loop = loop_of(step, source, reports)
        finished = run_batches(step, source, [reports], callbacks.model, loop)
        reports.flush()
        if validate is not None and finished and should_run_validation(validation_freq, epoch):
            logs.update(zip((f"val_{label}" for label in labels), validate()))
        callbacks.on_epoch_end(epoch, logs)
        if callbacks.model.stop_training:
            break
        source.finish()
    callbacks.on_train_end()


def should_run_validation(validation_freq: Any, epoch: int) -> bool:
    """Whether there is a validation after an epoch.

    Args:
        validation_freq: int, validate after every so many epochs; or epochs, counted from 1.
        epoch: index of the epoch, counted from 0.

    Raises:
        ValueError: an int less than 1, or something else.
    """
    if isinstance(validation_freq, int):
        if validation_freq < 1:
            raise ValueError(f"validation_freq is {validation_freq}; it has to be at least 1.")
        return (epoch + 1) % validation_freq == 0
    if not hasattr(validation_freq, "__contains__"):
        raise ValueError(
            f"validation_freq is a {type(validation_freq).__name__}; give an int or a list of "
            "epochs."
        )
    return epoch + 1 in validation_freq


class Tally:
    """The values of an evaluation: the loss as the samples' mean, metrics as they end.

    Args:
        last_loss: True takes the loss of the last batch instead of the mean.
    """

    def __init__(self, last_loss: bool = False) -> None:
        self.last_loss = last_loss
        self.size = 0
        self.loss = 0.0
        self.latest: Sequence[Any] = ()

    def end(self, index: int, size: int, outputs: Sequence[Any]) -> None:
        self.size += size
        self.loss += float(outputs[0]) * size
        self.latest = outputs

    def values(self) -> list[float]:
        loss = self.latest[0] if self.last_loss else self.loss / self.size
        return [float(loss), *(float(value) for value in self.latest[1:])]


class Rows:
    """The rows of a prediction, put together from those of its batches.

    Args:
        samples: number of rows in all, None when it is not known before the end.
    """

    def __init__(self, samples: int | None = None) -> None:
        self.samples = samples
        self.filled = 0
        self.whole: list[np.ndarray] = []
        self.parts: list[Sequence[np.ndarray]] = []

    def end(self, index: int, size: int, outputs: Sequence[np.ndarray]) -> None:
        if self.samples is None:
            self.parts.append(outputs)
            return
        if size == self.samples:
            self.whole = list(outputs)
            return
        if not self.whole:
            self.whole = [np.empty((self.samples, *x.shape[1:]), x.dtype) for x in outputs]
        for rows, x in zip(self.whole, outputs):
            rows[self.filled : self.filled + size] = x
        self.filled += size

    def arrays(self) -> list[np.ndarray]:
        if self.samples is not None:
            return self.whole
        if len(self.parts) == 1:
            return list(self.parts[0])
        return [np.concatenate(parts) for parts in zip(*self.parts)]


class Bar:
    """Moves a progress bar along, without values.

    Args:
        source: the batches; samples are counted if their number is known, else steps.
    """

    def __init__(self, source: Any) -> None:
        from keras_core.utils.progbar import Progbar

        self.by_samples = source.samples is not None
        self.progbar = Progbar(source.samples if self.by_samples else source.steps)
        self.done = 0

    def end(self, index: int, size: int, outputs: Any) -> None:
        self.done += size if self.by_samples else 1
        self.progbar.update(self.done)


def collect(
    mode: str,
    model: Any,
    step: Step,
    source: Any,
    collector: Any,
    callbacks: Any = None,
    verbose: int = 0,
) -> Any:
    """Runs one pass of evaluation or prediction.

    Args:
        mode: `'test'` or `'predict'`.
        model: the model.
        step: function of a batch.
        source: gives the batches.
        collector: what gathers the outputs, a Tally or Rows.
        callbacks: a CallbackList, set up, or None.
        verbose: 1 draws a progress bar.

    Returns:
        `collector`.
    """
    model.stop_training = False
    reports = [collector]
    if verbose == 1:
        reports.append(Bar(source))
    if callbacks:
        getattr(callbacks, f"on_{mode}_begin")()
    if any(watches_batches(callback, mode) for callback in callbacks or ()):
        reports.append(EachBatch(callbacks, mode, _named(mode, model)))
    run_batches(step, source, reports)
    if callbacks:
        getattr(callbacks, f"on_{mode}_end")()
    return collector


def _named(mode: str, model: Any) -> Callable[[Any], Mapping[str, Any]]:
    if mode == "predict":
        return lambda outputs: {"outputs": outputs}
    labels = model.metrics_names
    return lambda outputs: dict(zip(labels, outputs))


def callback_list(callbacks: Any, model: Any, mode: str, params: dict[str, Any]) -> CallbackList:
    """Callbacks ready for a run, those of plugins among them.

    Args:
        callbacks: list of callbacks, a CallbackList, which is returned as it is, or None.
        model: the model that runs.
        mode: `'test'` or `'predict'`.
        params: description of the run.

    Raises:
        TypeError: one callback instead of a list.
        AttributeError: something in the list is no callback.
    """
    if isinstance(callbacks, CallbackList):
        return callbacks
    check_callbacks(callbacks)
    found = CallbackList([*(callbacks or ()), *features.callbacks(model, mode)])
    found.set_model(model)
    found.set_params(params)
    return found


def check_callbacks(callbacks: Any) -> None:
    """Refuses what is no list of callbacks.

    Raises:
        TypeError: it is no list.
        AttributeError: something in it has no `set_params` and `set_model`.
    """
    if callbacks is None or isinstance(callbacks, CallbackList):
        return
    if not isinstance(callbacks, (list, tuple)):
        raise TypeError(f"callbacks is a {type(callbacks).__name__}; give a list: callbacks=[...].")
    for callback in callbacks:
        if not hasattr(callback, "set_params") or not hasattr(callback, "set_model"):
            raise AttributeError(
                f"{callback!r} in callbacks is no callback; derive it from "
                "keras_core.callbacks.Callback and give an instance."
            )
