"""Reductions, running sums and products, order statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

import numpy as np
import theano.tensor as T

from keras_core.graph import Node
from keras_theano.lowering._common import Lowering, product, reshaped, scalar, sizes_of

# Theano adds one number after the other, which loses digits in long sums of float32.
_ACCUMULATOR = {"float16": "float32", "float32": "float64"}


def _reduction(reduce: Callable[..., Any]) -> Lowering:
    def lower(node: Node, x: Any) -> Any:
        axes = node.params["axes"]
        return reduce(x, axis=axes, keepdims=node.params["keepdims"]) if axes else x

    return lower


def _sum(x: Any, axis: Any, keepdims: bool) -> Any:
    wide = _ACCUMULATOR.get(x.dtype, x.dtype)
    return T.sum(x, axis, dtype=x.dtype, keepdims=keepdims, acc_dtype=wide)


def _prod(x: Any, axis: Any, keepdims: bool) -> Any:
    return T.prod(x, axis, dtype=x.dtype, keepdims=keepdims, acc_dtype=x.dtype)


def _mean(node: Node, x: Any) -> Any:
    axes = node.params["axes"]
    if not axes:
        return x
    sizes = sizes_of(node.inputs[0], x)
    count = product([sizes[i] for i in axes])
    return _sum(x, axes, node.params["keepdims"]) / T.cast(count, x.dtype)


def _sum_like(node: Node, g: Any, x: Any) -> Any:
    missing = g.ndim - x.ndim
    summed = _sum(g, tuple(range(missing)), False) if missing else g
    stretched = [
        i
        for i, (one, other) in enumerate(zip(x.broadcastable, summed.broadcastable))
        if one > other
    ]
    return _sum(summed, stretched, True) if stretched else summed


def _argmax(node: Node, x: Any) -> Any:
    return T.argmax(x, axis=node.params["axis"])


def _argmin(node: Node, x: Any) -> Any:
    """The first maximum of what is negated; wide enough for unsigned and the least integers."""
    negated = -x if x.dtype.startswith("float") else -T.cast(x, "int64")
    return T.argmax(negated, axis=node.params["axis"])


def _running(run: Callable[..., Any], start: int) -> Lowering:
    def lower(node: Node, x: Any) -> Any:
        axis, params = node.params["axis"], node.params
        turn = _along(axis, slice(None, None, -1))
        ordered = x[turn] if params.get("reverse") else x
        total = run(_widened(ordered), axis=axis)
        if params.get("exclusive"):
            first = T.zeros_like(total[_along(axis, slice(0, 1))]) + scalar(start, total.dtype)
            total = T.concatenate([first, total[_along(axis, slice(0, -1))]], axis)
        return total[turn] if params.get("reverse") else total

    return lower


def _along(axis: int, part: slice) -> Any:
    return (*(slice(None),) * axis, part)


def _widened(x: Any) -> Any:
    """NumPy adds up small integers as int64, which Theano does not expect."""
    return x if np.dtype(x.dtype).kind == "f" else T.cast(x, "int64")


def _top_k(node: Node, x: Any) -> list[Any]:
    """The order of the row turned round, backwards: on ties the lower index comes first."""
    k = node.params["k"]
    sizes = sizes_of(node.inputs[0], x)
    rows = reshaped(x, [product(sizes[:-1]), sizes[-1]])
    ascending = T.argsort(rows[:, ::-1], axis=-1, kind="mergesort")
    indices = (sizes[-1] - 1 - ascending[:, ::-1])[:, :k]
    values = rows[T.arange(rows.shape[0]).dimshuffle(0, "x"), indices]
    return [reshaped(y, [*sizes[:-1], k]) for y in (values, indices)]


LOWERINGS: Mapping[str, Any] = {
    "argmax": _argmax,
    "argmin": _argmin,
    "cumprod": _running(T.extra_ops.cumprod, 1),
    "cumsum": _running(T.extra_ops.cumsum, 0),
    "reduce_all": _reduction(T.all),
    "reduce_any": _reduction(T.any),
    "reduce_max": _reduction(T.max),
    "reduce_mean": _mean,
    "reduce_min": _reduction(T.min),
    "reduce_prod": _reduction(_prod),
    "reduce_sum": _reduction(_sum),
    "sum_like": _sum_like,
    "top_k": _top_k,
}
