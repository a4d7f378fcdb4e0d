"""What users give for arrays, made into arrays of numbers, or told what is none in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core import foreign
from keras_core.warned import warn

# How many numbers are looked at in one go for what is not finite.
_BLOCK = 1 << 20

# By how much a probability may be outside of [0, 1], as rounding leaves it.
_ROUNDING = 1e-3


class NoArrayError(ValueError, AttributeError):
    """Something that is no array was given as data."""


class SparseRows:
    """A matrix of scipy.sparse whose rows are written out when they are fed, batch by batch.

    Args:
        matrix: the matrix, of any format.
    """

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix.tocsr()
        self.shape = self.matrix.shape
        self.dtype = self.matrix.dtype

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: Any) -> SparseRows:
        return SparseRows(self.matrix[rows])

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.matrix.toarray().astype(dtype or self.dtype, copy=False)


def plain_array(x: Any) -> Any:
    """The array in a data frame, or a tensor of an engine; other things unchanged."""
    if isinstance(x, memoryview):
        return np.asarray(x)
    if type(x).__name__ in ("DataFrame", "Series"):
        return x.to_numpy()
    if callable(getattr(x, "numpy", None)):
        return x.numpy()
    # Engines' arrays have this way out of memory; those of files, which are read by rows, have not.
    return np.asarray(x) if hasattr(x, "__dlpack__") and not isinstance(x, np.ndarray) else x


def as_numbers(x: Any, name: str) -> Any:
    """An array of numbers, or something that gives such arrays by its rows.

    Args:
        x: array, data frame, matrix of scipy.sparse, tensor of an engine, or a file's array; of
            numbers, truth values, or what can be read as numbers.
        name: what it is, for messages.

    Raises:
        NoArrayError: it is no array; both a ValueError and an AttributeError.
        ValueError: it holds something that is no number.
    """
    if hasattr(x, "tocsr") and hasattr(x, "toarray"):
        return SparseRows(x) if len(x.shape) == 2 else x.toarray()
    array = plain_array(x)
    if not hasattr(array, "shape") or not hasattr(array, "__getitem__"):
        foreign.refuse(array, NoArrayError)
        raise NoArrayError(
            f"{name} is {type(array).__name__}; give a NumPy array, or a list or dict of arrays "
            f"with one for each input or output.{_hint_of_kind(array)}"
        )
    kind = np.dtype(getattr(array, "dtype", float)).kind
    if kind in "biufc":
        return array
    if kind in "OSU":
        try:
            return np.asarray(array).astype(K.floatx())
        except (TypeError, ValueError):
            pass
    raise ValueError(_complaint(np.asarray(array), name, getattr(x, "columns", None)))


def _hint_of_kind(x: Any) -> str:
    if isinstance(x, str):
        return " A file has to be read first."
    if callable(x):
        return f" A generator function has to be called: {getattr(x, '__name__', 'function')}()."
    if hasattr(x, "__next__"):
        return " An iterator of batches is taken by fit_generator."
    return ""


def _complaint(array: np.ndarray, name: str, labels: Any) -> str:
    """Says what in an array is no number, and what can be done."""
    lead = f"{name} is an array of dtype {array.dtype}, but numbers are needed"
    found = _first_without_number(array)
    if found is None:
        return f"{lead}; convert it with astype, or leave that column out."
    index, value = found
    value = str(value) if isinstance(value, np.str_) else value
    where = f"at {list(index)}"
    if array.ndim == 2:
        column = index[1] if labels is None else labels[index[1]]
        where = f"in column {column!r}, row {index[0]}"
    shown = repr(value)
    shown = shown if len(shown) <= 40 else f"{shown[:37]}..."
    return f"{lead}: {where} there is {shown}, a {type(value).__name__}. {_advice(array, value)}"


def _first_without_number(array: np.ndarray) -> tuple[tuple[int, ...], Any] | None:
    for index, value in np.ndenumerate(array):
        if isinstance(value, np.datetime64):
            return index, value
        try:
            float(value)
        except (TypeError, ValueError):
            return index, value
    return None


def _advice(array: np.ndarray, value: Any) -> str:
    if isinstance(value, (str, bytes)):
        return (
            "Give each word a number first, labels for instance by "
            "np.unique(labels, return_inverse=True)[1]; or leave the column out."
        )
    if isinstance(value, (list, tuple, np.ndarray)):
        if len({np.shape(x) for x in array.ravel().tolist()}) == 1:
            return "All have one shape, so np.stack makes one array of them."
        return "Rows of unequal length have to be filled up, for instance with zeros."
    if type(value).__name__ in ("NAType", "NaTType", "NoneType"):
        return "Fill what is missing with a number, or leave out those rows."
    return "Turn it into a number, such as the days since a date, or leave the column out."


# What is not finite


def warn_of_not_finite(role: str, names: Sequence[str], arrays: Sequence[Any]) -> None:
    """Warns of NaN and infinity, which make the loss and then all weights NaN.

    Args:
        role: what the arrays are for, for messages.
        names: their names.
        arrays: arrays; those that are not in memory aren't looked at.
    """
    for name, x in zip(names, arrays):
        if type(x) is np.ndarray and x.dtype.kind == "f" and not _is_finite(x):
            bad = np.argwhere(~np.isfinite(x))
            first = tuple(bad[0].tolist())
            warn(
                f"{role} {name!r} of shape {x.shape} holds {len(bad)} values that are NaN or "
                f"infinite; the first, at {list(first)}, is {x[first]}. Losses and weights become "
                "NaN by them; find them by np.argwhere(~np.isfinite(x)), and replace or drop them.",
            )


def warn_of_no_probabilities(names: Sequence[str], arrays: Sequence[Any]) -> None:
    """Warns of targets outside of [0, 1], by which a binary crossentropy has no minimum.

    Args:
        names: of the outputs that have this loss.
        arrays: their targets; those that are not in memory aren't looked at.
    """
    for name, y in zip(names, arrays):
        if type(y) is np.ndarray and y.size and y.dtype.kind in "iuf":
            wrong = [v for v in (y.min(), y.max()) if v < -_ROUNDING or v > 1 + _ROUNDING]
            if wrong:
                warn(
                    f"target {name!r} of shape {y.shape} holds {wrong[0]}, but binary_crossentropy "
                    "takes labels 0 and 1, or what is between: outside of [0, 1] the loss gets "
                    "negative and has no minimum. For labels -1 and 1 write (y + 1) / 2; for more "
                    "than two classes use a softmax layer with a unit for each and the loss "
                    "sparse_categorical_crossentropy; for other numbers a loss such as mse.",
                )


def _is_finite(x: np.ndarray) -> bool:
    """Whether all numbers are finite: one pass, without an array of truth values where they are."""
    rows = max(1, _BLOCK // max(1, x[:1].size))
    return all(_is_finite_block(x[start : start + rows]) for start in range(0, len(x), rows))


def _is_finite_block(block: np.ndarray) -> bool:
    flat = block.ravel()
    with np.errstate(all="ignore"):
        # A sum of squares is finite only if all are; where it overflows each is looked at.
        return bool(np.isfinite(np.dot(flat, flat)) or np.isfinite(flat).all())
