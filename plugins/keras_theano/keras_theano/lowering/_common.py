"""What several families need: sizes, and functions of expressions as lowerings."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Callable

import numpy as np
import theano.tensor as T

from keras_core.graph import Node, Tensor

Lowering = Callable[..., Any]


class SizeNeeded(Exception):
    """A lowering must know a size that the program leaves open."""


def plain(function: Callable[..., Any]) -> Lowering:
    """The lowering of a primitive that is one function of its inputs."""
    return lambda node, *inputs: function(*inputs)


def of_any_size(lowering: Lowering) -> Lowering:
    """Marks a lowering that sees to sizes of 0, and to sizes that depend on values, by itself."""
    lowering.of_any_size = True  # type: ignore[attr-defined]
    return lowering


def takes_any_size(lowering: Any) -> bool:
    return getattr(lowering, "of_any_size", False)


def sizes_of(tensor: Tensor, x: Any) -> list[Any]:
    """The sizes of a tensor with the expression `x`: ints where known, else expressions."""
    return [x.shape[i] if size is None else size for i, size in enumerate(tensor.shape)]


def filled(node: Node, inputs: Sequence[Any]) -> list[Any]:
    """The parameter `shape`, with the trailing inputs in place of its None entries."""
    shape = node.params["shape"]
    dims = iter(inputs[len(inputs) - list(shape).count(None) :])
    return [next(dims) if size is None else size for size in shape]


def reshaped(x: Any, sizes: Sequence[Any]) -> Any:
    """`x` in another shape; a single unknown size is left to Theano to infer."""
    unknown = [i for i, size in enumerate(sizes) if not isinstance(size, int)]
    if len(unknown) == 1 and 0 not in sizes:
        sizes = [-1 if i == unknown[0] else size for i, size in enumerate(sizes)]
    return T.reshape(x, [T.cast(n, "int64") for n in sizes] if sizes else (), ndim=len(sizes))


def product(sizes: Sequence[Any]) -> Any:
    """The product of sizes, an int if all are."""
    return prod(sizes) if sizes else 1


def zeros(sizes: Sequence[Any], dtype: str) -> Any:
    return filled_with(0, sizes, dtype)


def filled_with(value: Any, sizes: Sequence[Any], dtype: str) -> Any:
    """A tensor of these sizes with one value everywhere."""
    return T.alloc(scalar(value, dtype), *sizes)


def scalar(value: Any, dtype: str) -> Any:
    """A constant without axes, of exactly this dtype."""
    return T.constant(np.asarray(value, dtype))


def moved(x: Any, order: Sequence[int]) -> Any:
    """`x` with its axes in another order."""
    return x if list(order) == list(range(x.ndim)) else x.dimshuffle(*order)
