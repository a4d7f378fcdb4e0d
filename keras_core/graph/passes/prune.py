"""Drops what no result needs: outputs of scans that nobody reads, inputs that no body reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Callable

from keras_core.graph import order
from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.tensor import Tensor


def prune_scans(program: Program) -> Program:
    """The program with scans that collect only what is used."""
    while program.has_scans:
        pruned = _prune_once(program)
        if pruned is program:
            break
        program = pruned
    return program


def _prune_once(program: Program) -> Program:
    used = {x.key for node in program.nodes for x in node.inputs}
    used |= {x.key for x in program.results}
    changed: list[Node] = []
    originals = {node.uid for node in program.nodes}
    pruned = program.rewritten(_rule(used, changed, originals))
    return pruned if changed else program


def _rule(
    used: set[Any], changed: list[Node], originals: set[int]
) -> Callable[[Node], Sequence[Any] | None]:
    """A scan whose inputs were rebuilt waits for the next round: its outputs have new keys."""

    def rule(node: Node) -> Sequence[Any] | None:
        if not node.primitive.loop or node.uid not in originals:
            return None
        wanted = [(node, i) in used for i in range(len(node.specs))]
        smaller = pruned_scan(node, wanted)
        if smaller is not None:
            changed.append(node)
        return smaller

    return rule


def pruned_scan(node: Node, wanted: Sequence[bool]) -> Sequence[Tensor | None] | None:
    """New outputs in the old order, None for unwanted ones; None where nothing can go."""
    body = node.params["body"]
    count = len(body.states)
    kept = {count + i: x.key for i, x in enumerate(body.collected) if wanted[count + i]}
    once = {x.key: x for i, x in enumerate(body.collected) if wanted[count + i]}
    if len(once) == len(body.collected) and not _unused(body):
        return None
    smaller = body.collecting(list(once.values()))
    inputs, smaller = _drop_unused(node, smaller)
    outputs = Node(node.primitive, inputs, dict(node.params, body=smaller), node.origin).outputs()
    stacks = dict(zip(once, outputs[count:]))
    places: dict[int, Tensor] = {i: stacks[key] for i, key in kept.items()}
    places.update(enumerate(outputs[:count]))
    return [places.get(i) for i in range(len(node.specs))]


def _unused(body: Any) -> list[Tensor]:
    """Sequences (all but one at least) and invariants that the body does not read."""
    read = set(order.leaves(body.results))
    sequences = [x for x in body.sequences if x not in read]
    if len(sequences) == len(body.sequences):
        sequences = sequences[1:]
    return [*sequences, *(x for x in body.invariants if x not in read)]


def _drop_unused(node: Node, body: Any) -> Any:
    unused = set(_unused(body))
    inputs = [x for x, inside in zip(node.inputs, body.inputs) if inside not in unused]
    smaller = replace(
        body,
        sequences=tuple(x for x in body.sequences if x not in unused),
        invariants=tuple(x for x in body.invariants if x not in unused),
    )
    return inputs, smaller
