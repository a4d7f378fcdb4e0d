"""Body: what a scan does at each step, closed over its placeholders."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Callable

from keras_core.graph import order
from keras_core.graph.primitive import Node
from keras_core.graph.rewrite import Rewriter, Rule
from keras_core.graph.tensor import Constant, Placeholder, Spec, Tensor


@dataclass(frozen=True, eq=False)
class Body:
    """One step of a loop.

    Attributes:
        sequences: placeholders for this step's slices of the sequences.
        states: placeholders for the states before the step.
        invariants: placeholders for what stays the same in all steps.
        new_states: the states after the step, each like its placeholder.
        collected: tensors whose values at all steps are stacked into outputs of the scan.
    """

    sequences: tuple[Placeholder, ...]
    states: tuple[Placeholder, ...]
    invariants: tuple[Placeholder, ...]
    new_states: tuple[Tensor, ...]
    collected: tuple[Tensor, ...]

    @property
    def inputs(self) -> tuple[Placeholder, ...]:
        return (*self.sequences, *self.states, *self.invariants)

    @property
    def results(self) -> tuple[Tensor, ...]:
        return (*self.new_states, *self.collected)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(order.topological(self.results))

    @cached_property
    def is_random(self) -> bool:
        return any(node.primitive.random for node in self.nodes)

    @cached_property
    def signature(self) -> Hashable:
        """What is equal for bodies that do the same: its structure, without any tensor."""
        places: dict[Any, Hashable] = {x.key: index for index, x in enumerate(self.inputs)}

        def place(x: Tensor) -> Hashable:
            if isinstance(x, Constant):
                return x.dtype, x.shape, x.value.tobytes()
            return places[x.key]

        nodes = []
        for number, node in enumerate(self.nodes):
            parameters = ((name, _structure(value)) for name, value in node.params.items())
            nodes.append((node.primitive.name, tuple(map(place, node.inputs)), *parameters))
            places.update(((node, index), (number, index)) for index in range(len(node.specs)))
        counts = len(self.sequences), len(self.states)
        specs = tuple((x.shape, x.dtype) for x in self.inputs)
        return counts, specs, tuple(nodes), tuple(map(place, self.results))

    def split(self, inputs: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """Inputs of the scan as sequences, initial states and invariants."""
        first, second = len(self.sequences), len(self.sequences) + len(self.states)
        return list(inputs[:first]), list(inputs[first:second]), list(inputs[second:])

    def collecting(self, tensors: Sequence[Tensor]) -> Body:
        return replace(self, collected=tuple(tensors))

    def mapped(self, function: Callable[[Sequence[Tensor]], list[Tensor]]) -> Body:
        """The body with its results passed through a function of tensors."""
        results = function(self.results)
        count = len(self.new_states)
        return replace(self, new_states=tuple(results[:count]), collected=tuple(results[count:]))

    def rewritten(self, rule: Rule) -> Body:
        return self.mapped(Rewriter({}, rule))

    def fitted(self, specs: Sequence[Spec]) -> Body:
        """The body for inputs of other (sharper) specs; itself where nothing differs."""
        new = [
            x if x.spec == spec else Placeholder(spec.shape, spec.dtype, x.name)
            for x, spec in zip(self.inputs, specs)
        ]
        if all(a is b for a, b in zip(new, self.inputs)):
            return self
        body = self.mapped(Rewriter(dict(zip(self.inputs, new))))
        sequences, states, invariants = self.split(new)
        return replace(
            body, sequences=tuple(sequences), states=tuple(states), invariants=tuple(invariants)
        )

    def __repr__(self) -> str:
        return f"<Body of {len(self.nodes)} nodes, {len(self.states)} states>"


def _structure(parameter: Any) -> Hashable:
    return parameter.signature if isinstance(parameter, Body) else parameter


def with_inner(nodes: Iterable[Node]) -> Iterator[Node]:
    """Nodes, and those in the bodies of scans among them."""
    for node in nodes:
        yield node
        if node.primitive.name == "scan":
            yield from with_inner(node.params["body"].nodes)


def with_body(node: Node, body: Body) -> tuple[Tensor, ...] | None:
    """Outputs of a scan with another body for the same inputs; None where the body is the same."""
    old: Body = node.params["body"]
    same_results = all(a.key == b.key for a, b in zip(body.results, old.results))
    if same_results and body.inputs == old.inputs:
        return None
    return Node(node.primitive, node.inputs, dict(node.params, body=body), node.origin).outputs()
