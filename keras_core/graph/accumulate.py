"""Sums the cotangents that several uses of one tensor send back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import reduce

from keras_core.graph.provenance import origin_scope
from keras_core.graph.tensor import Tensor

Part = tuple[int, int, Tensor]


def accumulate(cotangents: Sequence[Tensor]) -> Tensor:
    """The sum. Cotangents of slices that tile one axis are laid side by side instead of added."""
    from keras_core.graph.primitives import add

    first = cotangents[0]
    if len(cotangents) == 1:
        return first
    with nullcontext() if first.node is None else origin_scope(first.node.origin):
        joined = _side_by_side(cotangents)
        return reduce(add, cotangents) if joined is None else joined


def _side_by_side(cotangents: Sequence[Tensor]) -> Tensor | None:
    from keras_core.graph.primitives import concat, unslice

    if any(g.node is None or g.node.primitive is not unslice for g in cotangents):
        return None
    axes = {_sliced_axis(g) for g in cotangents}
    if len(axes) != 1 or None in axes:
        return None
    axis = axes.pop()
    assert axis is not None
    size = cotangents[0].shape[axis]
    if size is None:
        return None
    parts = sorted((_part(g, axis, size) for g in cotangents), key=lambda part: part[:2])
    if any(a[1] > b[0] for a, b in zip(parts, parts[1:])):
        return None
    filled = _with_gaps(parts, axis, size)
    if not filled:
        return None
    return concat(*filled, axis=axis) if len(filled) > 1 else filled[0]


def _sliced_axis(g: Tensor) -> int | None:
    """The one axis that the slice shortens (steps of 1), else None."""
    assert g.node is not None
    index = g.node.params["index"]
    cut = [i for i, part in enumerate(index) if part != (None, None, 1)]
    if len(cut) != 1 or index[cut[0]][2] != 1:
        return None
    start, stop, _ = index[cut[0]]
    negative = (start or 0) < 0 or (stop is not None and stop < 0)
    return None if negative else cut[0]


def _part(g: Tensor, axis: int, size: int) -> Part:
    assert g.node is not None
    start, stop, _ = g.node.params["index"][axis]
    begin = min(start or 0, size)
    end = size if stop is None else min(stop, size)
    return begin, max(begin, end), g.node.inputs[0]


def _with_gaps(parts: Sequence[Part], axis: int, size: int) -> list[Tensor] | None:
    """The parts that are not empty, zeros in between; None where the zeros' shape is not known."""
    filled, position = [], 0
    for start, stop, tensor in [*parts, (size, size, None)]:
        if start > position:
            shape = list(parts[0][2].shape)
            shape[axis] = start - position
            if None in shape:
                return None
            from keras_core.graph.primitives import zeros

            filled.append(zeros(tuple(shape), parts[0][2].dtype))
        if tensor is not None and stop > start:
            filled.append(tensor)
        position = stop
    return filled
