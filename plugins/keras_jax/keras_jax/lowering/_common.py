"""Ways to make a lowering of a function of JAX's arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Callable

import jax
from jax import lax

from keras_jax.tracing import Lowering


def of_arrays(function: Callable[..., Any]) -> Lowering:
    """The lowering that calls `function(*arrays, **params)`, which gives one array.

    `params` are those of the primitive: `axes` and `keepdims` of `reduce_sum`, for example.
    """
    return lambda node: lambda arrays, state: [function(*arrays, **node.params)]


def several(function: Callable[..., Any]) -> Lowering:
    """The same for a function that gives several arrays."""
    return lambda node: lambda arrays, state: list(function(*arrays, **node.params))


def filled(shape: Sequence[Any], dims: Sequence[Any]) -> tuple[int, ...]:
    """`shape` with its None entries replaced by sizes, in order.

    Sizes are NumPy's numbers while JAX traces (see `tracing`), but for those that depend on values:
    these raise JAX's error, on which the program is run eagerly.
    """
    sizes: Iterator[Any] = iter(dims)
    return tuple(int(next(sizes)) if size is None else size for size in shape)


def precision() -> Any:
    """That of products: all bits of the dtype, unless a setting of JAX's asks for another."""
    return None if jax.config.jax_default_matmul_precision else lax.Precision.HIGHEST
