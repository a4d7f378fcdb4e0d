"""Joins the sums over processes that do not need each other, so that a step sends few messages."""

from __future__ import annotations

from collections.abc import Iterable

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.rewrite import Rewriter
from keras_core.graph.tensor import Tensor, Update


def join_sums(program: Program) -> Program:
    """The program with one `all_reduce` for all that can be sent at the same time."""
    levels = _levels(program.nodes)
    if all(len(nodes) == 1 for nodes in levels):
        return program
    rewriter = Rewriter({})
    ways = _ways(program.nodes)
    for nodes in levels:
        places = [(node, index) for node in nodes for index in range(len(node.inputs))]
        # What is computed first stands first, so that it could be sent before the rest is there.
        places.sort(key=lambda place: _depth(place[0].inputs[place[1]], ways))
        sums = p.all_reduce(*rewriter([node.inputs[index] for node, index in places]))
        rewriter.new.update(zip(places, sums))
    values = rewriter([update.value for update in program.updates])
    updates = [Update(old.variable, new) for old, new in zip(program.updates, values)]
    outputs = rewriter(program.outputs)
    return Program(program.inputs, outputs, updates, program.jit_compile)


def _ways(nodes: Iterable[Node]) -> dict[Node, int]:
    """How many nodes stand one after the other before each result, that node among them."""
    ways: dict[Node, int] = {}
    for node in nodes:
        ways[node] = 1 + max((_depth(x, ways) for x in node.inputs), default=0)
    return ways


def _levels(nodes: Iterable[Node]) -> list[list[Node]]:
    """The sums, those first that need no other one, then those that need these alone, and so on."""
    depths: dict[Node, int] = {}
    found: list[list[Node]] = []
    for node in nodes:
        depth = max((_depth(x, depths) for x in node.inputs), default=0)
        if node.primitive is p.all_reduce:
            found += [[]] if depth == len(found) else []
            found[depth].append(node)
            depth += 1
        depths[node] = depth
    return found


def _depth(x: Tensor, depths: dict[Node, int]) -> int:
    return 0 if x.node is None else depths[x.node]
