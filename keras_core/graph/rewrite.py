"""Rebuilds expressions with something replaced; nodes that nothing touches are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from keras_core.graph import order
from keras_core.graph.primitive import Node
from keras_core.graph.provenance import origin_scope
from keras_core.graph.tensor import Shape, Spec, Tensor

Rule = Callable[[Node], "Sequence[Tensor] | None"]


class Rewriter:
    """Walks expressions from the leaves up, applying a rule to each rebuilt node.

    Args:
        replacements: new tensors for old ones (leaves or results of nodes).
        rule: takes a node whose inputs are already new; gives tensors to stand for its outputs, or
            None to keep it.
    """

    def __init__(self, replacements: Mapping[Tensor, Tensor], rule: Rule | None = None) -> None:
        self.rule = rule
        self.new: dict[Any, Tensor] = {old.key: new for old, new in replacements.items()}

    def __call__(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        for node in order.topological(tensors, stop=lambda t: t.key in self.new):
            for index, output in enumerate(self._outputs(node) or ()):
                self.new.setdefault((node, index), output)
        return [self._replaced(t) for t in tensors]

    def _replaced(self, tensor: Tensor) -> Tensor:
        new = self.new.get(tensor.key)
        return tensor if new is None else _knowing(new, tensor.shape)

    def _outputs(self, node: Node) -> Sequence[Tensor] | None:
        """What stands for the node's outputs; None where the node stays as it is."""
        rebuilt = self._with_new_inputs(node)
        ruled = self._ruled(rebuilt)
        if ruled is None and rebuilt is not node:
            return rebuilt.outputs()
        return ruled

    def _ruled(self, node: Node) -> Sequence[Tensor] | None:
        if self.rule is None:
            return None
        with origin_scope(node.origin):
            return self.rule(node)

    def _with_new_inputs(self, node: Node) -> Node:
        new = self.new
        if not any(x.key in new for x in node.inputs):
            return node
        inputs = tuple(map(self._replaced, node.inputs))
        if all(a.key == b.key for a, b in zip(inputs, node.inputs)):
            return node
        return _rebuilt(node, inputs)


def _rebuilt(node: Node, inputs: tuple[Tensor, ...]) -> Node:
    """The node with other inputs; sizes that are known only now may be found not to fit."""
    try:
        return Node(node.primitive, inputs, node.params, node.origin)
    except (ValueError, TypeError) as error:
        raise type(error)(f"{error} (in {node.primitive.name}, built by {node.origin})") from error


def _knowing(tensor: Tensor, shape: Shape) -> Tensor:
    """`tensor` with the sizes that `set_shape` once gave the tensor that it stands for."""
    if tensor.node is None or None not in tensor.shape or len(shape) != tensor.ndim:
        return tensor
    sizes = tuple(b if a is None else a for a, b in zip(tensor.shape, shape))
    if sizes == tensor.shape:
        return tensor
    return Tensor(Spec(sizes, tensor.dtype), tensor.node, tensor.index)


def substitute(tensors: Sequence[Tensor], replacements: Mapping[Tensor, Tensor]) -> list[Tensor]:
    """`tensors` as they would be if each key of `replacements` had been its value.

    Example: the result of a metric after its updates, with each variable replaced by its update's
    value.
    """
    return Rewriter(replacements)(tensors)
