"""Losses as functions: one value for each sample (and step), mostly a mean over the last axis."""

from __future__ import annotations

import math
from typing import Any

from keras_core import backend as K
from keras_core.graph import Tensor


def _operands(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both as tensors of the dtype of the predictions."""
    y_pred = y_pred if K.is_tensor(y_pred) else K.constant(y_pred)
    y_true = y_true if K.is_tensor(y_true) else K.constant(y_true)
    return K.cast(y_true, K.dtype(y_pred)), y_pred


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of (y_pred - y_true)**2 over the last axis.

    Args:
        y_true: targets `(batch, ..., features)`.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[0.0, 2.0], [1.0, 1.0]], [[1.0, 2.0], [1.0, 4.0]]
        >>> K.eval(losses.mean_squared_error(y_true, y_pred)).tolist()  # one value a sample
        [0.5, 4.5]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return K.mean(K.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of |y_pred - y_true| over the last axis.

    Args:
        y_true: targets `(batch, ..., features)`.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[0.0, 2.0], [1.0, 1.0]], [[1.0, 2.0], [1.0, 4.0]]
        >>> K.eval(losses.mean_absolute_error(y_true, y_pred)).tolist()
        [0.5, 1.5]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return K.mean(K.abs(y_pred - y_true), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of 100 |y_true - y_pred| / |y_true| over the last axis, in percent.

    Args:
        y_true: targets `(batch, ..., features)`; |y_true| counts as `K.epsilon()` at least.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[2.0, 4.0]], [[3.0, 4.0]]
        >>> print(K.eval(losses.mean_absolute_percentage_error(y_true, y_pred)).round(3))
        [25.]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    scale = K.clip(K.abs(y_true), K.epsilon(), None)
    return 100.0 * K.mean(K.abs((y_true - y_pred) / scale), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of (log(1 + y_pred) - log(1 + y_true))**2 over the last axis.

    Args:
        y_true: targets `(batch, ..., features)`; values below `K.epsilon()` count as that.
        y_pred: predictions, of the same shape; likewise.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[0.0, 3.0]], [[1.0, 3.0]]
        >>> print(K.eval(losses.mean_squared_logarithmic_error(y_true, y_pred)).round(3))
        [0.24]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return K.mean(K.square(_log_of_one_more(y_pred) - _log_of_one_more(y_true)), axis=-1)


def _log_of_one_more(x: Any) -> Tensor:
    return K.log(K.clip(x, K.epsilon(), None) + 1.0)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of max(1 - y_true y_pred, 0)**2 over the last axis.

    Args:
        y_true: targets `(batch, ..., features)`, -1 or 1; if all are 0 or 1, 0 stands for -1.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[1.0, -1.0]], [[0.5, -2.0]]
        >>> K.eval(losses.squared_hinge(y_true, y_pred)).tolist()
        [0.125]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return K.mean(K.square(_margin_violation(y_true, y_pred)), axis=-1)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of max(1 - y_true y_pred, 0) over the last axis.

    Args:
        y_true: targets `(batch, ..., features)`, -1 or 1; if all are 0 or 1, 0 stands for -1.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[1.0, -1.0]], [[0.5, -2.0]]
        >>> K.eval(losses.hinge(y_true, y_pred)).tolist()
        [0.25]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return K.mean(_margin_violation(y_true, y_pred), axis=-1)


def _margin_violation(y_true: Any, y_pred: Any) -> Tensor:
    is_binary = K.all(K.equal(y_true * (1.0 - y_true), 0.0))
    signs = K.switch(is_binary, 2.0 * y_true - 1.0, y_true)
    return K.maximum(1.0 - signs * y_pred, 0.0)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """max(0, 1 + largest wrong score - right score).

    Args:
        y_true: one-hot targets `(batch, ..., classes)`.
        y_pred: scores, of the same shape.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]]
        >>> K.eval(losses.categorical_hinge(y_true, y_pred)).tolist()
        [0.75]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    right = K.sum(y_true * y_pred, axis=-1)
    wrong = K.max((1.0 - y_true) * y_pred, axis=-1)
    return K.maximum(wrong - right + 1.0, 0.0)


def logcosh(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of log(cosh(y_pred - y_true)) over the last axis.

    It is near to half the square of small errors, and to the absolute value of large ones.

    Args:
        y_true: targets `(batch, ..., features)`.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[0.0, 0.0]], [[0.0, 1.0]]
        >>> print(K.eval(losses.logcosh(y_true, y_pred)).round(3))
        [0.217]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    error = y_pred - y_true
    # cosh itself overflows; log(cosh(x)) = x + log(1 + exp(-2x)) - log(2) does not.
    return K.mean(error + K.softplus(-2.0 * error) - math.log(2.0), axis=-1)


def huber_loss(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """0.5 e**2 where the error |e| is at most delta, else delta |e| - 0.5 delta**2; not averaged.

    Args:
        y_true: targets `(batch, ..., features)`.
        y_pred: predictions, of the same shape.
        delta: where the loss turns from squared to absolute, in units of the targets.

    Returns:
        Tensor `(batch, ..., features)`.

    Example:
        >>> y_true, y_pred = [[0.0, 0.0]], [[0.5, 3.0]]
        >>> K.eval(losses.huber_loss(y_true, y_pred)).tolist()
        [[0.125, 2.5]]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    size = K.abs(y_pred - y_true)
    quadratic = K.minimum(size, delta)
    return 0.5 * K.square(quadratic) + delta * (size - quadratic)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0
) -> Tensor:
    """-sum(y_true log(y_pred)) over the classes, the last axis.

    Args:
        y_true: probabilities, mostly one-hot, `(batch, ..., classes)`.
        y_pred: probabilities of the same shape, scaled to sum to 1; or logits.
        from_logits: whether `y_pred` holds logits, the inputs of a softmax.
        label_smoothing: the part in [0, 1] of the targets that is spread evenly over the classes.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]]
        >>> print(K.eval(losses.categorical_crossentropy(y_true, y_pred)).round(3))
        [0.693]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    if _smooths(label_smoothing):
        # Keras 2 counts the classes on axis 1, which is that of the steps where there are steps.
        classes = K.cast(K.shape(y_pred)[1], K.dtype(y_pred))
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / classes
    return K.categorical_crossentropy(y_true, y_pred, from_logits=from_logits)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """-log of the probability predicted for the right class.

    Args:
        y_true: integer classes `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities `(batch, ..., classes)`; or logits.
        from_logits: whether `y_pred` holds logits, the inputs of a softmax.
        axis: the axis of `y_pred` with the classes.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[1]], [[0.25, 0.5, 0.25]]
        >>> print(K.eval(losses.sparse_categorical_crossentropy(y_true, y_pred)).round(3))
        [0.693]
    """
    return K.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0
) -> Tensor:
    """Mean of -y_true log(y_pred) - (1 - y_true) log(1 - y_pred) over the last axis.

    Args:
        y_true: probabilities, mostly 0 or 1, `(batch, ..., features)`.
        y_pred: probabilities of the same shape; or logits.
        from_logits: whether `y_pred` holds logits, the inputs of a sigmoid.
        label_smoothing: how far in [0, 1] the targets are moved to 0.5.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[1.0, 0.0]], [[0.5, 0.5]]
        >>> print(K.eval(losses.binary_crossentropy(y_true, y_pred)).round(3))
        [0.693]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    if _smooths(label_smoothing):
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing * 0.5
    return K.mean(K.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=-1)


def _smooths(label_smoothing: Any) -> bool:
    return K.is_tensor(label_smoothing) or label_smoothing != 0


def kullback_leibler_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Sum of y_true log(y_true / y_pred) over the last axis.

    Args:
        y_true: probabilities `(batch, ..., classes)`; values below `K.epsilon()` count as that.
        y_pred: probabilities of the same shape; likewise.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[0.5, 0.5]], [[0.25, 0.75]]
        >>> print(K.eval(losses.kullback_leibler_divergence(y_true, y_pred)).round(3))
        [0.144]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    y_true, y_pred = K.clip(y_true, K.epsilon(), 1.0), K.clip(y_pred, K.epsilon(), 1.0)
    return K.sum(y_true * K.log(y_true / y_pred), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of y_pred - y_true log(y_pred) over the last axis.

    Args:
        y_true: counts `(batch, ..., features)`.
        y_pred: predicted rates of the same shape, not negative.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = [[1.0, 0.0]], [[1.0, 2.0]]
        >>> print(K.eval(losses.poisson(y_true, y_pred)).round(3))
        [1.5]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return K.mean(y_pred - y_true * K.log(y_pred + K.epsilon()), axis=-1)


def cosine_proximity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Minus the cosine of the angle between targets and predictions: -1 for the same direction.

    Args:
        y_true: targets `(batch, ..., features)`.
        y_pred: predictions, of the same shape.
        axis: the axis of the vectors.

    Returns:
        Tensor of the shape of `y_pred` without `axis`.

    Example:
        >>> y_true, y_pred = [[3.0, 4.0]], [[3.0, 4.0]]
        >>> print(K.eval(losses.cosine_proximity(y_true, y_pred)).round(3))
        [-1.]
    """
    y_true, y_pred = _operands(y_true, y_pred)
    return -K.sum(K.l2_normalize(y_true, axis=axis) * K.l2_normalize(y_pred, axis=axis), axis=axis)
