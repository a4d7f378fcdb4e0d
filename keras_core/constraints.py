"""Constraints: functions of a weight that an optimizer applies after each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, Union

from keras_core import backend as K
from keras_core import missing, namespaces
from keras_core.families import ConstraintLike, Family, Names
from keras_core.legacy.calls import refusing_old_names

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "maxnorm",
    "min_max_norm",
    "non_neg",
    "nonneg",
    "serialize",
    "unit_norm",
    "unitnorm",
]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())

Axis = Union[int, Sequence[int]]


class Constraint:
    """Base of constraints, which leaves weights as they are.

    Example:
        >>> class Whole(constraints.Constraint):
        ...     def __call__(self, w):
        ...         return K.round(w)
        >>> K.eval(Whole()(K.constant([0.4, 1.7]))).tolist()
        [0.0, 2.0]
    """

    def __call__(self, w: Any) -> Any:
        return w

    def get_config(self) -> dict[str, Any]:
        return {}


class MaxNorm(Constraint):
    """Scales down vectors of weights whose norm is too large.

    Args:
        max_value: largest allowed norm.
        axis: axis or axes of a vector: 0 for a Dense kernel `(in, out)`, whose columns are the
            vectors; `[0, 1, 2]` for a Conv2D kernel `(rows, columns, in, out)`.

    Reference: Srivastava and others, 2014, "Dropout: A Simple Way to Prevent Neural Networks from
    Overfitting".

    Example:
        >>> kernel = K.constant([[3.0, 0.5], [4.0, 0.0]])  # columns of length 5 and 0.5
        >>> print(K.eval(constraints.MaxNorm(1.0)(kernel)).round(3))
        [[0.6 0.5]
         [0.8 0. ]]
    """

    @refusing_old_names("constraints.MaxNorm")
    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        return w * (K.clip(norms, 0, self.max_value) / (K.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Sets negative weights to 0.

    Example:
        >>> w = K.eval(constraints.NonNeg()(K.constant([-1.0, 2.0])))
        >>> w.max().tolist(), bool(w.min() >= 0.0)
        (2.0, True)
        >>> layer = layers.Dense(1, kernel_constraint=constraints.NonNeg())
    """

    def __call__(self, w: Any) -> Any:
        return w * K.cast(K.greater_equal(w, 0.0), K.dtype(w))


class UnitNorm(Constraint):
    """Scales vectors of weights to norm 1.

    Args:
        axis: axis or axes of a vector, as in `MaxNorm`.

    Example:
        >>> kernel = K.constant([[3.0, 0.5], [4.0, 0.0]])  # columns of length 5 and 0.5
        >>> print(K.eval(constraints.UnitNorm()(kernel)).round(3))
        [[0.6 1. ]
         [0.8 0. ]]
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return w / (K.epsilon() + _norms(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Draws the norm of vectors of weights into an interval.

    Args:
        min_value: smallest norm.
        max_value: largest norm.
        rate: how much of the way into the interval is gone at a step, in [0, 1].
        axis: axis or axes of a vector, as in `MaxNorm`.

    Example:
        >>> kernel = K.constant([[3.0, 0.5], [4.0, 0.0]])  # columns of length 5 and 0.5
        >>> print(K.eval(constraints.MinMaxNorm(1.0, 2.0)(kernel)).round(3))
        [[1.2 1. ]
         [1.6 0. ]]
    """

    @refusing_old_names("constraints.MinMaxNorm")
    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axis = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        inside = K.clip(norms, self.min_value, self.max_value)
        desired = self.rate * inside + (1 - self.rate) * norms
        return w * (desired / (K.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


def _norms(w: Any, axis: Axis) -> Any:
    return K.sqrt(K.sum(K.square(w), axis=axis, keepdims=True))


max_norm = maxnorm = MaxNorm
non_neg = nonneg = NonNeg
unit_norm = unitnorm = UnitNorm
min_max_norm = MinMaxNorm

FAMILY = Family("constraint", Names(globals(), __all__))


def serialize(constraint: Any) -> Any:
    """The name or configuration of a constraint.

    Example:
        >>> constraints.serialize(constraints.MaxNorm(3.0))
        {'class_name': 'MaxNorm', 'config': {'max_value': 3.0, 'axis': 0}}
    """
    return FAMILY.serialize(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The constraint that a name or a configuration stands for.

    Args:
        config: name, or dictionary with `class_name` and `config`.
        custom_objects: constraints of one's own, by name.

    Returns:
        A function of a weight.

    Example:
        >>> data = constraints.serialize(constraints.MaxNorm(3.0))
        >>> constraints.deserialize(data).max_value
        3.0
    """
    return FAMILY.deserialize(config, custom_objects)


def get(identifier: ConstraintLike) -> Callable[..., Any] | None:
    """The constraint that a name, configuration, class or function stands for; None for None.

    Raises:
        ValueError: unknown name, or something else altogether.

    Example:
        >>> type(constraints.get("non_neg")).__name__
        'NonNeg'
    """
    return None if identifier is None else FAMILY.get(identifier)
