"""Turns what users pass to the K functions (numbers, arrays, axes, shapes) into tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np

from keras_core.graph import operators
from keras_core.graph import primitives as p
from keras_core.graph.primitives._rules import normalize_axis
from keras_core.graph.tensor import Constant, Shape, Tensor

Axis = Union[int, Sequence[int], None]

pair = operators.promote
cast_to = operators.convert
stacked = operators.stacked


def tensor(value: Any, dtype: str | None = None) -> Tensor:
    """`value` as a tensor: itself, a list with tensors stacked, or a Constant.

    Arrays keep their dtype unless `dtype` says otherwise; Python's floats become floatx and its
    ints int32.
    """
    if not isinstance(value, Tensor):
        value = stacked(value)
    if isinstance(value, Tensor):
        return value
    return Constant(value, dtype or operators.common_dtype(value))


def axes(name: str, x: Tensor, axis: Axis) -> tuple[int, ...]:
    """The axes that `axis` names, counted from the front; all for None."""
    if axis is None:
        return tuple(range(x.ndim))
    listed: Sequence[Any] = axis if isinstance(axis, (list, tuple)) else [axis]
    return tuple(sorted({normalize_axis(name, int(a), x.ndim) for a in listed}))


def one_axis(name: str, x: Tensor, axis: int) -> int:
    if isinstance(axis, (list, tuple)):
        raise TypeError(f"{name} works along one axis, an int, not along {axis!r}.")
    return normalize_axis(name, int(axis), x.ndim)


def numbers(name: str, x: Any) -> Tensor:
    """A tensor of numbers.

    Raises:
        TypeError: it is one of bools.
    """
    x = tensor(x)
    if x.dtype == "bool":
        raise TypeError(
            f"{name} needs numbers, not bools; K.cast(x, 'float32') makes 0 and 1 of them."
        )
    return x


def tensors(name: str, values: Sequence[Any]) -> list[Tensor]:
    """All as tensors of one dtype.

    Raises:
        ValueError: there are none.
    """
    found = [tensor(value) for value in values]
    if not found:
        raise ValueError(f"{name} needs at least one tensor; the list is empty.")
    dtype = operators.common_dtype(*found)
    return [cast_to(x, dtype) for x in found]


def sizes(shape: Any) -> list[int | Tensor]:
    """The entries of a shape: ints where known, int32 scalar tensors where not.

    Args:
        shape: ints and scalar integer tensors in a sequence, one int, or a vector tensor.
    """
    return [_size(size) for size in _entries(shape)]


def split_shape(shape: Any) -> tuple[Shape, list[Tensor]]:
    """A shape for primitives with `dims`: static sizes, and a tensor for each None among them."""
    return p.split_sizes(sizes(shape))


def _entries(shape: Any) -> Sequence[Any]:
    if isinstance(shape, Constant):
        return shape.value.tolist()
    if isinstance(shape, Tensor):
        return [shape[i] for i in range(len(shape))]
    return [shape] if isinstance(shape, (int, np.integer)) else list(shape)


def _size(size: Any) -> int | Tensor:
    if isinstance(size, Constant):
        return int(size.value)
    return cast_to(size, "int32") if isinstance(size, Tensor) else int(size)
