"""Cuts a program in parts around a node that an engine cannot trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from keras_core.graph import order
from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.rewrite import substitute
from keras_core.graph.spec import INTEGERS
from keras_core.graph.tensor import Constant, Placeholder, Tensor

# What takes the size of a tensor for a number.
_TO_NUMBERS = ("dim", "shape_of")


class Part(NamedTuple):
    """A part of a program.

    Attributes:
        program: what it computes; it updates nothing.
        given: keys of the whole program's tensors that its inputs stand for, in their order.
        found: keys of those that its outputs are.
    """

    program: Program
    given: list[Any]
    found: list[Any]


def cut(program: Program, node: Node) -> list[Part]:
    """What does not depend on a node, the node by itself, and what depends on it, in that order.

    Numbers that follow from sizes alone are computed in each part anew, so that an engine knows
    them there too. The node's part is not to be compiled as a whole.

    Args:
        program: any program.
        node: one of its nodes.

    Returns:
        Parts that compute all results, values of updates included; those that compute nothing are
        left out.
    """
    later = _depending(program.nodes, node)
    last = [x for x in program.results if x.node in later and x.node is not node]
    copied = _following_from_sizes(program.nodes) - {node}
    behind = _frontier(last, later - {node}, copied)
    first = [x for x in program.results if x.node not in later]
    first += [x for x in (*behind, *node.inputs) if x.node is not None and x.node not in later]
    parts = (
        _part(program, first, [], program.jit_compile),
        _part(program, node.outputs(), [x for x in node.inputs if x.node is not None], False),
        _part(program, last, behind, program.jit_compile),
    )
    return [part for part in parts if part.found]


def _depending(nodes: Iterable[Node], node: Node) -> set[Node | None]:
    """The node, and all that depend on it."""
    found: set[Node | None] = {node}
    for other in nodes:
        if any(x.node in found for x in other.inputs):
            found.add(other)
    return found


def _following_from_sizes(nodes: Iterable[Node]) -> set[Node]:
    """Nodes that give integers that depend on sizes and constants alone."""
    found: set[Node] = set()
    for node in nodes:
        primitive = node.primitive
        computes = primitive.pure and not primitive.random and not primitive.loop
        follows = node.inputs and all(
            x.node in found or isinstance(x, Constant) for x in node.inputs
        )
        whole = all(spec.dtype in INTEGERS for spec in node.specs)
        if primitive.name in _TO_NUMBERS or (computes and follows and whole):
            found.add(node)
    return found


def _frontier(results: Sequence[Tensor], inside: set[Any], copied: set[Node]) -> list[Tensor]:
    """Results of other nodes that those inside, and copies of some, read."""

    def is_outside(x: Tensor) -> bool:
        return x.node is not None and x.node not in inside and x.node not in copied

    nodes = order.topological(results, stop=is_outside)
    return _distinct(x for node in nodes for x in node.inputs if is_outside(x))


def _distinct(tensors: Iterable[Tensor]) -> list[Tensor]:
    return list({x.key: x for x in tensors}.values())


def _part(
    program: Program, results: Sequence[Tensor], read: Sequence[Tensor], jit_compile: bool | None
) -> Part:
    """The part that computes results from leaves and from tensors for which it has inputs."""
    results, read = _distinct(results), _distinct(read)
    stand_ins: dict[Tensor, Tensor] = {x: Placeholder(x.sizes, x.dtype, x.name) for x in read}
    outputs = substitute(results, stand_ins)
    leaves = set(order.leaves(outputs))
    inputs = [(x, x.key) for x in program.inputs if x in leaves]
    inputs += [(x, old.key) for old, x in stand_ins.items() if x in leaves]  # type: ignore[misc]
    fed, given = [x for x, _ in inputs], [key for _, key in inputs]
    return Part(Program(fed, outputs, (), jit_compile), given, [x.key for x in results])
