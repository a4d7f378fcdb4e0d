"""The learning phase, and choosing between tensors by it."""

from __future__ import annotations

from typing import Any, Callable, Union

from keras_core.backend.convert import pair
from keras_core.graph import primitives as p
from keras_core.graph.tensor import Tensor
from keras_core.once import Once

Choice = Union[Tensor, float, Callable[[], Tensor]]

_fixed: dict[str, int] = {}


def learning_phase() -> Tensor | int:
    """Tells training from testing.

    Returns:
        The int given to `set_learning_phase` (0: test, 1: train), else a scalar bool tensor. Put it
        among the inputs of `function` to feed 0 or 1 at each call.

    Example:
        >>> y = K.in_train_phase(K.constant(1.0), K.constant(0.0))
        >>> f = K.function([K.learning_phase()], [y])
        >>> f([1])[0].tolist(), f([0])[0].tolist()
        (1.0, 0.0)
    """
    fixed = _fixed.get("phase")
    return _symbolic_phase() if fixed is None else fixed


@Once
def _symbolic_phase() -> Tensor:
    return p.learning_phase()


def set_learning_phase(value: int) -> None:
    """Fixes the learning phase for whatever is built from now on.

    Args:
        value: 0 (test) or 1 (train).

    Raises:
        ValueError: another value.

    Example:
        >>> K.set_learning_phase(1)  # as in training, from here on
        >>> float(K.eval(K.in_train_phase(K.constant(1.0), K.constant(0.0))))
        1.0
    """
    if value not in (0, 1):
        raise ValueError(f"The learning phase must be 0 (test) or 1 (train), not {value!r}.")
    _fixed["phase"] = int(value)


def unset_learning_phase() -> None:
    _fixed.clear()


def in_train_phase(x: Choice, alt: Choice, training: Any = None) -> Tensor:
    """Selects `x` in the training phase and `alt` otherwise.

    Args:
        x: tensor, number, or a function without arguments that gives one.
        alt: likewise, of the same rank.
        training: 0, 1, a bool or a scalar tensor that decides; None for the learning phase.

    Example:
        >>> x = K.placeholder((None,))
        >>> f = K.function([x, K.learning_phase()], [K.in_train_phase(2.0 * x, x)])
        >>> f([[1.0], 0])[0].tolist(), f([[1.0], 1])[0].tolist()
        ([1.0], [2.0])
    """
    if training is None:
        training = learning_phase()
    if not isinstance(training, Tensor):
        return _value(x if training else alt)
    first, second = pair(_value(x), _value(alt))
    condition = training if training.dtype == "bool" else p.cast(training, dtype="bool")
    return p.select(condition, first, second)


def in_test_phase(x: Choice, alt: Choice, training: Any = None) -> Tensor:
    """Selects `x` in the test phase and `alt` otherwise.

    Args:
        x: tensor, number, or a function without arguments that gives one.
        alt: likewise, of the same rank.
        training: 0, 1, a bool or a scalar tensor that decides; None for the learning phase.

    Example:
        >>> y = K.in_test_phase(K.constant(1.0), K.constant(2.0))
        >>> K.set_learning_phase(1)
        >>> float(K.eval(y))
        1.0
    """
    return in_train_phase(alt, x, training=training)


def _value(choice: Choice) -> Any:
    return choice() if callable(choice) else choice
