"""Parts of tensors by position, and the places they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import theano.tensor as T

from keras_core.graph import Node
from keras_theano.compiler.errors import place_of
from keras_theano.lowering._common import filled, moved, reshaped, sizes_of, zeros
from keras_theano.ops import InRange

Index = tuple[slice, ...]


def _slices(node: Node) -> Index:
    return tuple(slice(*part) for part in node.params["index"])


def _part(x: Any, index: Index) -> Any:
    return x[index] if index else x


def _placed(g: Any, sizes: Sequence[Any], index: Index) -> Any:
    """Zeros, with `g` where the index points."""
    if not index:
        return g
    part = zeros(sizes, g.dtype)[index]
    flags = [a and b for a, b in zip(g.broadcastable, part.broadcastable)]
    return T.set_subtensor(part, T.patternbroadcast(g, flags))


def _slice(node: Node, x: Any) -> Any:
    return _part(x, _slices(node))


def _unslice(node: Node, g: Any, *dims: Any) -> Any:
    return _placed(g, filled(node, dims), _slices(node))


def _window(starts: Sequence[Any], sizes: Sequence[Any]) -> Index:
    return tuple(slice(start, start + size) for start, size in zip(starts, sizes))


def _dynamic_slice(node: Node, x: Any, *starts: Any) -> Any:
    return _part(x, _window(starts, node.params["sizes"]))


def _dynamic_unslice(node: Node, g: Any, *starts: Any) -> Any:
    index = _window(starts[: g.ndim], sizes_of(node.inputs[0], g))
    return _placed(g, filled(node, starts[g.ndim :]), index)


def _checked(node: Node, indices: Any, size: Any) -> Any:
    return InRange(place_of(node))(indices, size)


def _to_front(axis: int, rank: int) -> list[int]:
    return [axis, *(i for i in range(rank) if i != axis)]


def _gather(node: Node, x: Any, indices: Any) -> Any:
    axis = node.params["axis"]
    source, positions = node.inputs
    sizes = sizes_of(source, x)
    flat = _checked(node, indices, sizes[axis]).flatten()
    rows = moved(x, _to_front(axis, x.ndim))[flat]
    back = list(range(1, axis + 1)) + [0] + list(range(axis + 1, x.ndim))
    whole = [*sizes[:axis], *sizes_of(positions, indices), *sizes[axis + 1 :]]
    return reshaped(moved(rows, back), whole)


def _gather_grad(node: Node, g: Any, indices: Any, *dims: Any) -> Any:
    axis, sizes = node.params["axis"], filled(node, dims)
    flat = indices.flatten()
    apart = [*sizes[:axis], flat.shape[0], *sizes[axis + 1 :]]
    order = _to_front(axis, len(sizes))
    rows = moved(reshaped(g, apart), order)
    into = zeros([sizes[i] for i in order], g.dtype)
    flags = (False, *into.broadcastable[1:])
    total = T.inc_subtensor(into[flat], T.patternbroadcast(rows, flags))
    return moved(total, list(range(1, axis + 1)) + [0] + list(range(axis + 1, len(sizes))))


def _one_hot(node: Node, indices: Any) -> Any:
    return T.eq(T.shape_padright(indices), T.arange(node.params["depth"]))


def _arange(node: Node, start: Any, stop: Any, step: Any) -> Any:
    return T.arange(start, stop, step)


LOWERINGS: Mapping[str, Any] = {
    "arange": _arange,
    "dynamic_slice": _dynamic_slice,
    "dynamic_unslice": _dynamic_unslice,
    "gather": _gather,
    "gather_grad": _gather_grad,
    "one_hot": _one_hot,
    "slice": _slice,
    "unslice": _unslice,
}
