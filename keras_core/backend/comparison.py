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
    """
    return p.equal(*pair(x, y))


def not_equal(x: Any, y: Any) -> Tensor:
    """Whether `x != y`, elementwise.

    Args:
        x: tensor.
        y: tensor or number that broadcasts with `x`.
    """
    return p.not_equal(*pair(x, y))


def greater(x: Any, y: Any) -> Tensor:
    """Whether `x > y`, elementwise.

    Args:
        x: tensor of numbers.
        y: tensor or number that broadcasts with `x`.
    """
    return p.greater(*pair(x, y))


def greater_equal(x: Any, y: Any) -> Tensor:
    """Whether `x >= y`, elementwise.

    Args:
        x: tensor of numbers.
        y: tensor or number that broadcasts with `x`.
    """
    return p.greater_equal(*pair(x, y))


def less(x: Any, y: Any) -> Tensor:
    """Whether `x < y`, elementwise.

    Args:
        x: tensor of numbers.
        y: tensor or number that broadcasts with `x`.
    """
    return p.less(*pair(x, y))


def less_equal(x: Any, y: Any) -> Tensor:
    """Whether `x <= y`, elementwise.

    Args:
        x: tensor of numbers.
        y: tensor or number that broadcasts with `x`.
    """
    return p.less_equal(*pair(x, y))
