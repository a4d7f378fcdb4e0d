"""Drops what no result needs: outputs of scans that nobody reads, inputs that no body reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Optional

from keras_core.graph import order
from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.scan.body import Body
from keras_core.graph.tensor import Tensor


def prune_scans(program: Program) -> Program:
    """The program with scans that collect and read only what is used; also inside of scans."""
    if not program.has_scans:
        return program
    pairs = list(zip(program.results, _pruned(program.results)))
    if all(new is old for old, new in pairs):
        return program
    return program.rewritten(replacements=pairs)


class Smaller(NamedTuple):
    """What a scan is to become: its body, and where its outputs stand then."""

    body: Body
    places: dict[int, int]


Plans = dict[Node, Optional[Smaller]]


def _pruned(results: Sequence[Tensor]) -> list[Tensor]:
    """The same results of smaller scans.

    One walk from the results back finds what each scan must give, one from the leaves on builds it.
    """
    nodes = order.topological(results)
    plans = _plans(nodes, results) if any(node.primitive.loop for node in nodes) else {}
    moved: dict[Any, Tensor] = {}
    if any(plans.values()):
        for node in (node for node in nodes if node in plans):
            moved.update(_built(node, plans[node], moved))
    return [_moved(x, moved) for x in results]


def _plans(nodes: Sequence[Node], results: Sequence[Tensor]) -> Plans:
    """The nodes that the results need; None for those that stay as they are."""
    plans: Plans = {}
    wanted = {x.key for x in results}
    for node in reversed(nodes):
        flags = [(node, i) in wanted for i in range(len(node.specs))]
        if any(flags):
            plans[node] = _smaller(node, flags) if node.primitive.loop else None
            wanted.update(x.key for x in _inputs(node, plans[node]))
    return plans


def _smaller(node: Node, wanted: Sequence[bool]) -> Smaller | None:
    body: Body = node.params["body"]
    count = len(body.states)
    flagged = [(i, x) for i, x in enumerate(body.collected, count) if wanted[i]]
    collected = {x.key: x for _, x in flagged}
    kept = _without_unused(body.collecting(list(collected.values())).mapped(_pruned))
    same_results = all(new is old for new, old in zip(kept.results, body.results))
    if kept.inputs == body.inputs and len(kept.results) == len(body.results) and same_results:
        return None
    position = {key: place for place, key in enumerate(collected, count)}
    places = {i: i for i in range(count)}
    places.update((i, position[x.key]) for i, x in flagged)
    return Smaller(kept, places)


def _without_unused(body: Body) -> Body:
    """The body without what it does not read; one sequence stays, which tells the steps."""
    read = set(order.leaves(body.results))
    sequences = tuple(x for x in body.sequences if x in read) or body.sequences[:1]
    invariants = tuple(x for x in body.invariants if x in read)
    return replace(body, sequences=sequences, invariants=invariants)


def _inputs(node: Node, smaller: Smaller | None) -> Sequence[Tensor]:
    """The node's inputs; of a scan those that its smaller body still has."""
    if smaller is None:
        return node.inputs
    kept = set(smaller.body.inputs)
    return [x for x, inside in zip(node.inputs, node.params["body"].inputs) if inside in kept]


def _built(node: Node, smaller: Smaller | None, moved: dict[Any, Tensor]) -> dict[Any, Tensor]:
    """What takes the place of the node's outputs; nothing where the node stays as it is."""
    inputs = [_moved(x, moved) for x in _inputs(node, smaller)]
    if smaller is None and all(new is old for new, old in zip(inputs, node.inputs)):
        return {}
    params = node.params if smaller is None else dict(node.params, body=smaller.body)
    places = smaller.places if smaller else {i: i for i in range(len(node.specs))}
    outputs = Node(node.primitive, inputs, params, node.origin).outputs()
    return {(node, i): outputs[place] for i, place in places.items()}


def _moved(x: Tensor, moved: dict[Any, Tensor]) -> Tensor:
    return moved.get(x.key, x)
