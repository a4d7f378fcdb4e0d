"""Metrics as functions of targets and predictions: one value for each sample (and step)."""

from __future__ import annotations

from typing import Any

from keras_core import backend as K
from keras_core.graph import Tensor


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where prediction and target are equal, else 0.

    Args:
        y_true: targets `(batch, ...)`.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor of the same shape.

    Example:
        >>> y_true, y_pred = K.constant([[1], [2]]), K.constant([[1], [3]])
        >>> K.eval(metrics.accuracy(y_true, y_pred)).tolist()
        [[1.0], [0.0]]
    """
    return K.cast(K.equal(y_true, K.cast(y_pred, K.dtype(y_true))), K.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """The part of the last axis in which the prediction is on the right side of the threshold.

    Args:
        y_true: targets `(batch, ..., features)`, 0 or 1.
        y_pred: predictions of the same shape.
        threshold: predictions above it count as 1.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true, y_pred = K.constant([[1.0], [0.0], [1.0]]), K.constant([[0.9], [0.2], [0.4]])
        >>> K.eval(metrics.binary_accuracy(y_true, y_pred)).tolist()
        [1.0, 1.0, 0.0]
    """
    if threshold == 0.5:
        decided = K.round(y_pred)
    else:
        decided = K.cast(K.greater(y_pred, threshold), K.dtype(y_pred))
    return K.mean(K.equal(K.cast(y_true, K.dtype(y_pred)), decided), axis=-1)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the class predicted as most probable is the right one, else 0.

    Args:
        y_true: one-hot targets `(batch, ..., classes)`.
        y_pred: probabilities of the same shape.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true = K.constant([[0, 1, 0], [1, 0, 0]])
        >>> y_pred = K.constant([[0.1, 0.8, 0.1], [0.2, 0.7, 0.1]])
        >>> K.eval(metrics.categorical_accuracy(y_true, y_pred)).tolist()
        [1.0, 0.0]
    """
    hit = K.equal(K.argmax(y_true, axis=-1), K.argmax(y_pred, axis=-1))
    return K.cast(hit, K.floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the class predicted as most probable is the right one, else 0.

    Args:
        y_true: integer classes `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities `(batch, ..., classes)`.

    Returns:
        Tensor `(batch, ...)`.

    Example:
        >>> y_true = K.constant([[1], [0]])
        >>> y_pred = K.constant([[0.1, 0.8, 0.1], [0.2, 0.7, 0.1]])
        >>> K.eval(metrics.sparse_categorical_accuracy(y_true, y_pred)).tolist()
        [1.0, 0.0]
    """
    if K.ndim(y_true) == K.ndim(y_pred):
        y_true = K.squeeze(y_true, -1)
    best = K.cast(K.argmax(y_pred, axis=-1), K.dtype(y_true))
    return K.cast(K.equal(y_true, best), K.floatx())


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where the right class is among the k predicted as most probable, else 0.

    Args:
        y_true: one-hot targets `(batch, ..., classes)`.
        y_pred: probabilities of the same shape.
        k: int.

    Returns:
        Tensor `(samples,)`, with a sample for each vector of classes.

    Example:
        >>> y_true, y_pred = [[0, 0, 1], [1, 0, 0]], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]]
        >>> K.eval(metrics.top_k_categorical_accuracy(y_true, y_pred, k=2)).tolist()
        [1.0, 0.0]
    """
    return sparse_top_k_categorical_accuracy(K.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where the right class is among the k predicted as most probable, else 0.

    Args:
        y_true: integer classes `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities `(batch, ..., classes)`.
        k: int.

    Returns:
        Tensor `(samples,)`, with a sample for each vector of classes.

    Example:
        >>> y_true, y_pred = [[2], [0]], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]]
        >>> K.eval(metrics.sparse_top_k_categorical_accuracy(y_true, y_pred, k=2)).tolist()
        [1.0, 0.0]
    """
    if K.ndim(y_pred) > 2:
        y_pred = K.reshape(y_pred, (-1, K.int_shape(y_pred)[-1]))
    classes = K.cast(K.flatten(y_true), "int32")
    return K.cast(K.in_top_k(y_pred, classes, k), K.floatx())


def cosine_proximity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """The cosine of the angle between targets and predictions: 1 for the same direction.

    Args:
        y_true: targets `(batch, ..., features)`.
        y_pred: predictions of the same shape.
        axis: the axis of the vectors.

    Returns:
        Tensor of the shape of `y_pred` without `axis`.

    Example:
        >>> print(K.eval(metrics.cosine_proximity([[3.0, 4.0]], [[3.0, 4.0]])).round(3))
        [1.]
    """
    return K.sum(K.l2_normalize(y_true, axis=axis) * K.l2_normalize(y_pred, axis=axis), axis=axis)
