"""Metrics as functions of targets and predictions: one value for each sample (and step)."""

from __future__ import annotations

from typing import Any

from keras_core import backend as K


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where prediction and target are equal, else 0.

    Args:
        y_true: targets `(batch, ...)`.
        y_pred: predictions, of the same shape.

    Returns:
        Tensor of the same shape.
    """
    return K.cast(K.equal(y_true, K.cast(y_pred, K.dtype(y_true))), K.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """The part of the last axis in which the prediction is on the right side of the threshold.

    Args:
        y_true: targets `(batch, ..., features)`, 0 or 1.
        y_pred: predictions of the same shape.
        threshold: predictions above it count as 1.

    Returns:
        Tensor `(batch, ...)`.
    """
    if threshold == 0.5:
        decided = K.round(y_pred)
    else:
        decided = K.cast(K.greater(y_pred, threshold), K.dtype(y_pred))
    return K.mean(K.equal(K.cast(y_true, K.dtype(y_pred)), decided), axis=-1)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the class predicted as most probable is the right one, else 0.

    Args:
        y_true: one-hot targets `(batch, ..., classes)`.
        y_pred: probabilities of the same shape.

    Returns:
        Tensor `(batch, ...)`.
    """
    hit = K.equal(K.argmax(y_true, axis=-1), K.argmax(y_pred, axis=-1))
    return K.cast(hit, K.floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the class predicted as most probable is the right one, else 0.

    Args:
        y_true: integer classes `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities `(batch, ..., classes)`.

    Returns:
        Tensor `(batch, ...)`.
    """
    if K.ndim(y_true) == K.ndim(y_pred):
        y_true = K.squeeze(y_true, -1)
    best = K.cast(K.argmax(y_pred, axis=-1), K.dtype(y_true))
    return K.cast(K.equal(y_true, best), K.floatx())


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the right class is among the k predicted as most probable, else 0.

    Args:
        y_true: one-hot targets `(batch, ..., classes)`.
        y_pred: probabilities of the same shape.
        k: int.

    Returns:
        Tensor `(samples,)`, with a sample for each vector of classes.
    """
    return sparse_top_k_categorical_accuracy(K.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the right class is among the k predicted as most probable, else 0.

    Args:
        y_true: integer classes `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities `(batch, ..., classes)`.
        k: int.

    Returns:
        Tensor `(samples,)`, with a sample for each vector of classes.
    """
    if K.ndim(y_pred) > 2:
        y_pred = K.reshape(y_pred, (-1, K.int_shape(y_pred)[-1]))
    classes = K.cast(K.flatten(y_true), "int32")
    return K.cast(K.in_top_k(y_pred, classes, k), K.floatx())


def cosine_proximity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between targets and predictions: 1 for the same direction.

    Args:
        y_true: targets `(batch, ..., features)`.
        y_pred: predictions of the same shape.
        axis: the axis of the vectors.

    Returns:
        Tensor of the shape of `y_pred` without `axis`.
    """
    return K.sum(K.l2_normalize(y_true, axis=axis) * K.l2_normalize(y_pred, axis=axis), axis=axis)
