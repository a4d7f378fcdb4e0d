"""Replaces composites that a backend does not lower by their decompositions."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from keras_core.graph.passes.pipeline import simplest
from keras_core.graph.passes.specialise import sharper
from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.rewrite import Rule
from keras_core.graph.tensor import Shape, Tensor


def expand(
    program: Program,
    lowered: Container[str],
    backend: str,
    shapes: Sequence[Shape] | None = None,
) -> Program:
    """The program in primitives that `backend` lowers, simplified; also inside of scans.

    Args:
        program: any program.
        lowered: the backend's lowerings by primitive name, or the names alone.
        backend: its name, for the error.
        shapes: a shape for each input, where the program is to run for these alone.

    Raises:
        NotImplementedError: a primitive has neither a lowering nor a decomposition.
    """
    replacements = () if shapes is None else sharper(program, shapes)
    return simplest(program, [_expanding(lowered, backend)], replacements)


def _expanding(lowered: Container[str], backend: str) -> Rule:
    def rule(node: Node) -> Sequence[Tensor] | None:
        if node.primitive.loop or _is_lowered(node, lowered):
            return None
        return _decomposed(node, backend)

    return rule


def _is_lowered(node: Node, lowered: Container[str]) -> bool:
    """A lowering may say by its attribute `takes` which nodes of its primitive it serves."""
    if node.primitive.name not in lowered:
        return False
    lowering = lowered[node.primitive.name] if isinstance(lowered, Mapping) else None
    takes = getattr(lowering, "takes", None)
    return takes is None or bool(takes(node))


def _decomposed(node: Node, backend: str) -> Sequence[Tensor]:
    primitive = node.primitive
    if primitive.decomposition is None:
        raise NotImplementedError(
            f"The backend {backend!r} has no lowering for the primitive {primitive.name!r} "
            f"(built by {node.origin}), and it has no decomposition. Use another backend for this "
            "model, or add a lowering to the backend's plugin."
        )
    parts = primitive.decomposition(*node.inputs, **node.params)
    return parts if isinstance(parts, tuple) else (parts,)
