"""Products of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

from keras_core.backend.convert import one_axis, pair, tensor
from keras_core.graph import primitives as p
from keras_core.graph.tensor import Tensor

Axes = Union[int, Sequence[int], None]


def dot(x: Any, y: Any) -> Tensor:
    """Multiplies the last axis of `x` with the last but one of `y`, summing over it.

    Args:
        x: float tensor `(..., size)` of rank 2 or more.
        y: float tensor `(..., size, columns)` of rank 2 or more.

    Returns:
        A tensor of the axes of `x` without the last, then those of `y` without the last but one.

    Raises:
        ValueError: a rank is below 2, or the sizes differ.

    Example:
        >>> K.eval(K.dot([[1.0, 2.0]], [[3.0], [4.0]])).tolist()
        [[11.0]]
        >>> K.dot(K.ones((2, 3)), K.ones((4, 3, 5))).shape
        (2, 4, 5)
    """
    x, y = pair(x, y)
    if x.ndim < 2 or y.ndim < 2:
        raise ValueError(
            f"K.dot needs tensors of rank 2 or more, not shapes {x.shape} and {y.shape}; "
            "K.expand_dims adds an axis, K.sum(x * y, axis=-1) multiplies vectors."
        )
    return p.dot(x, y, contract=((x.ndim - 1,), (y.ndim - 2,)), batch=((), ()))


def batch_dot(x: Any, y: Any, axes: Axes = None) -> Tensor:
    """Multiplies two batches, sample by sample, summing over one axis of each.

    Args:
        x: float tensor `(batch, ...)` of rank 2 or more.
        y: float tensor `(batch, ...)` of rank 2 or more.
        axes: the axis of `x` and that of `y` to sum over, or one int for both; not the batch axis.
            By default the last of `x` and the last but one of `y` (the last where it has rank 2).

    Returns:
        A tensor `(batch, rest of x, rest of y)`; `(batch, 1)` when nothing is left of either.

    Raises:
        ValueError: a rank is below 2, an axis is wrong, or the sizes differ.

    Example:
        >>> x, y = K.ones((32, 5, 20)), K.ones((32, 20, 7))
        >>> K.batch_dot(x, y).shape
        (32, 5, 7)
        >>> K.batch_dot(x, x, axes=(2, 2)).shape  # sums over the axes that are named
        (32, 5, 5)
    """
    x, y = pair(x, y)
    if x.ndim < 2 or y.ndim < 2:
        raise ValueError(
            f"K.batch_dot needs tensors of rank 2 or more, not shapes {x.shape} and {y.shape}; "
            "K.expand_dims adds an axis."
        )
    axis_x, axis_y = _batch_dot_axes(x, y, axes)
    product = p.dot(x, y, contract=((axis_x,), (axis_y,)), batch=((0,), (0,)))
    return p.expand_dims(product, 1) if product.ndim == 1 else product


def _batch_dot_axes(x: Tensor, y: Tensor, axes: Axes) -> tuple[int, int]:
    if axes is None:
        return x.ndim - 1, max(y.ndim - 2, 1)
    both = (axes, axes) if isinstance(axes, int) else tuple(axes)
    if len(both) != 2 or not all(isinstance(axis, int) for axis in both):
        raise ValueError(f"K.batch_dot: axes must be an int or two ints, not {axes!r}.")
    axis_x, axis_y = one_axis("K.batch_dot", x, both[0]), one_axis("K.batch_dot", y, both[1])
    if 0 in (axis_x, axis_y):
        raise ValueError(
            f"K.batch_dot: axes {axes!r} name the batch axis, which is not summed over; use K.dot "
            "for that."
        )
    if None not in (x.shape[axis_x], y.shape[axis_y]) and x.shape[axis_x] != y.shape[axis_y]:
        raise ValueError(
            f"K.batch_dot: axis {axis_x} of shape {x.shape} and axis {axis_y} of shape {y.shape} "
            "differ in size."
        )
    return axis_x, axis_y


def transpose(x: Any) -> Tensor:
    """Reverses the order of the axes.

    Args:
        x: tensor of any shape.

    Example:
        >>> K.eval(K.transpose([[1.0, 2.0], [3.0, 4.0]])).tolist()
        [[1.0, 3.0], [2.0, 4.0]]
    """
    from keras_core.backend.shape import permute_dimensions

    x = tensor(x)
    return permute_dimensions(x, range(x.ndim)[::-1])
