"""Helpers of the shape family: sizes that are ints where known, int32 scalars where not."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Union

from keras_core.graph import primitives as p
from keras_core.graph.primitives._rules import normalize_axis, split_sizes
from keras_core.graph.spec import Shape
from keras_core.graph.tensor import Constant, Tensor

Size = Union[int, Tensor]


def scalar(value: Any, dtype: str) -> Constant:
    """A constant of shape ()."""
    return Constant(value, dtype)


def size_of(x: Tensor, axis: int) -> Size:
    """The size of an axis: an int, or an int32 scalar where it is not known."""
    size = x.shape[axis]
    return p.dim(x, axis=axis) if size is None else size


def as_size(size: Size) -> Tensor:
    """`size` as an int32 scalar."""
    return size if isinstance(size, Tensor) else scalar(size, "int32")


def product_of_sizes(sizes: Sequence[Size]) -> Size:
    """The product: an int if all sizes are, else an int32 scalar."""
    known = prod(size for size in sizes if not isinstance(size, Tensor))
    result: Size = known
    for size in sizes:
        if isinstance(size, Tensor):
            result = (
                size
                if isinstance(result, int) and result == 1
                else p.multiply(as_size(result), size)
            )
    return result


def count_along(x: Tensor, axes: Sequence[int]) -> Tensor:
    """How many elements stand along the axes, in the dtype of `x`."""
    count = product_of_sizes([size_of(x, axis) for axis in axes])
    return p.cast(count, dtype=x.dtype) if isinstance(count, Tensor) else scalar(count, x.dtype)


def dims_of(x: Tensor) -> list[Tensor]:
    """An int32 scalar for each axis of unknown size, in order."""
    return [p.dim(x, axis=i) for i, size in enumerate(x.shape) if size is None]


def reshape_to_sizes(x: Tensor, sizes: Sequence[Size]) -> Tensor:
    """`x` in the shape that ints and int32 scalars give; `x` itself if it has that shape."""
    named = tuple(n.spec.held if isinstance(n, Tensor) else n for n in sizes)
    if named == x.sizes:
        return x
    shape, dims = split_sizes(sizes)
    result = _by_what_is_left(x, shape)
    if result is None or result.sizes != named:
        return p.reshape(x, *dims, shape=shape)
    return result


def reshape_like(x: Tensor, other: Tensor) -> Tensor:
    """`x`, which has as many elements as `other`, in the shape of `other`."""
    if x.sizes == other.sizes:
        return x
    result = _by_what_is_left(x, other.shape)
    return p.reshape(x, *dims_of(other), shape=other.shape) if result is None else result


def _by_what_is_left(x: Tensor, shape: Shape) -> Tensor | None:
    """`x` in a shape of which one size at most must be worked out, else None."""
    unknown = shape.count(None)
    if unknown > 1 or (unknown and 0 in shape):
        return None
    return p.reshape(x, shape=tuple(-1 if size is None else size for size in shape))


def broadcast_like(x: Tensor, other: Tensor) -> Tensor:
    """`x` broadcast to the shape of `other`; `x` itself if it has that shape."""
    if x.sizes == other.sizes:
        return x
    return p.broadcast_to(x, *dims_of(other), shape=other.shape)


def expand_dims(x: Tensor, axis: int) -> Tensor:
    """`x` with a new axis of size 1 before `axis`, which may count from the end of the result."""
    axis = normalize_axis("expand_dims", axis, x.ndim + 1)
    sizes = _sizes(x)
    return reshape_to_sizes(x, [*sizes[:axis], 1, *sizes[axis:]])


def squeeze(x: Tensor, axis: int) -> Tensor:
    """`x` without an axis of size 1.

    Raises:
        ValueError: the axis is known to have another size.
    """
    axis = normalize_axis("squeeze", axis, x.ndim)
    if x.shape[axis] not in (1, None):
        raise ValueError(f"squeeze: axis {axis} of shape {x.shape} has not the size 1.")
    sizes = _sizes(x)
    return reshape_to_sizes(x, [*sizes[:axis], *sizes[axis + 1 :]])


def _sizes(x: Tensor) -> list[Size]:
    return [size_of(x, i) for i in range(x.ndim)]


def full(shape: Shape, value: Any, dtype: str) -> Tensor:
    """A tensor of a known shape, filled with one value."""
    return (
        p.broadcast_to(scalar(value, dtype), shape=tuple(shape)) if shape else scalar(value, dtype)
    )


def zeros(shape: Shape, dtype: str) -> Tensor:
    return full(shape, 0, dtype)


def ones(shape: Shape, dtype: str) -> Tensor:
    return full(shape, 1, dtype)


def full_like(x: Tensor, value: Any) -> Tensor:
    """A tensor of the shape and dtype of `x`, filled with one value."""
    return broadcast_like(scalar(value, x.dtype), x)


def zeros_like(x: Tensor) -> Tensor:
    return full_like(x, 0)


def ones_like(x: Tensor) -> Tensor:
    return full_like(x, 1)
