"""Utilities on NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_core import missing


def to_categorical(y: Any, num_classes: int | None = None, dtype: str = "float32") -> np.ndarray:
    """Integer class labels as one-hot vectors.

    Args:
        y: integers from 0 to `num_classes - 1`, of any shape; a last axis of size 1 is dropped.
        num_classes: number of classes; the largest label plus one by default.
        dtype: dtype of the result.

    Returns:
        Array of the shape of `y` with an axis of size `num_classes` appended.

    Raises:
        IndexError: a label is negative, or `num_classes` or more.
        ValueError: the labels are no numbers.
    """
    try:
        labels = np.array(y, dtype="int")
    except ValueError as error:
        raise ValueError(
            f"to_categorical takes integer labels ({error}). Of words they are made by "
            "np.unique(words, return_inverse=True)[1]."
        ) from None
    shape = labels.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    labels = labels.ravel()
    if labels.size and labels.min() < 0:
        raise IndexError(
            f"to_categorical: label {labels.min()} is negative; labels run from 0 to "
            "num_classes - 1. Of -1 and 1 they are made by (y + 1) // 2."
        )
    if num_classes is None:
        num_classes = int(labels.max()) + 1
    elif labels.size and labels.max() >= num_classes:
        raise IndexError(
            f"to_categorical: label {labels.max()} does not fit num_classes={num_classes}; "
            f"labels run from 0 to num_classes - 1, so give num_classes={labels.max() + 1}."
        )
    one_hot = np.zeros((labels.size, num_classes), dtype=dtype)
    one_hot[np.arange(labels.size), labels] = 1
    return one_hot.reshape((*shape, num_classes))


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """An array scaled to unit norm along an axis. Vectors of norm 0 stay 0.

    Args:
        x: array.
        axis: the axis.
        order: order of the norm, as in `numpy.linalg.norm`.

    Returns:
        Array of the shape of `x`.
    """
    norm = np.atleast_1d(np.linalg.norm(x, order, axis))
    norm[norm == 0] = 1
    return x / np.expand_dims(norm, axis)


missing.explain_attributes(globals())
