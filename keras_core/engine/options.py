"""What a run is asked for, besides its data."""

from __future__ import annotations

import math
import operator
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Any, Union

import numpy as np

from keras_core import ranks
from keras_core.callbacks.base import Callback, CallbackList

Callbacks = Union[Sequence[Callback], CallbackList, None]


def any_whole_number(name: str, value: Any, wanted: str = "an int") -> int:
    """The value as an int.

    Raises:
        TypeError: it is no whole number.
    """
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} is {value!r}, of type {type(value).__name__}; give {wanted}."
        ) from None


def whole_number(name: str, value: Any, least: int) -> int:
    """The same where there is a least number.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is less than `least`.
    """
    number = any_whole_number(name, value, f"an int of at least {least}")
    if number < least:
        raise ValueError(f"{name} is {number}; give an int of at least {least}.")
    return number


def number_of_steps(name: str, value: Any) -> int:
    """A number of steps as an int, rounded up, so that samples / batch_size covers all samples.

    Raises:
        TypeError: it is no number.
        ValueError: it is less than 1, or not finite.
    """
    if isinstance(value, (float, np.floating)) and math.isfinite(value):
        value = math.ceil(value)
    return whole_number(name, value, 1)


@dataclass(frozen=True)
class Workers:
    """Who makes the batches of a generator or Sequence.

    Attributes:
        max_queue_size: number of batches that may wait.
        workers: number of threads or processes; 0, or less, makes batches in place.
        use_multiprocessing: True makes them in processes.
    """

    max_queue_size: int = 10
    workers: int = 1
    use_multiprocessing: bool = False

    def __post_init__(self) -> None:
        for name in ("max_queue_size", "workers"):
            any_whole_number(name, getattr(self, name))


_SPLIT = (
    "It is the fraction of the samples to hold out for validation, between 0 and 1, such as "
    "validation_split=0.2."
)


def should_run_validation(validation_freq: Any, epoch: int) -> bool:
    """Whether there is a validation after an epoch.

    Args:
        validation_freq: int, validate after every so many epochs; or epochs, counted from 1.
        epoch: index of the epoch, counted from 0.

    Raises:
        ValueError: an int less than 1, or something else.
        TypeError: a text.
    """
    hint = "give an int of at least 1, or a list of epochs, counted from 1."
    if isinstance(validation_freq, (int, np.integer)):
        if validation_freq < 1:
            raise ValueError(f"validation_freq is {validation_freq}; {hint}")
        return (epoch + 1) % validation_freq == 0
    if isinstance(validation_freq, (str, bytes)):
        raise TypeError(f"validation_freq is {validation_freq!r}; {hint}")
    if not hasattr(validation_freq, "__contains__"):
        raise ValueError(f"validation_freq is {validation_freq!r}; {hint}")
    return epoch + 1 in validation_freq


@dataclass(frozen=True)
class Validation:
    """What training is validated on, and when.

    Attributes:
        data: arrays, a generator, a Sequence or an engine's data set, as a user gives them.
        steps: number of batches.
        split: fraction of the samples to hold out.
        freq: validate after every so many epochs, or epochs, counted from 1.
    """

    data: Any = None
    steps: int | None = None
    split: float = 0.0
    freq: int | Container[int] = 1

    def __post_init__(self) -> None:
        if isinstance(self.split, str) or not hasattr(self.split or 0.0, "__float__"):
            raise TypeError(f"validation_split is {self.split!r}. {_SPLIT}")
        if self.split and not 0.0 < self.split < 1.0:
            raise ValueError(f"validation_split is {self.split!r}. {_SPLIT}")
        if self.split or self.is_given:
            should_run_validation(self.freq, 0)

    @property
    def is_given(self) -> bool:
        """Whether there are data to validate on; arrays have no truth value."""
        data = self.data
        return bool(data) if isinstance(data, (bool, list, tuple)) else data is not None


@dataclass(frozen=True)
class Options:
    """How a run over data is done.

    Attributes:
        verbose: 0 prints nothing, 1 draws a progress bar, 2 writes a line an epoch.
        callbacks: the user's callbacks.
        batch_size: number of samples in a batch of arrays.
        steps: number of batches of an epoch, where it does not follow from the data.
        workers: who makes batches.
        epochs: index of the epoch at which training ends.
        initial_epoch: index of the first epoch.
        shuffle: True shuffles samples, or the batches of a Sequence; `'batch'` whole batches.
        class_weight: dict from class index to the weight of its samples.
        validation: what training is validated on, and when.
        labels: names of what a training step reports; those of the model by default.
    """

    verbose: int = 0
    callbacks: Callbacks = None
    batch_size: int | None = None
    steps: int | None = None
    workers: Workers = Workers()
    epochs: int = 1
    initial_epoch: int = 0
    shuffle: bool | str = False
    class_weight: Any = None
    validation: Validation = Validation()
    labels: Sequence[str] = ()

    def __post_init__(self) -> None:
        whole_number("epochs", self.epochs, 0)
        whole_number("initial_epoch", self.initial_epoch, 0)
        if self.batch_size is not None:
            whole_number("batch_size", self.batch_size, 1)
        if self.shuffle not in (True, False, None, "batch"):
            raise ValueError(f"shuffle is {self.shuffle!r}; write True, False or 'batch'.")

    def on_this_rank(self) -> Options:
        """The options where several processes share a run: the first one prints and writes."""
        if ranks.is_first():
            return self
        callbacks = self.callbacks
        if isinstance(callbacks, (list, tuple)):
            callbacks = [x for x in callbacks if not getattr(x, "writes", False)]
        return replace(self, verbose=0, callbacks=callbacks)

    def for_generators(self) -> dict[str, Any]:
        """The options as `evaluate_generator` and `predict_generator` call them."""
        return {
            "steps": self.steps,
            "callbacks": self.callbacks,
            "verbose": self.verbose,
            **vars(self.workers),
        }

    def for_training_on_generators(self) -> dict[str, Any]:
        """The options as `fit_generator` calls them."""
        options = self.for_generators()
        steps = options.pop("steps")
        return {
            **options,
            "steps_per_epoch": steps,
            "epochs": self.epochs,
            "initial_epoch": self.initial_epoch,
            "shuffle": self.shuffle,
            "class_weight": self.class_weight,
            "validation_data": self.validation.data,
            "validation_steps": self.validation.steps,
            "validation_freq": self.validation.freq,
        }
