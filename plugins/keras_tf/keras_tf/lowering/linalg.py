"""Products of tensors: brought into the form of one (batched) matrix product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from keras_tf.lowering._sizes import product, reshape, sizes_of
from keras_tf.tracing import Lowering, Site

# What tf.matmul multiplies; other dtypes are widened first.
_MULTIPLIED = ("float16", "float32", "float64", "int32", "int64", "complex64", "complex128")


def _lower_dot(site: Site, a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    (of_a, of_b), (batch_a, batch_b) = site.params["contract"], site.params["batch"]
    if a.dtype.name not in _MULTIPLIED:
        wide = [tf.cast(x, tf.int64) for x in (a, b)]
        return tf.cast(_lower_dot(site, *wide), a.dtype)
    of_a, of_b = _reordered(of_a, of_b)
    free_a, free_b = _free(a, of_a, batch_a), _free(b, of_b, batch_b)
    left, transposed_a = _matrix(a, batch_a, free_a, of_a)
    right, transposed_b = _matrix(b, batch_b, of_b, free_b)
    result = tf.matmul(left, right, transpose_a=transposed_a, transpose_b=transposed_b)
    sizes_a, sizes_b = sizes_of(a), sizes_of(b)
    shape = [sizes_a[i] for i in (*batch_a, *free_a)] + [sizes_b[i] for i in free_b]
    return reshape(result, shape)


def _reordered(of_a: Sequence[int], of_b: Sequence[int]) -> tuple[list[int], list[int]]:
    """The contracted axes in the order of those of `a`, which often spares moving them."""
    pairs = sorted(zip(of_a, of_b))
    return [i for i, _ in pairs], [j for _, j in pairs]


def _free(x: tf.Tensor, contracted: Sequence[int], batch: Sequence[int]) -> list[int]:
    return [i for i in range(x.shape.rank) if i not in contracted and i not in batch]


def _matrix(
    x: tf.Tensor, batch: Sequence[int], rows: Sequence[int], columns: Sequence[int]
) -> tuple[tf.Tensor, bool]:
    """`x` as (batch…, rows, columns), or with the last two swapped and True."""
    rank = x.shape.rank
    swapped = [*batch, *columns, *rows] == list(range(rank)) and bool(rows and columns)
    first, second = (columns, rows) if swapped else (rows, columns)
    perm = [*batch, *first, *second]
    sizes: list[Any] = sizes_of(x)
    if perm != list(range(rank)):
        x = tf.transpose(x, perm)
    parts = [[sizes[i] for i in part] for part in (first, second)]
    shape = [*(sizes[i] for i in batch), *(product(part) for part in parts)]
    return reshape(x, shape), swapped


LOWERINGS: Mapping[str, Lowering] = {"dot": _lower_dot}
