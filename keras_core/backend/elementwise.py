"""Elementwise arithmetic and functions."""

from __future__ import annotations

import builtins
import math
from typing import Any

from keras_core.backend.convert import cast_to, numbers, pair, tensor
from keras_core.graph import primitives as p
from keras_core.graph.tensor import FLOATS, Constant, Tensor


def cast(x: Any, dtype: str) -> Tensor:
    """Converts to another dtype.

    Args:
        x: tensor of any shape.
        dtype: such as 'float32', 'int32', 'bool'. Floats lose their fraction on the way to
            integers; what is not 0 becomes True.

    Example:
        >>> K.eval(K.cast([1.7, -1.7], "int32")).tolist()
        [1, -1]
    """
    return cast_to(tensor(x), dtype)


def abs(x: Any) -> Tensor:
    """Absolute value.

    Args:
        x: tensor of numbers, any shape.

    Example:
        >>> K.eval(K.abs([-2.0, 3.0])).tolist()
        [2.0, 3.0]
    """
    return p.abs(numbers("K.abs", x))


def square(x: Any) -> Tensor:
    """`x * x`.

    Args:
        x: tensor of numbers, any shape.

    Example:
        >>> K.eval(K.square([-2.0, 3.0])).tolist()
        [4.0, 9.0]
    """
    return p.square(numbers("K.square", x))


def sqrt(x: Any) -> Tensor:
    """Square root, of negative elements 0.

    Args:
        x: float tensor of any shape.

    Example:
        >>> K.eval(K.sqrt([4.0, 9.0])).tolist()
        [2.0, 3.0]
    """
    return p.sqrt(p.clip(tensor(x), low=0.0, high=math.inf))


def exp(x: Any) -> Tensor:
    """Exponential function.

    Args:
        x: float tensor of any shape.

    Example:
        >>> K.eval(K.exp([0.0])).tolist()
        [1.0]
    """
    return p.exp(tensor(x))


def log(x: Any) -> Tensor:
    """Natural logarithm.

    Args:
        x: float tensor of any shape.

    Example:
        >>> K.eval(K.log([1.0])).tolist()
        [0.0]
    """
    return p.log(tensor(x))


def round(x: Any) -> Tensor:
    """Rounds to the nearest integer, halves to the even one.

    Args:
        x: tensor of numbers, any shape; integers stay what they are.

    Example:
        >>> K.eval(K.round([0.5, 1.5, 2.4])).tolist()
        [0.0, 2.0, 2.0]
    """
    x = numbers("K.round", x)
    return p.round(x) if x.dtype in FLOATS else x


def sign(x: Any) -> Tensor:
    """-1, 0 or 1 by the sign of each element.

    Args:
        x: tensor of numbers, any shape.

    Example:
        >>> K.eval(K.sign([-3.0, 0.0, 3.0])).tolist()
        [-1.0, 0.0, 1.0]
    """
    return p.sign(numbers("K.sign", x))


def sin(x: Any) -> Tensor:
    """Sine.

    Args:
        x: float tensor of any shape, in radians.

    Example:
        >>> K.eval(K.sin([0.0])).tolist()
        [0.0]
    """
    return p.sin(tensor(x))


def cos(x: Any) -> Tensor:
    """Cosine.

    Args:
        x: float tensor of any shape, in radians.

    Example:
        >>> K.eval(K.cos([0.0])).tolist()
        [1.0]
    """
    return p.cos(tensor(x))


def pow(x: Any, a: Any) -> Tensor:
    """`x` to the power `a`.

    Args:
        x: tensor of numbers, any shape.
        a: number, or a tensor that broadcasts with `x`.

    Example:
        >>> K.eval(K.pow([1.0, 2.0, 3.0], 2)).tolist()
        [1.0, 4.0, 9.0]
    """
    if not isinstance(a, Tensor) and a == 2:
        return square(x)
    return p.power(*pair(x, a))


def clip(x: Any, min_value: Any, max_value: Any) -> Tensor:
    """Limits to an interval.

    Args:
        x: tensor of numbers, any shape.
        min_value: lower limit: a number, a tensor that broadcasts with `x`, or None for no limit.
        max_value: upper limit, likewise; it is raised to a lower limit that is above it.

    Example:
        >>> K.eval(K.clip([-3.0, 0.5, 3.0], -1.0, 1.0)).tolist()
        [-1.0, 0.5, 1.0]
    """
    x = tensor(x)
    bounds = (min_value, max_value)
    if x.dtype in FLOATS and not builtins.any(isinstance(b, Tensor) for b in bounds):
        low = -math.inf if min_value is None else float(min_value)
        high = math.inf if max_value is None else float(max_value)
        return p.clip(x, low=low, high=builtins.max(low, high))
    x = x if max_value is None else p.minimum(*pair(x, max_value))
    return x if min_value is None else p.maximum(*pair(x, min_value))


def maximum(x: Any, y: Any) -> Tensor:
    """The larger of two, elementwise.

    Args:
        x: tensor of numbers.
        y: tensor or number that broadcasts with `x`.

    Example:
        >>> K.eval(K.maximum([1.0, 5.0], [3.0, 2.0])).tolist()
        [3.0, 5.0]
    """
    return p.maximum(*pair(x, y))


def minimum(x: Any, y: Any) -> Tensor:
    """The smaller of two, elementwise.

    Args:
        x: tensor of numbers.
        y: tensor or number that broadcasts with `x`.

    Example:
        >>> K.eval(K.minimum([1.0, 5.0], 2.0)).tolist()
        [1.0, 2.0]
    """
    return p.minimum(*pair(x, y))


def tanh(x: Any) -> Tensor:
    """Hyperbolic tangent.

    Args:
        x: float tensor of any shape.

    Example:
        >>> K.eval(K.tanh([0.0])).tolist()
        [0.0]
    """
    return p.tanh(tensor(x))


def sigmoid(x: Any) -> Tensor:
    """Logistic function, `1 / (1 + exp(-x))`.

    Args:
        x: float tensor of any shape.

    Example:
        >>> K.eval(K.sigmoid([0.0])).tolist()
        [0.5]
    """
    return p.sigmoid(tensor(x))


def hard_sigmoid(x: Any) -> Tensor:
    """A sigmoid of three straight pieces, `0.2 * x + 0.5` limited to [0, 1].

    Args:
        x: float tensor of any shape.

    Example:
        >>> K.eval(K.hard_sigmoid([-3.0, 0.0, 3.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    x = tensor(x)
    line = p.add(p.multiply(x, Constant(0.2, x.dtype)), Constant(0.5, x.dtype))
    return p.clip(line, low=0.0, high=1.0)


def softplus(x: Any) -> Tensor:
    """`log(1 + exp(x))`, a smooth relu.

    Args:
        x: float tensor of any shape.

    Example:
        >>> print(K.eval(K.softplus([-100.0, 0.0, 100.0])).round(3))
        [  0.      0.693 100.   ]
    """
    return p.softplus(tensor(x))


def softsign(x: Any) -> Tensor:
    """`x / (1 + |x|)`.

    Args:
        x: float tensor of any shape.

    Example:
        >>> K.eval(K.softsign([-1.0, 3.0])).tolist()
        [-0.5, 0.75]
    """
    x = tensor(x)
    return p.divide(x, p.add(p.abs(x), Constant(1, x.dtype)))
