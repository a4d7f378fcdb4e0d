"""Indexing of tensors: integers, slices, None, Ellipsis and integer tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.tensor import Constant, Tensor

Range = tuple[Any, Any, int]
_WHOLE: Range = (None, None, 1)


def getitem(x: Tensor, index: Any) -> Tensor:
    """`x[index]`, as in NumPy.

    Args:
        x: the tensor.
        index: an item or a tuple of items: integers, slices of integers or int32 scalar tensors
            (those >= 0, steps of 1), None, one Ellipsis, and integer tensors, lists or arrays, of
            which one may have axes.

    Raises:
        IndexError: an item is out of range, or there are more than axes.
        TypeError: an item is no index.
    """
    items = _expanded(x, index if isinstance(index, tuple) else (index,))
    by_axis = [item for item in items if item is not None]
    result = _cut(x, by_axis)
    for axis in reversed(range(x.ndim)):
        result = _look_up(result, axis, by_axis[axis])
    return _arranged(result, items) if _changes_axes(items) else result


def _is_integer(item: Any) -> bool:
    return isinstance(item, (int, np.integer)) and not isinstance(item, bool)


def _expanded(x: Tensor, items: tuple[Any, ...]) -> list[Any]:
    """One item for each axis, and None for each new one."""
    items = tuple(_checked(x, item) for item in items)
    dots = [i for i, item in enumerate(items) if item is Ellipsis]
    used = sum(item is not None and item is not Ellipsis for item in items)
    if used > x.ndim or len(dots) > 1:
        raise IndexError(f"{items!r} has too many parts to index a tensor of shape {x.shape}.")
    at = dots[0] if dots else len(items)
    return [*items[:at], *[slice(None)] * (x.ndim - used), *items[at + 1 :]]


def _checked(x: Tensor, item: Any) -> Any:
    """`item`, lists and arrays as constants."""
    if item is None or item is Ellipsis or isinstance(item, slice) or _is_integer(item):
        return item
    looked_up = item if isinstance(item, Tensor) else Constant(item)
    if np.dtype(looked_up.dtype).kind not in "iu":
        raise TypeError(
            f"A tensor of shape {x.shape} cannot be indexed by {item!r}. Use integers, slices, "
            "None, Ellipsis or integer tensors, and K.switch for a choice by a condition."
        )
    return looked_up


def _cut(x: Tensor, items: Sequence[Any]) -> Tensor:
    """The part of `x` that integers and slices with fixed bounds leave."""
    index = tuple(_range(x, axis, item) for axis, item in enumerate(items))
    return x if all(part == _WHOLE for part in index) else p.slice(x, index=index)


def _range(x: Tensor, axis: int, item: Any) -> Range:
    if _is_integer(item):
        return _one(x, axis, int(item))
    if not isinstance(item, slice) or _is_dynamic(item):
        return _WHOLE
    start, stop = (None if bound is None else int(bound) for bound in (item.start, item.stop))
    return start, stop, 1 if item.step is None else int(item.step)


def _one(x: Tensor, axis: int, position: int) -> Range:
    size = x.shape[axis]
    if size is not None and not -size <= position < size:
        raise IndexError(f"{position} is out of range for axis {axis} of shape {x.shape}.")
    return position, position + 1 or None, 1


def _is_dynamic(item: Any) -> bool:
    return any(isinstance(bound, Tensor) for bound in (item.start, item.stop, item.step))


def _look_up(x: Tensor, axis: int, item: Any) -> Tensor:
    """Applies an item that depends on a tensor."""
    if isinstance(item, Tensor):
        return p.gather(x, item, axis=axis)
    if isinstance(item, slice) and _is_dynamic(item):
        return p.gather(x, _positions(x, axis, item), axis=axis)
    return x


def _positions(x: Tensor, axis: int, item: slice) -> Tensor:
    if item.step not in (None, 1):
        raise TypeError(f"A slice with a tensor as bound needs steps of 1, not {item.step!r}.")
    size = p.as_size(p.size_of(x, axis))
    start = p.as_size(0) if item.start is None else _as_int32(item.start)
    stop = size if item.stop is None else p.minimum(_as_int32(item.stop), size)
    return p.arange(start, stop, p.as_size(1), dtype="int32")


def _as_int32(bound: Any) -> Tensor:
    return p.cast(bound, dtype="int32") if isinstance(bound, Tensor) else p.as_size(int(bound))


def _changes_axes(items: Sequence[Any]) -> bool:
    return any(item is None or _is_integer(item) for item in items)


def _arranged(x: Tensor, items: Sequence[Any]) -> Tensor:
    """`x` without the axes of integers and with new ones for None."""
    sizes: list[Any] = []
    axis = 0
    for item in items:
        if item is None:
            sizes.append(1)
            continue
        width = item.ndim if isinstance(item, Tensor) else 1
        if not _is_integer(item):
            sizes += [p.size_of(x, i) for i in range(axis, axis + width)]
        axis += width
    return p.reshape_to_sizes(x, sizes)
