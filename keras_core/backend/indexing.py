"""Parts of tensors, lookups, ranges and one-hot codes."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.backend.convert import cast_to, sizes, tensor
from keras_core.config import floatx
from keras_core.graph import primitives as p
from keras_core.graph.tensor import Constant, Tensor
from keras_core.legacy.calls import refusing_old_names


def gather(reference: Any, indices: Any) -> Tensor:
    """Looks up entries along the first axis.

    Args:
        reference: tensor `(entries, ...)`.
        indices: int tensor of any shape, each in [0, entries).

    Returns:
        Tensor of the shape of `indices`, then that of an entry.

    Raises:
        TypeError: `indices` are no integers.

    Example:
        >>> K.eval(K.gather([[1.0, 2.0], [3.0, 4.0]], [1, 1, 0])).tolist()
        [[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]
    """
    return p.gather(tensor(reference), tensor(indices), axis=0)


@refusing_old_names("backend.one_hot")
def one_hot(indices: Any, num_classes: int) -> Tensor:
    """Codes integers as rows that are 1 in one place.

    Args:
        indices: int tensor of any shape; for what is not in [0, num_classes) the row is 0.
        num_classes: size of the new last axis.

    Returns:
        Tensor of dtype floatx.

    Example:
        >>> K.eval(K.one_hot([0, 2], 3)).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    return p.one_hot(tensor(indices), depth=int(num_classes), dtype=floatx())


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: str = "int32") -> Tensor:
    """Numbers at equal distances.

    Args:
        start: first number; the end instead (from 0) where `stop` is None.
        stop: the end, not included.
        step: distance.
        dtype: of the result.

    Returns:
        A vector; its length is unknown where an argument is a tensor.

    Example:
        >>> K.eval(K.arange(2, 10, 3)).tolist()
        [2, 5, 8]
    """
    if stop is None:
        start, stop = 0, start
    limits = (start, stop, step)
    if not builtins.any(isinstance(limit, Tensor) for limit in limits):
        return Constant(np.arange(*limits), dtype)
    return p.arange(*(cast_to(tensor(limit, dtype), dtype) for limit in limits), dtype=dtype)


def slice(x: Any, start: Any, size: Any) -> Tensor:
    """Cuts out a block.

    Args:
        x: tensor of any shape.
        start: first index along each axis: ints or scalar int tensors, or a vector tensor.
        size: number of elements along each axis, likewise; -1 for all from `start` on.

    Raises:
        ValueError: `start` and `size` are not one entry for each axis, or go beyond `x`.

    Example:
        >>> x = K.reshape(K.arange(12), (3, 4))
        >>> K.eval(K.slice(x, start=(0, 1), size=(2, 2))).tolist()
        [[1, 2], [5, 6]]
    """
    x = tensor(x)
    starts, counts = sizes(start), sizes(size)
    if not len(starts) == len(counts) == x.ndim:
        raise ValueError(
            f"K.slice needs a start and a size for each axis of shape {x.shape}; "
            f"{len(starts)} and {len(counts)} were given."
        )
    _check_block(x, starts, counts)
    x = _cut_where_plain(x, starts, counts)
    for axis, (first, count) in enumerate(zip(starts, counts)):
        if not _is_plain(first, count, x.shape[axis]):
            x = p.gather(x, _positions(x, axis, first, count), axis=axis)
    return x


def _check_block(x: Tensor, starts: Sequence[Any], counts: Sequence[Any]) -> None:
    for axis, (first, count, length) in enumerate(zip(starts, counts, x.shape)):
        if isinstance(first, Tensor) or isinstance(count, Tensor):
            continue
        if first < 0 or (length is not None and first + builtins.max(count, 0) > length):
            raise ValueError(
                f"K.slice: {count} elements from {first} on are not in axis {axis} of {x.shape}."
            )


def _is_plain(first: Any, count: Any, length: int | None) -> bool:
    """Whether a slice with fixed bounds gives all that is known of the result's size."""
    if isinstance(first, Tensor) or isinstance(count, Tensor):
        return False
    return length is not None or count == -1


def _cut_where_plain(x: Tensor, starts: Sequence[Any], counts: Sequence[Any]) -> Tensor:
    whole = (None, None, 1)
    index = tuple(
        (first or None, None if count == -1 else first + count, 1)
        if _is_plain(first, count, length)
        else whole
        for first, count, length in zip(starts, counts, x.shape)
    )
    return x if builtins.all(part == whole for part in index) else p.slice(x, index=index)


def _positions(x: Tensor, axis: int, first: Any, count: Any) -> Tensor:
    """The indices of the elements to take along an axis, so that too short an axis is noticed."""
    first = p.as_size(first)
    if isinstance(count, Tensor):
        return p.arange(first, p.add(first, count), p.as_size(1), dtype="int32")
    if count == -1:
        return p.arange(first, p.as_size(p.size_of(x, axis)), p.as_size(1), dtype="int32")
    return p.add(first, Constant(np.arange(count), "int32"))
