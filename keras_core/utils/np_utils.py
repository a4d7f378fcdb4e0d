"""Utilities on NumPy arrays."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from keras_core import missing
from keras_core.legacy.calls import refusing_old_names


@refusing_old_names("utils.np_utils.to_categorical")
def to_categorical(y: Any, num_classes: int | None = None, dtype: str = "float32") -> np.ndarray:
    """Integer class labels as one-hot vectors.

    Args:
        y: integers from 0 to `num_classes - 1`, of any shape; a last axis of size 1 is dropped.
        num_classes: number of classes; the largest label plus one by default, and for 0.
        dtype: dtype of the result.

    Returns:
        Array of the shape of `y` with an axis of size `num_classes` appended.

    Raises:
        IndexError: a label is negative, or `num_classes` or more.
        ValueError: the labels are no numbers, or there are none to count the classes of.
        TypeError: `num_classes` is no int.

    Example:
        >>> utils.to_categorical([0, 2, 1]).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    labels = _labels(y)
    shape = labels.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    labels = labels.ravel()
    if labels.size and labels.min() < 0:
        raise IndexError(
            f"to_categorical: label {labels.min()} is negative; labels run from 0 to "
            "num_classes - 1. Of -1 and 1 they are made by (y + 1) // 2."
        )
    if not num_classes:
        if not labels.size:
            raise ValueError("to_categorical: there are no labels; give num_classes.")
        num_classes = int(labels.max()) + 1
    if not isinstance(num_classes, (int, np.integer)) or num_classes < 0:
        kind = ValueError if isinstance(num_classes, (int, np.integer)) else TypeError
        raise kind(
            f"to_categorical: num_classes is {num_classes!r}; give the number of classes, an int."
        )
    if labels.size and labels.max() >= num_classes:
        raise IndexError(
            f"to_categorical: label {labels.max()} does not fit num_classes={num_classes}; "
            f"labels run from 0 to num_classes - 1, so give num_classes={labels.max() + 1}."
        )
    one_hot = np.zeros((labels.size, num_classes), dtype=dtype)
    one_hot[np.arange(labels.size), labels] = 1
    return one_hot.reshape((*shape, num_classes))


def _labels(y: Any) -> np.ndarray:
    """Labels as ints, with a warning where a fraction is cut off."""
    try:
        labels = np.array(y, dtype="int")
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"to_categorical takes integer labels ({error}). Of words they are made by "
            "np.unique(words, return_inverse=True)[1]."
        ) from None
    given = np.asarray(y)
    if given.dtype.kind == "f" and not np.array_equal(labels, given):
        warnings.warn(
            f"to_categorical takes integer labels, but {given[labels != given].ravel()[0]} is "
            "among them; what is behind the point is cut off. Is y a measured value, or should it "
            "be rounded first?",
            stacklevel=3,
        )
    return labels


@refusing_old_names("utils.np_utils.normalize")
def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """An array scaled to unit norm along an axis. Vectors of norm 0 stay 0.

    Args:
        x: array.
        axis: the axis.
        order: order of the norm, as in `numpy.linalg.norm`.

    Returns:
        Array of the shape of `x`.

    Example:
        >>> utils.normalize(np.array([[3.0, 4.0]])).tolist()
        [[0.6, 0.8]]
    """
    norm = np.atleast_1d(np.linalg.norm(x, order, axis))
    norm[norm == 0] = 1
    return x / np.expand_dims(norm, axis)


missing.explain_attributes(globals())
