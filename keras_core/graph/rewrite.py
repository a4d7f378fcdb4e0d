"""Rebuilds expressions with something replaced; nodes that nothing touches are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from keras_core.graph import order
from keras_core.graph.primitive import Node, keeping_promise
from keras_core.graph.provenance import named, origin_scope
from keras_core.graph.tensor import Tensor

Rule = Callable[[Node], "Sequence[Tensor] | None"]


class Rewriter:
    """Walks expressions from the leaves up, applying a rule to each rebuilt node.

    Bodies of loops are rewritten before the loops that run them.

    Args:
        replacements: new tensors for old ones (leaves or results of nodes).
        rule: takes a node whose inputs are already new; gives tensors to stand for its outputs, or
            None to keep it.
        inside: makes the rule for a loop's body; the same rule where it is absent.
        again: whether the rule is applied to what it gave, until it keeps that.
    """

    def __init__(
        self,
        replacements: Mapping[Tensor, Tensor],
        rule: Rule | None = None,
        inside: Callable[[], Rule] | None = None,
        again: bool = False,
    ) -> None:
        self.rule = rule
        self.inside = inside
        self.again = again
        self.new: dict[Any, Tensor] = {old.key: new for old, new in replacements.items()}
        self._final: set[Node | None] = set()

    def __call__(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        for node in order.topological(tensors, stop=self._is_done):
            for index, output in enumerate(self._outputs(node) or ()):
                self.new.setdefault((node, index), output)
        return [self._replaced(t) for t in tensors]

    def _is_done(self, tensor: Tensor) -> bool:
        return tensor.key in self.new or tensor.node in self._final

    def _replaced(self, tensor: Tensor) -> Tensor:
        return self.new.get(tensor.key, tensor)

    def _outputs(self, node: Node) -> Sequence[Tensor] | None:
        """What stands for the node's outputs; None where the node stays as it is."""
        rebuilt = self._rebuilt(node)
        ruled = self._ruled(rebuilt)
        if ruled is not None:
            return self(ruled) if self.again else ruled
        self._final.add(rebuilt)
        return None if rebuilt is node else rebuilt.outputs()

    def _ruled(self, node: Node) -> Sequence[Tensor] | None:
        if self.rule is None:
            return None
        with origin_scope(node.origin):
            return self.rule(node)

    def _rebuilt(self, node: Node) -> Node:
        """The node with new inputs; sizes that are known only now may be found not to fit."""
        inputs = tuple(map(self._replaced, node.inputs))
        same = all(a.key == b.key for a, b in zip(inputs, node.inputs))
        changed: dict[str, Any] = {}
        if node.primitive.loop and not (same and self.rule is None):
            changed = self._new_body(node.params["body"], inputs)
        if same and not changed:
            return node
        try:
            return node.with_params(inputs, **changed)
        except (ValueError, TypeError) as error:
            raise named(error, node) from error

    def _new_body(self, body: Any, inputs: Sequence[Tensor]) -> dict[str, Any]:
        """The parameter `body`, where it changes."""
        new = body.rewritten(inputs, self._inner)
        return {} if new.is_same_as(body) else {"body": new}

    def _inner(self, replacements: Mapping[Tensor, Tensor]) -> Rewriter:
        rule = self.rule if self.inside is None else self.inside()
        return Rewriter(replacements, rule, self.inside, self.again)


def substitute(tensors: Sequence[Tensor], replacements: Mapping[Tensor, Tensor]) -> list[Tensor]:
    """`tensors` as they would be if each key of `replacements` had been its value.

    Example: the result of a metric after its updates, with each variable replaced by its update's
    value.
    """
    return Rewriter(replacements)([keeping_promise(x) for x in tensors])
