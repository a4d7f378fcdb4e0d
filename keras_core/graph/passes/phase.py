"""Replaces the learning phase by a constant; folding then drops the dead branches."""

from __future__ import annotations

from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.tensor import Constant, Tensor


def fix_phase(program: Program, phase: int) -> Program:
    """The program for learning phase 0 (test) or 1 (training)."""
    constant = Constant(bool(phase), "bool", "learning_phase")

    def rule(node: Node) -> list[Tensor] | None:
        return [constant] if node.primitive.phase else None

    return program.rewritten(rule)
