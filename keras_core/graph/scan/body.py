"""Body: what a scan does at each step, closed over its placeholders."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Callable

from keras_core.graph import order
from keras_core.graph.primitive import Node
from keras_core.graph.rewrite import Rewriter
from keras_core.graph.spec import NamedDim, Size, Sizes, Spec, is_known
from keras_core.graph.tensor import Constant, Placeholder, Tensor

Mapped = Callable[[Sequence[Tensor]], list[Tensor]]
MakeRewriter = Callable[[Mapping[Tensor, Tensor]], Mapped]


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
        return any(map(is_drawn, self.nodes))

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

    def mapped(self, function: Mapped) -> Body:
        """The body with its results passed through a function of tensors."""
        results = function(self.results)
        count = len(self.new_states)
        return replace(self, new_states=tuple(results[:count]), collected=tuple(results[count:]))

    def fitted(self, specs: Sequence[Spec]) -> Body:
        """The body for inputs of other (sharper) specs; those of sequences are of one step."""
        count = len(self.sequences)
        sizes = [
            *((None, *spec.sizes) for spec in specs[:count]),
            *(s.sizes for s in specs[count:]),
        ]
        inputs = [Placeholder(size, spec.dtype) for size, spec in zip(sizes, specs)]
        return self.rewritten(inputs)

    def rewritten(self, inputs: Sequence[Tensor], rewriter: MakeRewriter = Rewriter) -> Body:
        """The body for other inputs of its loop, with its results rewritten.

        Placeholders take the sizes of the inputs, and constants go inside. A state takes a size
        only if the step is seen to keep it.

        Args:
            inputs: sequences, initial states and invariants.
            rewriter: makes a function of tensors that applies replacements of leaves.
        """
        states = self.split(inputs)[1]
        sizes = [_sharpened(old, new.sizes) for old, new in zip(self.states, states)]
        return self.settled(inputs, sizes, rewriter)

    def settled(
        self, inputs: Sequence[Tensor], sizes: Sequence[Sizes], rewriter: MakeRewriter = Rewriter
    ) -> Body:
        """The same, with sizes of the states to start from; those that a step changes go again."""
        sequences, _, invariants = self.split(inputs)
        rows = [_like(old, x.sizes[1:]) for old, x in zip(self.sequences, sequences)]
        fixed = [_like(old, x.sizes) for old, x in zip(self.invariants, invariants)]
        known: dict[Tensor, Tensor] = {
            old: x for old, x in zip(self.invariants, invariants) if isinstance(x, Constant)
        }
        while True:
            states = [_like(old, size) for old, size in zip(self.states, sizes)]
            new = [*rows, *states, *fixed]
            replaced: dict[Tensor, Tensor] = {
                old: x for old, x in zip(self.inputs, new) if old is not x
            }
            body = self.mapped(rewriter({**replaced, **known}))
            kept = [_kept(*pair) for pair in zip(self.states, states, body.new_states)]
            if all(size == x.sizes for size, x in zip(kept, states)):
                return replace(
                    body, sequences=tuple(rows), states=tuple(states), invariants=tuple(fixed)
                )
            sizes = kept

    def is_same_as(self, other: Body) -> bool:
        """Whether both compute the same tensors of the same placeholders."""
        return self.inputs == other.inputs and all(
            a.key == b.key for a, b in zip(self.results, other.results)
        )

    def __repr__(self) -> str:
        return f"<Body of {len(self.nodes)} nodes, {len(self.states)} states>"


def _structure(parameter: Any) -> Hashable:
    return parameter.signature if isinstance(parameter, Body) else parameter


def _like(old: Placeholder, sizes: Sizes) -> Placeholder:
    """A placeholder of these sizes; `old` itself if it has them."""
    return old if old.sizes == sizes else Placeholder(sizes, old.dtype, old.name)


def _is_own(size: NamedDim, placeholder: Placeholder) -> bool:
    """Whether the size came up with the placeholder, and so is that of no other tensor."""
    return type(size) is Size and size.uid == placeholder.uid


def _sharpened(state: Placeholder, sizes: Sizes) -> Sizes:
    """The sizes of an initial value, but for names that were found to change from step to step."""
    pairs = zip(state.sizes, sizes)
    return tuple(a if _is_own(a, state) and not is_known(b) else b for a, b in pairs)


def _kept(old: Placeholder, state: Placeholder, new: Tensor) -> Sizes:
    """The state's sizes that hold after the step; a new name, or the old one, for the others."""

    def one(a: NamedDim, before: NamedDim, after: NamedDim) -> NamedDim:
        if a == after or (is_known(a) and a != 1 and not is_known(after)) or _is_own(a, state):
            return a
        return before if _is_own(before, old) else None

    return tuple(map(one, state.sizes, old.sizes, new.sizes))


def is_drawn(node: Node) -> bool:
    """Whether a node, or one in its body if it is a loop, draws random numbers."""
    if node.primitive.loop:
        return node.params["body"].is_random
    return node.primitive.random


def with_inner(nodes: Iterable[Node]) -> Iterator[Node]:
    """Nodes, and those in the bodies of scans among them."""
    for node in nodes:
        yield node
        if node.primitive.loop:
            yield from with_inner(node.params["body"].nodes)
