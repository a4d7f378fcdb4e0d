"""Runs over arrays by any function, under the module path that Keras 2 has for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core.callbacks.loggers import History
from keras_core.engine.compilation.compiled import Compiled
from keras_core.engine.feeding.sources import StepFunction, of_arrays
from keras_core.engine.options import Callbacks, Options, Validation
from keras_core.engine.runs import loop
from keras_core.engine.runs.data import check_validation_steps

__all__ = ["fit_loop", "predict_loop", "test_loop"]


def fit_loop(
    model: Compiled,
    fit_function: StepFunction,
    fit_inputs: Sequence[Any],
    out_labels: Sequence[str] | None = None,
    batch_size: int | None = None,
    epochs: int = 100,
    verbose: int = 1,
    callbacks: Callbacks = None,
    val_function: StepFunction | None = None,
    val_inputs: Sequence[Any] | None = None,
    shuffle: bool | str = True,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_freq: Any = 1,
) -> History:
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
        validation_freq: validate after every so many epochs, or a list of epochs (from 1).

    Returns:
        A History.

    Raises:
        ValueError: arguments that contradict one another.
    """
    options = Options(
        verbose=verbose,
        callbacks=callbacks,
        steps=steps_per_epoch,
        epochs=epochs,
        initial_epoch=initial_epoch,
        validation=Validation(steps=validation_steps, freq=validation_freq),
        labels=out_labels or (),
    )
    check_validation_steps(options, val_function is not None)
    source = of_arrays(
        fit_function, fit_inputs, batch_size, steps_per_epoch, shuffle, "steps_per_epoch"
    )
    validation = None
    if val_function is not None:
        arrays = list(val_inputs or ())
        validation = of_arrays(val_function, arrays, batch_size, validation_steps)
        validation.shown = arrays
    return loop.fit(model, source, validation, options)


def test_loop(
    model: Compiled,
    f: StepFunction,
    ins: Sequence[Any],
    batch_size: int | None = None,
    verbose: int = 0,
    steps: int | None = None,
    callbacks: Callbacks = None,
) -> float | list[float]:
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
    source = of_arrays(f, ins, batch_size, steps)
    return loop.evaluate(model, source, Options(verbose, callbacks))


test_loop.__test__ = False  # type: ignore[attr-defined]  # its name makes it look like a test


def predict_loop(
    model: Compiled,
    f: StepFunction,
    ins: Sequence[Any],
    batch_size: int | None = 32,
    verbose: int = 0,
    steps: int | None = None,
    callbacks: Callbacks = None,
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
    source = of_arrays(f, ins, batch_size, steps)
    return loop.predict(model, source, Options(verbose, callbacks))
