"""Sizes, and rearrangements of elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import theano.tensor as T

from keras_core.graph import Node
from keras_theano.lowering._common import filled, filled_with, moved, plain, reshaped, sizes_of


def _dim(node: Node, x: Any) -> Any:
    return x.shape[node.params["axis"]]


def _reshape(node: Node, x: Any, *dims: Any) -> Any:
    known = node.specs[0].shape
    asked = filled(node, dims)
    sizes = [given if size is None else size for size, given in zip(known, asked)]
    return T.reshape(x, [T.cast(n, "int64") for n in sizes] if sizes else (), ndim=len(sizes))


def _broadcast_to(node: Node, x: Any, *dims: Any) -> Any:
    sizes = filled(node, dims)
    return T.alloc(x, *sizes) if sizes else x


def _transpose(node: Node, x: Any) -> Any:
    return moved(x, node.params["perm"])


def _reverse(node: Node, x: Any) -> Any:
    axes = node.params["axes"]
    return x[tuple(slice(None, None, -1 if i in axes else 1) for i in range(x.ndim))] if axes else x


def _pad(node: Node, x: Any) -> Any:
    widths = node.params["widths"]
    sizes = sizes_of(node.inputs[0], x)
    if not any(map(any, widths)):
        return x
    whole = [before + size + after for size, (before, after) in zip(sizes, widths)]
    around = filled_with(node.params["value"], whole, x.dtype)
    inside = tuple(slice(a, a + size) for size, (a, _) in zip(sizes, widths))
    part = around[inside]
    return T.set_subtensor(part, T.patternbroadcast(x, (False,) * x.ndim))


def _concat(node: Node, *xs: Any) -> Any:
    return T.concatenate(xs, node.params["axis"])


def _stack(node: Node, *xs: Any) -> Any:
    return T.stack(xs, node.params["axis"])


def _tile(node: Node, x: Any) -> Any:
    return _repeated(node, x, node.params["reps"], before=True)


def _repeat(node: Node, x: Any) -> Any:
    axis, count = node.params["axis"], node.params["repeats"]
    return _repeated(node, x, [count if i == axis else 1 for i in range(x.ndim)], before=False)


def _repeated(node: Node, x: Any, counts: Any, before: bool) -> Any:
    """Each axis broadcast along a new one, before it for a tile, after it for a repeat."""
    sizes = sizes_of(node.inputs[0], x)
    order = [pair for i in range(x.ndim) for pair in (("x", i) if before else (i, "x"))]
    spread = [
        n
        for size, count in zip(sizes, counts)
        for n in ((count, size) if before else (size, count))
    ]
    whole = [size * count for size, count in zip(sizes, counts)]
    return reshaped(T.alloc(x.dimshuffle(*order), *spread), whole) if whole else x


LOWERINGS: Mapping[str, Any] = {
    "broadcast_to": _broadcast_to,
    "concat": _concat,
    "dim": _dim,
    # The shape rule has compared the sizes.
    "ensure_shape": lambda node, x: x,
    "pad": _pad,
    "repeat": _repeat,
    "reshape": _reshape,
    "reverse": _reverse,
    "shape_of": plain(T.shape),
    "stack": _stack,
    "tile": _tile,
    "transpose": _transpose,
}
