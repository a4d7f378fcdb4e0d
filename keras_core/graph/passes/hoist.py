"""Moves work out of scans: what a step computes without the state is done for all steps at once.

Before the loop: what depends on the sequences alone (the input projection of an LSTM becomes one
product). After the loop: what no later step needs (the gradients of weights; with `simplify`, the
sum of their products becomes one product over all steps).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from keras_core.graph import order
from keras_core.graph import primitives as p
from keras_core.graph.primitive import Lifted, Node
from keras_core.graph.program import Program
from keras_core.graph.provenance import origin_scope
from keras_core.graph.rewrite import Rewriter
from keras_core.graph.scan.body import Body
from keras_core.graph.spec import Size
from keras_core.graph.tensor import Constant, Placeholder, Tensor

Table = dict[Any, Lifted]


def hoist(program: Program) -> Program:
    """The program with less work inside of its scans."""
    return program.rewritten(_hoist_node) if program.has_scans else program


def _hoist_node(node: Node) -> Sequence[Tensor] | None:
    return _sunk(_raised(node)) if node.primitive.loop else None


def _outer(node: Node) -> Table:
    """Tensors of the body that are known outside: sequences (with steps), invariants and sizes."""
    body = node.params["body"]
    sequences, _, invariants = body.split(node.inputs)
    known: Table = {x.key: (outer, True) for x, outer in zip(body.sequences, sequences)}
    known.update({x.key: (outer, False) for x, outer in zip(body.invariants, invariants)})
    _tell_sizes(body.nodes, node.inputs, known)
    return known


def _tell_sizes(nodes: Sequence[Node], inputs: Sequence[Tensor], known: Table) -> None:
    """Makes sizes known outside that nodes of the body tell: there they are those of inputs."""
    places = {size: (x, axis) for x in inputs for axis, size in enumerate(x.sizes)}
    for node in nodes:
        held = node.specs[0].held
        if type(held) is Size and held in places and not node.primitive.several:
            x, axis = places[held]
            known[(node, 0)] = (p.cast(p.dim(x, axis=axis), dtype=node.specs[0].dtype), False)


def _lift_all(nodes: Sequence[Node], known: Table) -> set[Any]:
    """Lifts what can be, extending `known`; returns the keys of what was lifted."""
    lifted: set[Any] = set()
    for node in nodes:
        if (node, 0) in known:
            continue
        inputs = [(x, False) if isinstance(x, Constant) else known.get(x.key) for x in node.inputs]
        if any(x is None for x in inputs):
            continue
        with origin_scope(node.origin):
            result = _lifted(node, inputs)  # type: ignore[arg-type]
        if result is not None:
            known[(node, 0)] = (result, True)
            lifted.add((node, 0))
    return lifted


def _lifted(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    """The one output of `node` for all steps, shape `(steps, ...)`; None where it has no lift."""
    lift = node.primitive.lift
    varies = any(has_steps for _, has_steps in inputs)
    return lift(node, inputs) if lift is not None and varies else None


def _raised(node: Node) -> Node:
    """The scan with what its steps compute from sequences alone done before it."""
    body: Body = node.params["body"]
    known = _outer(node)
    lifted = _lift_all(body.nodes, known)
    frontier = _frontier(body, lifted)
    if not frontier:
        return node
    stand_ins = [Placeholder(x.sizes, x.dtype) for x in frontier]
    new = body.mapped(Rewriter(dict(zip(frontier, stand_ins))))
    new = replace(new, sequences=(*body.sequences, *stand_ins))
    sequences, states, invariants = body.split(node.inputs)
    sequences += [known[x.key][0] for x in frontier]
    inputs = (*sequences, *states, *invariants)
    return node.with_params(inputs, body=new)


def _frontier(body: Body, lifted: set[Any]) -> list[Tensor]:
    """Lifted tensors that something not lifted reads."""
    found: dict[Any, Tensor] = {}
    for node in body.nodes:
        if (node, 0) not in lifted:
            found.update({x.key: x for x in node.inputs if x.key in lifted})
    found.update({x.key: x for x in body.results if x.key in lifted})
    return list(found.values())


def _sunk(node: Node) -> list[Tensor]:
    """Outputs of the scan, those that no later step needs computed after it."""
    body: Body = node.params["body"]
    needed = set(order.topological(body.new_states))
    known = _outer(node)
    in_loop = _available(body, needed)
    steps = node.inputs[0].sizes[0]
    stacks = {key: Placeholder((steps, *x.sizes), x.dtype) for key, x in in_loop.items()}
    known.update({key: (stack, True) for key, stack in stacks.items()})
    lifted = _lift_all([n for n in body.nodes if n not in needed], known)
    if not lifted:
        return _direct(node, known)
    return _after_loop(node, known, lifted, in_loop, stacks)


def _available(body: Body, needed: set[Node]) -> dict[Any, Tensor]:
    """What the loop computes anyhow and can collect."""
    found = {x.key: x for x in body.states}
    found.update({y.key: y for n in body.nodes if n in needed for y in n.outputs()})
    return found  # type: ignore[return-value]


def _direct(node: Node, known: Table) -> list[Tensor]:
    """The scan's outputs, with collected sequences read directly."""
    body: Body = node.params["body"]
    given = {x.key for x in body.sequences}
    count = len(body.states)
    outputs = list(node.outputs())
    for i, x in enumerate(body.collected):
        if x.key in given:
            outputs[count + i] = known[x.key][0]
    return outputs


def _after_loop(
    node: Node, known: Table, lifted: set[Any], in_loop: dict[Any, Tensor], stacks: dict[Any, Any]
) -> list[Tensor]:
    body: Body = node.params["body"]
    moved = [known[x.key][0] for x in body.collected if x.key in lifted]
    # What stands in front of the loop need not be walked again for each loop.
    outside = {x.key for x in node.inputs}
    read = set(order.leaves(moved, stop=lambda x: x.key in outside))
    more = [x for key, x in in_loop.items() if stacks[key] in read]
    stay = [x for x in body.collected if x.key not in lifted]
    wanted = list({x.key: x for x in [*stay, *more]}.values())
    smaller = body.collecting(wanted)
    results = node.with_params(node.inputs, body=smaller)
    outputs = results.outputs()
    count = len(body.states)
    collected = {x.key: outputs[count + i] for i, x in enumerate(wanted)}
    real = {stacks[x.key]: collected[x.key] for x in more}
    finished = iter(Rewriter({**dict(zip(node.inputs, node.inputs)), **real})(moved))
    return [
        *outputs[:count],
        *(next(finished) if x.key in lifted else collected[x.key] for x in body.collected),
    ]
