"""Replaces composites that a backend does not lower by their decompositions."""

from __future__ import annotations

from collections.abc import Container, Sequence

from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.rewrite import Rewriter, Rule
from keras_core.graph.tensor import Tensor


def expand(program: Program, lowered: Container[str], backend: str) -> Program:
    """The program in primitives that `backend` lowers; also inside of scans.

    Args:
        program: any program.
        lowered: names of the primitives that the backend has a lowering for.
        backend: its name, for the error.

    Raises:
        NotImplementedError: a primitive has neither a lowering nor a decomposition.
    """

    def rule(node: Node) -> Sequence[Tensor] | None:
        if node.primitive.loop or node.primitive.name in lowered:
            return None
        return _expanded(node, rule, backend)

    return program.rewritten(rule)


def _expanded(node: Node, rule: Rule, backend: str) -> Sequence[Tensor]:
    primitive = node.primitive
    if primitive.decomposition is None:
        raise NotImplementedError(
            f"The backend {backend!r} has no lowering for the primitive {primitive.name!r} "
            f"(built by {node.origin}), and it has no decomposition. Use another backend for this "
            "model, or add a lowering to the backend's plugin."
        )
    parts = primitive.decomposition(*node.inputs, **node.params)
    outputs = parts if isinstance(parts, tuple) else (parts,)
    return Rewriter({x: x for x in node.inputs}, rule)(outputs)
