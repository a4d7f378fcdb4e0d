"""Products: everything becomes one product of matrices, or one for each place of the batch axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import theano.tensor as T

from keras_core.graph import Node
from keras_theano.lowering._common import moved, product, reshaped, sizes_of
from keras_theano.ops import reference

_BATCHED = ("float32", "float64")


def _dot(node: Node, a: Any, b: Any) -> Any:
    contract, batch = node.params["contract"], node.params["batch"]
    free_a = _others(a.ndim, contract[0], batch[0])
    free_b = _others(b.ndim, contract[1], batch[1])
    if batch[0] and a.dtype not in _BATCHED:
        return reference(node, a, b)
    sizes_a, sizes_b = sizes_of(node.inputs[0], a), sizes_of(node.inputs[1], b)
    left = _grouped(a, sizes_a, batch[0], free_a, contract[0])
    right = _grouped(b, sizes_b, batch[1], contract[1], free_b)
    multiply = T.batched_dot if batch[0] else T.dot
    whole = [*_pick(sizes_a, [*batch[0], *free_a]), *_pick(sizes_b, free_b)]
    result = multiply(left, right)
    are_single = all(len(axes) == 1 for axes in (free_a, free_b, batch[0] or (0,)))
    return result if are_single else reshaped(result, whole)


def _others(rank: int, *used: Sequence[int]) -> list[int]:
    return [i for i in range(rank) if not any(i in axes for axes in used)]


def _pick(sizes: Sequence[Any], axes: Sequence[int]) -> list[Any]:
    return [sizes[i] for i in axes]


def _grouped(x: Any, sizes: Sequence[Any], batch: Any, *groups: Sequence[int]) -> Any:
    """`x` as a matrix of two groups of axes, or as a stack of such matrices for batch axes."""
    x = moved(x, [*batch, *(i for group in groups for i in group)])
    leading = [batch] if batch else []
    if [len(group) for group in (*leading, *groups)] == [1] * x.ndim:
        return x
    return reshaped(x, [product(_pick(sizes, group)) for group in (*leading, *groups)])


LOWERINGS: Mapping[str, Any] = {"dot": _dot}
