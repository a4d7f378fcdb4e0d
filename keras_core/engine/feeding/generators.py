"""Data that come batch by batch: generators, Sequences, data sets of the backend's engine."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_core import foreign
from keras_core.engine.options import number_of_steps
from keras_core.utils.data_utils import BatchOrder, Sequence


class EngineBatches:
    """A data set of the backend's engine, which behaves as a Sequence that is only read in order.

    Args:
        batches: what the backend made of the data set.
    """

    use_sequence_api = True

    def __init__(self, batches: Any) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.batches)

    def on_epoch_end(self) -> None:
        """Has nothing to do: the engine shuffles where the data set says so."""


# What no engine's data set is, so that no backend needs to be loaded to tell.
_NO_DATA_SETS = (np.ndarray, list, tuple, dict, Sequence, type(None))


def or_engine_batches(data: Any) -> Any:
    """A data set of the backend's engine as `EngineBatches`, other data as they are."""
    if isinstance(data, (*_NO_DATA_SETS, EngineBatches)) or is_generator_or_sequence(data):
        return data
    from keras_core.plugins import current_backend

    batches = current_backend().batches_of(data)
    return data if batches is None else EngineBatches(batches)


def is_sequence(seq: Any) -> bool:
    """Whether data is a Sequence, or behaves as one."""
    return getattr(seq, "use_sequence_api", False) or isinstance(seq, Sequence)


def is_generator_or_sequence(x: Any) -> bool:
    """Whether data is a generator or a Sequence, and no arrays."""
    return _is_generator(x) or is_sequence(x)


def _is_generator(x: Any) -> bool:
    return hasattr(x, "gi_frame") and hasattr(x, "send")


def iter_sequence_infinite(seq: Any) -> Iterator[Any]:
    """Yields the batches of a Sequence over and over."""
    while True:
        yield from seq


def ordered_infinite(seq: Any, order: BatchOrder, epoch: int = 0, done: int = 0) -> Iterator[Any]:
    """Yields the batches of a Sequence over and over, each epoch in its order.

    Args:
        seq: a Sequence.
        order: the orders.
        epoch: number of the first epoch.
        done: how many batches of that one are passed over.
    """
    for number in itertools.count(epoch):
        for index in order.of_epoch(number, seq)[done if number == epoch else 0 :]:
            yield seq[index]


def check_generator_arguments(
    y: Any = None, sample_weight: Any = None, validation_split: Any = None
) -> None:
    """Refuses arguments that say nothing about a generator.

    Raises:
        ValueError: one of them is given.
    """
    given = {"y": y, "sample_weight": sample_weight, "validation_split": validation_split or None}
    for name, value in given.items():
        if value is not None:
            hint = "give validation_data" if name == "validation_split" else "leave it out"
            raise ValueError(
                f"{name} was given besides a generator or Sequence, whose batches are taken as "
                f"they come, with their own targets and weights; {hint}."
            )


def _length(sequence: Any) -> int:
    if not len(sequence):
        raise ValueError(
            f"{type(sequence).__name__} has no batches: its len() is 0. Are there fewer samples "
            "than a batch takes?"
        )
    return len(sequence)


def number_of_batches(data: Any, steps: int | None, name: str) -> int:
    """The number of batches in an epoch: `steps`, or the length of a Sequence.

    Raises:
        ValueError: neither is known; `name` is what the user calls the number. Or the data are
            arrays.
        TypeError: the data are a class.
    """
    foreign.refuse(data)
    if isinstance(data, (np.ndarray, list, tuple, dict)):
        raise ValueError(
            f"A generator or a Sequence is wanted here, not {type(data).__name__}; arrays go to "
            "fit, evaluate and predict."
        )
    if inspect.isclass(data):
        raise TypeError(f"{data.__name__} is a class; give an object of it: {data.__name__}(...).")
    if not is_sequence(data) and not hasattr(data, "__next__") and not hasattr(data, "__iter__"):
        called = f" Call it: {data.__name__}()." if inspect.isfunction(data) else ""
        raise TypeError(f"{data!r} is not an iterator of batches, nor a Sequence.{called}")
    if steps is not None:
        return number_of_steps(name, steps)
    if is_sequence(data):
        return _length(data)
    raise ValueError(
        f"A generator does not tell how many batches it has: give {name}, or use a Sequence."
    )
