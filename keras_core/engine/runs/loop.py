"""Runs over a source of batches: training, evaluation and prediction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import repeat
from typing import Any, Callable

from keras_core import ranks, unbroken
from keras_core.callbacks.base import CallbackList, watches_batches
from keras_core.callbacks.loggers import History
from keras_core.engine.compilation.compiled import Compiled
from keras_core.engine.feeding.sources import Source, StepFunction
from keras_core.engine.options import Options, should_run_validation
from keras_core.engine.runs import agreement
from keras_core.engine.runs.backups import Backups
from keras_core.engine.runs.callbacks import callbacks_of, training_callbacks, validation_labels
from keras_core.engine.runs.reports import Bar, EachBatch, Rows, Tally, no_rows, training_report
from keras_core.utils.generic_utils import unpack_singleton
from keras_core.warned import warn


def run_batches(
    source: Source,
    reports: Sequence[Any],
    model: Any = None,
    grouped_step: StepFunction | None = None,
    done: int = 0,
) -> bool:
    """Runs the steps of one epoch.

    Args:
        source: gives the batches, and what does a step with one.
        reports: objects with `begin(index, size)` or `end(index, size, outputs)`, or both.
        model: a model whose `stop_training` ends the epoch, or None.
        grouped_step: function of several batches, stacked, where nobody minds that `begin` is not
            called and that training stops late; or None.
        done: number of batches that were done before the run was broken off.

    Returns:
        Whether all batches ran.
    """
    begins = [report.begin for report in reports if hasattr(report, "begin")]
    ends = [report.end for report in reports if hasattr(report, "end")]
    stops = agreement.stopping(model is not None, watched(reports))
    step = agreement.compared(source.step)
    source.begin(done)
    index = done
    for count in repeat(1, source.steps - done) if grouped_step is None else source.groups():
        if count == 1 or grouped_step is None:
            size, batch = source.take()
            for begin in begins:
                begin(index, size)
            results: Iterable[Any] = (step(batch),)
        else:
            size, batches = source.take_group(count)
            results = zip(*grouped_step(batches))
        for outputs in results:
            for end in ends:
                end(index, size, outputs)
            index += 1
        if unbroken.thrown_away:
            unbroken.hear()
        if model is not None and stops(model) and index < source.steps:
            return False
    return True


def watched(reports: Sequence[Any]) -> bool:
    """Whether callbacks see each batch, and may stop the run after one."""
    return any(isinstance(report, EachBatch) for report in reports)


# Training


@ranks.within("fit")
def fit(model: Compiled, source: Source, validation: Source | None, options: Options) -> History:
    """Trains for epochs, with validation and callbacks.

    Args:
        model: the compiled model.
        source: what to train on.
        validation: what to validate on, or None.
        options: how.
    """
    if options.initial_epoch >= max(options.epochs, 1):
        warn(
            f"fit: initial_epoch={options.initial_epoch} is not less than epochs={options.epochs}, "
            "so nothing is trained; epochs is where training ends, counted from the very first.",
        )
    options = options.on_this_rank()
    agreement.agree(model, source, validation, options.epochs)
    # A callback may compile the model anew, which the steps of this run do not follow.
    options = replace(options, labels=options.labels or model.metrics_names)
    callbacks, history = training_callbacks(model, source, options, validation is not None)
    if options.verbose and validation is not None:
        _announce(source, validation)
    backups = Backups(model, callbacks, source, validation, options.initial_epoch)
    with unbroken.ends_heard(), validation or nullcontext(), source, model._training():
        callbacks.on_train_begin()
        backups.begin()
        callbacks.model.stop_training = False
        for callback in callbacks:
            callback.validation_data = None if validation is None else validation.shown
        for epoch in range(backups.epoch, options.epochs):
            model.reset_metrics()
            callbacks.on_epoch_begin(epoch)
            agreement.settle(callbacks.model)
            backups.begin_epoch()
            finished = _train_epoch(model, source, callbacks, options, backups)
            logs = _validated(model, validation, callbacks, options, epoch) if finished else {}
            backups.validations += bool(logs)
            callbacks.on_epoch_end(epoch, logs)
            agreement.settle(callbacks.model)
            if callbacks.model.stop_training:
                break
            source.finish()
            callbacks.params.update(source.described)
            backups.end_epoch()
        callbacks.on_train_end()
    backups.remove()
    return history


def _announce(source: Source, validation: Source) -> None:
    if source.samples and validation.samples is not None:
        print(f"Train on {source.samples} samples, validate on {validation.samples} samples")


def _train_epoch(
    model: Compiled,
    source: Source,
    callbacks: CallbackList,
    options: Options,
    backups: Backups,
) -> bool:
    """Does the steps of an epoch, and says whether all of them ran."""
    report = training_report(callbacks, options.labels)
    one_by_one = isinstance(report, EachBatch) or backups.done
    grouped_step = None if one_by_one else source.grouped_step()
    reports = [report, *backups.report()]
    with agreement.updates_in_pieces(watched(reports) or len(reports) > 1):
        finished = run_batches(source, reports, callbacks.model, grouped_step, backups.done)
    report.flush()
    return finished


def _validated(
    model: Compiled,
    validation: Source | None,
    callbacks: CallbackList,
    options: Options,
    epoch: int,
) -> dict[str, Any]:
    """The values of the validation after an epoch, by name, if there is one."""
    if validation is None or not should_run_validation(options.validation.freq, epoch):
        return {}
    values = evaluated(model, validation, callbacks)
    validation.finish()
    return dict(zip(validation_labels(options.labels), values))


# Evaluation and prediction


@ranks.within("evaluate")
def evaluate(model: Compiled, source: Source, options: Options) -> float | list[float]:
    """The loss, or a list of the loss and the metrics.

    Args:
        model: the compiled model.
        source: what to evaluate on.
        options: how.
    """
    options = options.on_this_rank()
    agreement.agree(model, source)
    callbacks = callbacks_of(model, "test", source, options)
    with unbroken.ends_heard(), source, model._evaluating(), model._metrics_left_alone():
        return unpack_singleton(evaluated(model, source, callbacks, options.verbose))


def evaluated(
    model: Compiled, source: Source, callbacks: CallbackList, verbose: int = 0
) -> list[float]:
    """The values of an evaluation, or of a validation during training."""
    model.reset_metrics()
    tally = Tally()
    _collect(model, source, tally, callbacks, verbose)
    return tally.values()


@ranks.within("predict")
def predict(model: Compiled, source: Source, options: Options) -> Any:
    """The outputs: an array, or a list of arrays for several.

    Args:
        model: the model.
        source: what to predict on.
        options: how.
    """
    if source.is_empty:
        return unpack_singleton([no_rows(output) for output in model.outputs])
    options = options.on_this_rank()
    agreement.agree(model, source)
    callbacks = callbacks_of(model, "predict", source, options)
    rows = Rows(source.samples)
    with unbroken.ends_heard(), source:
        _collect(model, source, rows, callbacks, options.verbose)
    return unpack_singleton(rows.arrays())


def _collect(
    model: Compiled, source: Source, collector: Tally | Rows, callbacks: CallbackList, verbose: int
) -> None:
    model.stop_training = False
    mode = collector.mode
    reports: list[Any] = [collector]
    if verbose == 1:
        reports.append(Bar(source))
    getattr(callbacks, f"on_{mode}_begin")()
    if any(watches_batches(callback, mode) for callback in callbacks):
        reports.append(EachBatch(callbacks, mode, _naming(model, mode)))
    run_batches(source, reports)
    getattr(callbacks, f"on_{mode}_end")()


def _naming(model: Compiled, mode: str) -> Callable[[Sequence[Any]], Mapping[str, Any]]:
    """What the outputs of a step are called in the logs."""
    if mode == "predict":
        return lambda outputs: {"outputs": outputs}
    labels = model.metrics_names
    return lambda outputs: dict(zip(labels, outputs))
