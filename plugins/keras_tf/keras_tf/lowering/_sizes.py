"""Sizes: ints where the shape is known while a program is traced, int32 scalars where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import tensorflow as tf

Size = Union[int, tf.Tensor]


def sizes_of(x: tf.Tensor) -> list[Size]:
    """The sizes of all axes."""
    static = x.shape.as_list()
    if None not in static:
        return static
    dynamic = tf.shape(x)
    return [dynamic[i] if size is None else size for i, size in enumerate(static)]


def filled(shape: Sequence[Any], dims: Sequence[tf.Tensor]) -> list[Size]:
    """`shape` with its None entries replaced by the sizes that come at run time, in order."""
    sizes = iter(dims)
    return [next(sizes) if size is None else size for size in shape]


def as_vector(sizes: Sequence[Size]) -> Any:
    """Sizes in the form that operations take: a list of ints, or an int32 vector."""
    if all(isinstance(size, int) for size in sizes):
        return list(sizes)
    return tf.stack([tf.cast(size, tf.int32) for size in sizes])


def product(sizes: Sequence[Size]) -> Size:
    """The product: an int if all sizes are."""
    result: Size = 1
    for size in sizes:
        result = size if isinstance(result, int) and result == 1 else result * size
    return result


def reshape(x: tf.Tensor, sizes: Sequence[Size]) -> tf.Tensor:
    """`x` in another shape; `x` itself where it has it already."""
    known = [size if isinstance(size, int) else None for size in sizes]
    if None not in known and x.shape.as_list() == known:
        return x
    return tf.reshape(x, as_vector(sizes))
