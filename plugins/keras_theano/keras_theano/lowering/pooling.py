"""Pooling, composed of the slices that the places of the window meet.

Theano has operations of its own, but they put padding elsewhere, share gradients of ties, and are
slower than a maximum of slices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Callable

import numpy as np
import theano.tensor as T

from keras_core.graph import Node
from keras_theano.lowering._common import filled, scalar, zeros
from keras_theano.lowering._geometry import Geometry, geometry, inner, is_first, surrounded
from keras_theano.ops import reference

# Windows of more places would become expressions that Theano takes long to rewrite.
_MOST_PLACES = 64

Index = tuple[Any, ...]


def _use(node: Node, shape: Sequence[Any]) -> Geometry:
    return geometry(node, shape, node.params["size"])


def _at(node: Node) -> int:
    """The first spatial axis."""
    return 2 if is_first(node) else 1


def _pooled(node: Node, x: Any, use: Geometry, outside: float, join: Callable[..., Any]) -> Any:
    """Joins what the window meets, one axis after the other."""
    x = surrounded(x, use.pads, outside, _at(node))
    for axis in range(len(use.sizes)):
        before = (slice(None),) * (_at(node) + axis)
        x = reduce(join, [x[(*before, part)] for part in use.along(axis)])
    return x


def _max_pool(node: Node, x: Any) -> Any:
    return _pooled(node, x, _use(node, node.inputs[0].shape), -np.inf, T.maximum)


def _places(node: Node, use: Geometry) -> list[Index]:
    before = (slice(None),) * _at(node)
    return [(*before, *met) for met in use.met]


def _first_hits(node: Node, x: Any, use: Geometry) -> list[Any]:
    """For each place in the window, where it holds the first maximum."""
    space = surrounded(x, use.pads, -np.inf, _at(node))
    highest = _pooled(node, x, use, -np.inf, T.maximum)
    hits, taken = [], None
    for place in _places(node, use):
        hit = T.eq(space[place], highest)
        hits.append(hit if taken is None else T.and_(hit, T.invert(taken)))
        taken = hit if taken is None else T.or_(taken, hit)
    return hits


def _few_places(lower: Callable[..., Any]) -> Callable[..., Any]:
    def choose(node: Node, *inputs: Any) -> Any:
        few = np.prod(node.params["size"]) <= _MOST_PLACES
        return lower(node, *inputs) if few else reference(node, *inputs)

    return choose


def _spread(node: Node, parts: Sequence[Any], use: Geometry, like: Sequence[Any]) -> Any:
    """Adds a part for each place in the window where that place meets the space; without padding.

    Args:
        node: the node.
        parts: an expression for each place.
        use: the window's use.
        like: the sizes of the result.
    """
    at = _at(node)
    whole = list(like)
    whole[at : at + len(use.sizes)] = use.padded
    space = zeros(whole, node.specs[0].dtype)
    apart = all(stride >= size for stride, size in zip(use.window.strides, use.window.size))
    put = T.set_subtensor if apart else T.inc_subtensor
    for place, part in zip(_places(node, use), parts):
        target = space[place]
        flags = [a and b for a, b in zip(part.broadcastable, target.broadcastable)]
        space = put(target, T.patternbroadcast(part, flags))
    return inner(space, use.pads, use.sizes, at)


def _max_pool_grad(node: Node, x: Any, g: Any) -> Any:
    use = _use(node, node.inputs[0].shape)
    none = scalar(0, g.dtype)
    parts = [T.switch(hit, g, none) for hit in _first_hits(node, x, use)]
    return _spread(node, parts, use, [x.shape[i] for i in range(x.ndim)])


def _max_pool_select(node: Node, x: Any, v: Any) -> Any:
    use = _use(node, node.inputs[0].shape)
    space = surrounded(v, use.pads, 0, _at(node))
    pairs = zip(_first_hits(node, x, use), _places(node, use))
    none = scalar(0, v.dtype)
    return reduce(T.add, [T.switch(hit, space[place], none) for hit, place in pairs])


def _covered(node: Node, use: Geometry, dtype: str) -> Any:
    """How many elements, padding apart, each window covers."""
    space = np.pad(np.ones(use.sizes), use.pads)
    counts = sum(space[met] for met in use.met)
    spread = counts[None, None] if is_first(node) else counts[None, ..., None]
    return T.constant(np.asarray(spread, dtype))


def _average(node: Node, x: Any, use: Geometry) -> Any:
    if not any(map(any, use.pads)):
        return x / scalar(np.prod(use.window.size), x.dtype)
    return x / _covered(node, use, x.dtype)


def _avg_pool(node: Node, x: Any) -> Any:
    use = _use(node, node.inputs[0].shape)
    return _average(node, _pooled(node, x, use, 0, T.add), use)


def _avg_pool_grad(node: Node, g: Any, *dims: Any) -> Any:
    use = _use(node, node.specs[0].shape)
    share = _average(node, g, use)
    return _spread(node, [share] * int(np.prod(use.window.size)), use, filled(node, dims))


LOWERINGS: Mapping[str, Any] = {
    "avg_pool": _avg_pool,
    "avg_pool_grad": _few_places(_avg_pool_grad),
    "max_pool": _max_pool,
    "max_pool_grad": _few_places(_max_pool_grad),
    "max_pool_select": _few_places(_max_pool_select),
}
