"""Elementwise comparisons; results are bool tensors without a gradient."""

from __future__ import annotations

from typing import Any

from keras_core.backend.convert import pair
from keras_core.graph import primitives as p
from keras_core.graph.tensor import Tensor


def equal(x: Any, y: Any) -> Tensor:
    """Whether `x == y`, elementwise.

    Args:
        x: tensor.
        y: tensor or number that broadcasts with `x`.

    Example:
        >>> K.eval(K.equal([1.0, 2.0], [1.0, 3.0])).tolist()
        [True, False]
    """
    return p.equal(*pair(x, y))


def not_equal(x: Any, y: Any) -> Tensor:
    """Whether `x != y`, elementwise.

    Args:
        x: tensor.
        y: tensor or number that broadcasts with `x`.

    Example:
        >>> K.eval(K.not_equal([1.0, 2.0], [1.0, 3.0])).tolist()
        [False, True]
    """
    return p.not_equal(*pair(x, y))


def greater(x: Any, y: Any) -> Tensor:
    """Whether `x > y`, elementwise.

    Args:
        x: tensor of numbers.
        y: tensor or number that broadcasts with `x`.

    Example:
        >>> K.eval(K.greater([1.0, 2.0, 3.0], 2.0)).tolist()
        [False, False, True]
    """
    return p.greater(*pair(x, y))


def greater_equal(x: Any, y: Any) -> Tensor:
    """Whether `x >= y`, elementwise.

    Args:
        x: tensor of numbers.
        y: tensor or number that broadcasts with `x`.

    Example:
        >>> K.eval(K.greater_equal([1.0, 2.0, 3.0], 2.0)).tolist()
        [False, True, True]
    """
    return p.greater_equal(*pair(x, y))


def less(x: Any, y: Any) -> Tensor:
    """Whether `x < y`, elementwise.

    Args:
        x: tensor of numbers.
        y: tensor or number that broadcasts with `x`.

    Example:
        >>> K.eval(K.less([1.0, 2.0, 3.0], 2.0)).tolist()
        [True, False, False]
    """
    return p.less(*pair(x, y))


def less_equal(x: Any, y: Any) -> Tensor:
    """Whether `x <= y`, elementwise.

    Args:
        x: tensor of numbers.
        y: tensor or number that broadcasts with `x`.

    Example:
        >>> K.eval(K.less_equal([1.0, 2.0, 3.0], 2.0)).tolist()
        [True, True, False]
    """
    return p.less_equal(*pair(x, y))
