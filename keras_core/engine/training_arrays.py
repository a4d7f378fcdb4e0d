"""Training, evaluation and prediction on arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from keras_core.callbacks.callbacks import BaseLogger, CallbackList, History, ProgbarLogger
from keras_core.engine.feeding.arrays import check_num_samples
from keras_core.engine.feeding.sources import ArrayBatches, RepeatedBatch
from keras_core.engine.runs import loop
from keras_core.plugins import features
from keras_core.utils.generic_utils import unpack_singleton

Step = Callable[[Sequence[Any]], Sequence[Any]]


def fit_loop(
    model: Any,
    fit_function: Step,
    fit_inputs: Sequence[Any],
    out_labels: Sequence[str] | None = None,
    batch_size: int | None = None,
    epochs: int = 100,
    verbose: int = 1,
    callbacks: Any = None,
    val_function: Step | None = None,
    val_inputs: Sequence[Any] | None = None,
    shuffle: Any = True,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_freq: Any = 1,
    validation_data: Any = None,
) -> Any:
    """Trains on arrays.

    Args:
        model: compiled model.
        fit_function: function of a list of arrays that does a training step.
        fit_inputs: the arrays, cut into batches together.
        out_labels: names of the step's outputs; those of the model by default.
        batch_size: number of samples in a batch.
        epochs: index at which training ends.
        verbose: 0, 1 or 2.
        callbacks: list of callbacks.
        val_function: function of a list of arrays that evaluates, or None.
        val_inputs: arrays for it.
        shuffle: True, False or `'batch'`.
        initial_epoch: index at which training starts.
        steps_per_epoch: number of steps that are fed the whole arrays each, or None.
        validation_steps: the same for validation.
        validation_freq: see `loop.should_run_validation`.
        validation_data: what callbacks find as their `validation_data`.

    Returns:
        A History.

    Raises:
        ValueError: arguments that contradict one another.
    """
    _check_validation_steps(steps_per_epoch, validation_steps, val_function)
    source = batches_of(fit_inputs, batch_size, steps_per_epoch, "steps_per_epoch", shuffle)
    validates = val_function is not None
    listed, history = training_callbacks(
        model,
        callbacks,
        verbose,
        by_steps=steps_per_epoch is not None,
        params={
            "batch_size": batch_size,
            "epochs": epochs,
            "steps": steps_per_epoch,
            "samples": source.samples,
            "verbose": verbose,
            "do_validation": validates,
            "metrics": with_validation(out_labels or model.metrics_names, validates),
        },
    )

    def validate() -> Sequence[float]:
        return evaluated(model, val_function, val_inputs, batch_size, validation_steps, listed)

    if verbose and validates and source.samples and val_inputs:
        print(f"Train on {source.samples} samples, validate on {len(val_inputs[0])} samples")
    loop.fit(
        model,
        fit_function,
        source,
        listed,
        range(initial_epoch, epochs),
        validate if validates else None,
        validation_freq,
        validation_data if validation_data is not None else val_inputs,
    )
    return history


def _check_validation_steps(steps: Any, validation_steps: Any, val_function: Any) -> None:
    if validation_steps and steps is None:
        raise ValueError(
            "validation_steps was given without steps_per_epoch; arrays are validated whole, so "
            "leave it out."
        )
    if val_function is not None and steps and not validation_steps:
        raise ValueError("Validation besides steps_per_epoch needs validation_steps, too.")


def test_loop(
    model: Any,
    f: Step,
    ins: Sequence[Any],
    batch_size: int | None = None,
    verbose: int = 0,
    steps: int | None = None,
    callbacks: Any = None,
) -> Any:
    """Evaluates on arrays.

    Args:
        model: compiled model.
        f: function of a list of arrays that evaluates.
        ins: the arrays.
        batch_size: number of samples in a batch.
        verbose: 1 draws a progress bar.
        steps: number of steps that are fed the whole arrays each, or None.
        callbacks: list of callbacks.

    Returns:
        The loss, or a list of the loss and the metrics.
    """
    return unpack_singleton(evaluated(model, f, ins, batch_size, steps, callbacks, verbose))


test_loop.__test__ = False  # its name makes it look like a test


def evaluated(
    model: Any,
    step: Any,
    arrays: Any,
    batch_size: int | None,
    steps: int | None,
    callbacks: Any,
    verbose: int = 0,
) -> list[float]:
    """The values of an evaluation as a list; the arguments are those of `test_loop`."""
    source = batches_of(arrays, batch_size, steps)
    params = {
        "batch_size": batch_size,
        "steps": steps,
        "samples": source.samples,
        "verbose": verbose,
        "metrics": model.metrics_names,
    }
    listed = loop.callback_list(callbacks, model, "test", params)
    model.reset_metrics()
    return loop.collect("test", model, step, source, loop.Tally(), listed, verbose).values()


def predict_loop(
    model: Any,
    f: Step,
    ins: Sequence[Any],
    batch_size: int | None = 32,
    verbose: int = 0,
    steps: int | None = None,
    callbacks: Any = None,
) -> Any:
    """Predicts on arrays.

    Args:
        model: model.
        f: function of a list of arrays that predicts.
        ins: the arrays.
        batch_size: number of samples in a batch.
        verbose: 1 draws a progress bar.
        steps: number of steps that are fed the whole arrays each, or None.
        callbacks: list of callbacks.

    Returns:
        An array, or a list of arrays for several outputs.
    """
    source = batches_of(ins, batch_size, steps)
    params = {
        "batch_size": batch_size,
        "steps": steps,
        "samples": source.samples,
        "verbose": verbose,
    }
    listed = loop.callback_list(callbacks, model, "predict", params)
    rows = loop.collect("predict", model, f, source, loop.Rows(source.samples), listed, verbose)
    return unpack_singleton(rows.arrays())


def batches_of(
    arrays: Sequence[Any],
    batch_size: int | None,
    steps: int | None,
    steps_name: str = "steps",
    shuffle: Any = False,
) -> Any:
    """The batches of an epoch: arrays cut by `batch_size`, or fed whole in every one of `steps`."""
    check_num_samples(arrays, batch_size, steps, steps_name)
    if steps is not None:
        return RepeatedBatch(arrays, steps)
    return ArrayBatches(arrays, batch_size or 32, shuffle)


def with_validation(labels: Sequence[str], validates: bool) -> list[str]:
    """Names of the values of an epoch."""
    return [*labels, *(f"val_{label}" for label in labels if validates)]


def training_callbacks(
    model: Any, callbacks: Any, verbose: int, by_steps: bool, params: dict[str, Any]
) -> tuple[CallbackList, History]:
    """The callbacks of a training run, set up, those of plugins and the History among them."""
    loop.check_callbacks(callbacks)
    history = model.history = History()
    accumulating = model.metrics_names[1:]
    first: list[Any] = [BaseLogger(stateful_metrics=accumulating)]
    if verbose:
        first.append(ProgbarLogger("steps" if by_steps else "samples", accumulating))
    added = features.callbacks(model, "train")
    listed = CallbackList([*first, *(callbacks or ()), *added, history])
    listed.set_model(model._get_callback_model())
    listed.set_params(params)
    return listed, history
