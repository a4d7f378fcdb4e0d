"""Merges equal nodes: same primitive, same inputs, same parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core.graph.primitive import Node
from keras_core.graph.rewrite import Rule
from keras_core.graph.spec import Size
from keras_core.graph.tensor import Constant, Tensor

_SMALL = 64


def merger() -> Rule:
    """A rule by which, where several nodes compute the same, or tell the same size, one does."""
    seen: dict[Any, Sequence[Tensor]] = {}

    def rule(node: Node) -> Sequence[Tensor] | None:
        if node.primitive.random or not node.primitive.pure:
            return None
        key = _key(node)
        found = seen.get(key)
        if found is None:
            seen[key] = node.outputs()
        return found

    return rule


def _key(node: Node) -> Any:
    held = node.specs[0].held
    if type(held) is Size and not node.primitive.several:
        return node.specs[0].dtype, held
    inputs = tuple(_input_key(x) for x in node.inputs)
    return node.primitive, inputs, tuple(sorted(node.params.items(), key=lambda item: item[0]))


def _input_key(tensor: Tensor) -> Any:
    if isinstance(tensor, Constant) and tensor.value.size <= _SMALL:
        return tensor.dtype, tensor.shape, tensor.value.tobytes()
    return tensor.key
