"""Replaces the learning phase by a constant; folding then drops the dead branches."""

from __future__ import annotations

from collections.abc import Sequence

from keras_core.graph.primitive import Node
from keras_core.graph.rewrite import Rule
from keras_core.graph.tensor import Constant, Tensor


def fixing(phase: int) -> Rule:
    """A rule for learning phase 0 (test) or 1 (training)."""
    constant = Constant(bool(phase), "bool", "learning_phase")

    def rule(node: Node) -> Sequence[Tensor] | None:
        return [constant] if node.primitive.phase else None

    return rule
