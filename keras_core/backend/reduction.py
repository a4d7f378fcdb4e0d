"""Reductions over axes, positions of extremes, running sums and products."""

from __future__ import annotations

from typing import Any

from keras_core.backend.convert import Axis, axes, cast_to, numbers, one_axis, tensor
from keras_core.config import floatx
from keras_core.graph import primitives as p
from keras_core.graph.tensor import FLOATS, Tensor


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The maximum over axes.

    Args:
        x: tensor of numbers, any shape.
        axis: int or ints; None for all axes.
        keepdims: whether reduced axes stay, with size 1.

    Example:
        >>> K.eval(K.max([[1.0, 5.0], [7.0, 2.0]], axis=-1, keepdims=True)).tolist()
        [[5.0], [7.0]]
    """
    x = numbers("K.max", x)
    return p.reduce_max(x, axes=axes("K.max", x, axis), keepdims=keepdims)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The minimum over axes.

    Args:
        x: tensor of numbers, any shape.
        axis: int or ints; None for all axes.
        keepdims: whether reduced axes stay, with size 1.

    Example:
        >>> K.eval(K.min([[1.0, 5.0], [7.0, 2.0]], axis=-1)).tolist()
        [1.0, 2.0]
    """
    x = numbers("K.min", x)
    return p.reduce_min(x, axes=axes("K.min", x, axis), keepdims=keepdims)


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum over axes.

    Args:
        x: tensor of numbers, any shape.
        axis: int or ints; None for all axes.
        keepdims: whether reduced axes stay, with size 1.

    Example:
        >>> K.eval(K.sum([[1.0, 2.0], [3.0, 4.0]], axis=-1)).tolist()
        [3.0, 7.0]
    """
    x = numbers("K.sum", x)
    return p.reduce_sum(x, axes=axes("K.sum", x, axis), keepdims=keepdims)


def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The product over axes.

    Args:
        x: tensor of numbers, any shape.
        axis: int or ints; None for all axes.
        keepdims: whether reduced axes stay, with size 1.

    Example:
        >>> K.eval(K.prod([[1.0, 2.0], [3.0, 4.0]], axis=-1)).tolist()
        [2.0, 12.0]
    """
    x = numbers("K.prod", x)
    return p.reduce_prod(x, axes=axes("K.prod", x, axis), keepdims=keepdims)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean over axes.

    Args:
        x: tensor of any shape. Bools count as 0 and 1; the mean of integers is an integer, its
            fraction cut off.
        axis: int or ints; None for all axes.
        keepdims: whether reduced axes stay, with size 1.

    Example:
        >>> K.eval(K.mean([[1.0, 3.0], [5.0, 7.0]], axis=0)).tolist()
        [3.0, 5.0]
    """
    x = _number(x)
    over = axes("K.mean", x, axis)
    if x.dtype in FLOATS:
        return p.reduce_mean(x, axes=over, keepdims=keepdims)
    total = p.reduce_sum(x, axes=over, keepdims=keepdims)
    count = cast_to(p.as_size(p.product_of_sizes([p.size_of(x, i) for i in over])), x.dtype)
    return p.multiply(p.sign(total), p.floor_divide(p.abs(total), count))


def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance over axes (mean of squared deviations, divided by the count).

    Args:
        x: tensor of numbers or bools, any shape.
        axis: int or ints; None for all axes.
        keepdims: whether reduced axes stay, with size 1.

    Example:
        >>> K.eval(K.var([[1.0, 3.0], [5.0, 5.0]], axis=-1)).tolist()
        [1.0, 0.0]
    """
    x = _number(x)
    deviation = p.subtract(x, mean(x, axis, keepdims=True))
    return mean(p.square(deviation), axis, keepdims)


def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation over axes, the square root of `var`.

    Args:
        x: float tensor of any shape.
        axis: int or ints; None for all axes.
        keepdims: whether reduced axes stay, with size 1.

    Example:
        >>> K.eval(K.std([[1.0, 3.0], [5.0, 5.0]], axis=-1)).tolist()
        [1.0, 0.0]
    """
    return p.sqrt(var(x, axis, keepdims))


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`log(sum(exp(x)))` over axes, without overflow.

    Args:
        x: float tensor of any shape.
        axis: int or ints; None for all axes.
        keepdims: whether reduced axes stay, with size 1.

    Example:
        >>> print(K.eval(K.logsumexp([1000.0, 1000.0])).round(2))  # exp(1000) alone is infinite
        1000.69
    """
    x = tensor(x)
    return p.logsumexp(x, axes=axes("K.logsumexp", x, axis), keepdims=keepdims)


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether any element over axes is true (or not 0).

    Args:
        x: tensor of any shape and dtype.
        axis: int or ints; None for all axes.
        keepdims: whether reduced axes stay, with size 1.

    Example:
        >>> x = K.constant([[False, False], [True, False]], dtype="bool")
        >>> K.eval(K.any(x, axis=-1)).tolist()
        [False, True]
    """
    x = cast_to(tensor(x), "bool")
    return p.reduce_any(x, axes=axes("K.any", x, axis), keepdims=keepdims)


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether all elements over axes are true (or not 0).

    Args:
        x: tensor of any shape and dtype.
        axis: int or ints; None for all axes.
        keepdims: whether reduced axes stay, with size 1.

    Example:
        >>> x = K.constant([[True, True], [True, False]], dtype="bool")
        >>> K.eval(K.all(x, axis=-1)).tolist()
        [True, False]
    """
    x = cast_to(tensor(x), "bool")
    return p.reduce_all(x, axes=axes("K.all", x, axis), keepdims=keepdims)


def argmax(x: Any, axis: int = -1) -> Tensor:
    """Where the maximum stands along an axis, as int64; the first place on ties.

    Args:
        x: tensor of numbers, any shape.
        axis: the axis that disappears.

    Example:
        >>> K.eval(K.argmax([[1.0, 5.0, 3.0], [4.0, 2.0, 0.0]])).tolist()
        [1, 0]
    """
    x = tensor(x)
    return p.argmax(x, axis=one_axis("K.argmax", x, axis))


def argmin(x: Any, axis: int = -1) -> Tensor:
    """Where the minimum stands along an axis, as int64; the first place on ties.

    Args:
        x: tensor of numbers, any shape.
        axis: the axis that disappears.

    Example:
        >>> K.eval(K.argmin([[1.0, 5.0, 3.0], [4.0, 2.0, 0.0]], axis=0)).tolist()
        [0, 1, 1]
    """
    x = tensor(x)
    return p.argmin(x, axis=one_axis("K.argmin", x, axis))


def cumsum(x: Any, axis: int = 0) -> Tensor:
    """The running sum along an axis.

    Args:
        x: tensor of numbers, any shape.
        axis: int.

    Example:
        >>> K.eval(K.cumsum([[1.0, 2.0], [3.0, 4.0]], axis=0)).tolist()
        [[1.0, 2.0], [4.0, 6.0]]
    """
    x = numbers("K.cumsum", x)
    return p.cumsum(x, axis=one_axis("K.cumsum", x, axis))


def cumprod(x: Any, axis: int = 0) -> Tensor:
    """The running product along an axis.

    Args:
        x: tensor of numbers, any shape.
        axis: int.

    Example:
        >>> K.eval(K.cumprod([1.0, 2.0, 3.0, 4.0])).tolist()
        [1.0, 2.0, 6.0, 24.0]
    """
    x = numbers("K.cumprod", x)
    return p.cumprod(x, axis=one_axis("K.cumprod", x, axis))


def _number(x: Any) -> Tensor:
    x = tensor(x)
    return cast_to(x, floatx()) if x.dtype == "bool" else x
