"""Algebraic simplification: nodes that change nothing go, pairs of nodes become one."""

from __future__ import annotations

from collections.abc import Sequence

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Node, made_by
from keras_core.graph.tensor import Tensor


def simplify_node(node: Node) -> Sequence[Tensor] | None:
    """What stands for the output of a node, by the rule of its primitive."""
    rule = node.primitive.simplify
    result = None if rule is None else rule(node)
    if result is None and node.primitive.elementwise:
        result = _without_broadcasts(node)
    return None if result is None else [result]


def _without_broadcasts(node: Node) -> Tensor | None:
    """Operands need not be broadcast to a shape that the others bring along."""
    sources = [_broadcast_source(x) for x in node.inputs]
    if len(sources) < 2 or all(a is b for a, b in zip(sources, node.inputs)):
        return None
    result: Tensor = node.primitive(*sources, **node.params)
    return result if result.sizes == node.specs[0].sizes else None


def _broadcast_source(x: Tensor) -> Tensor:
    maker = made_by(p.broadcast_to, x)
    return x if maker is None else maker.inputs[0]
