"""Translates nodes into Theano's expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable

import theano.tensor as T
from theano.compile.mode import Mode

from keras_core.graph import Constant, Node, Tensor, Variable
from keras_core.plugins.authoring import Body, with_inner
from keras_theano.compiler.draws import draws_of, is_drawn, is_loop
from keras_theano.compiler.errors import mark
from keras_theano.compiler.extents import Extents
from keras_theano.compiler.loops import Loop, Step, sources_of, wanted_of
from keras_theano.lowering._common import takes_any_size
from keras_theano.ops import Reference, after, cut

# Elementwise nodes in a row that Theano may fuse: it pickles what it fused, by recursion.
_LONGEST = 32


@dataclass(frozen=True)
class Surroundings:
    """What all levels of a program share.

    Attributes:
        lowerings: by primitive name.
        mode: the compilation mode.
        variable: gives the Theano variable that stands for a variable of the program.
        state: the Theano variable of the pair (seed, step).
    """

    lowerings: Mapping[str, Any]
    mode: Mode
    variable: Callable[[Variable], Any]
    state: Any


class Translator:
    """Theano's expressions for the nodes of a program or of a loop's body.

    Args:
        around: what all levels share.
        extents: the sizes of all tensors.
        known: expressions of the placeholders.
        draws: expressions of what is drawn, in the order of `draws_of`.
    """

    def __init__(
        self, around: Surroundings, extents: Extents, known: Mapping[Tensor, Any], draws: Sequence
    ) -> None:
        self.around, self.extents = around, extents
        self._draws: Iterator[Any] = iter(draws)
        self._known: dict[Any, Any] = {x.key: value for x, value in known.items()}
        self._fused: dict[Any, int] = {}
        self._last: Any = None

    def __call__(self, nodes: Sequence[Node], results: Sequence[Tensor]) -> list[Any]:
        """The expressions of `results`, which the nodes compute."""
        for node in nodes:
            inputs = [self.get(x) for x in node.inputs]
            outputs = self._fitted(node, self._in_turn(node, inputs))
            outputs = self._cut(node, outputs)
            mark(outputs, inputs, node)
            self._known.update(((node, i), y) for i, y in enumerate(outputs))
        return [self.get(x) for x in results]

    def _in_turn(self, node: Node, inputs: Sequence[Any]) -> Any:
        """What a node gives; if it does more than compute, once the one before it has done so.

        Theano orders operations by what they read alone, but all processes have to send in one
        order.
        """
        if all(inner.primitive.pure for inner in with_inner([node])):
            return self._lowered(node, inputs)
        if self._last is not None:
            inputs = [after(x, self._last) for x in inputs]
        made = self._lowered(node, inputs)
        self._last = made[0] if isinstance(made, (tuple, list)) else made
        return made

    def _cut(self, node: Node, outputs: list[Any]) -> list[Any]:
        """The outputs, at times cut off from what Theano would fuse them with."""
        if not node.primitive.elementwise:
            return outputs
        length = 1 + max((self._fused.get(x.key, 0) for x in node.inputs), default=0)
        self._fused[(node, 0)] = length % _LONGEST
        return outputs if length < _LONGEST else [cut(y) for y in outputs]

    def get(self, tensor: Tensor) -> Any:
        found = self._known.get(tensor.key)
        if found is None:
            found = self._known[tensor.key] = self._leaf(tensor)
        return found

    def _leaf(self, tensor: Tensor) -> Any:
        if isinstance(tensor, Constant):
            return T.constant(tensor.value)
        assert isinstance(tensor, Variable), f"{tensor!r} is not fed"
        return self.around.variable(tensor)

    def _lowered(self, node: Node, inputs: Sequence[Any]) -> Any:
        if node.primitive.loop:
            return self._scan(node, inputs)
        if node.primitive.random and is_drawn(node, self.extents):
            return next(self._draws)
        lowering = self.around.lowerings[node.primitive.name]
        plain = self.extents.are_known(node) and not self.extents.are_empty(node)
        if plain or takes_any_size(lowering):
            return lowering(node, *inputs)
        return self._reference(node, inputs)

    def _reference(self, node: Node, inputs: Sequence[Any]) -> list[Any]:
        flags = [self.extents.flags(y) for y in node.outputs()]
        seeded = [self.around.state, *inputs] if node.primitive.random else inputs
        return Reference(node, flags)(*seeded, return_list=True)

    def _scan(self, node: Node, inputs: Sequence[Any]) -> list[Any]:
        if not is_loop(node, self.extents):
            return self._reference(node, inputs)
        body, inner = node.params["body"], self.extents.inner[node]
        sequences, states, invariants = body.split(inputs)
        count = len(draws_of(body.nodes, inner, self.around.lowerings))
        sequences += [next(self._draws) for _ in range(count)]
        outer = [*sequences, *states, *invariants]
        step, read = self._step(body, inner, sequences, [*states, *invariants])
        flags = [self.extents.flags(y) for y in node.outputs()]
        return Loop(node, flags, step)(*outer, *read, return_list=True)

    def _step(
        self, body: Body, extents: Extents, sequences: Sequence[Any], others: Sequence[Any]
    ) -> tuple[Step, Sequence[Any]]:
        """A step of a loop, and the variables that it reads."""
        slices, rest = [_slice(x) for x in sequences], [x.type() for x in others]
        count = len(body.sequences)
        variables = _StandIns(self.around.variable)
        around = replace(self.around, variable=variables)
        known = dict(zip(body.inputs, [*slices[:count], *rest]))
        results = Translator(around, extents, known, slices[count:])(body.nodes, wanted_of(body))
        step = Step(
            inputs=[*slices, *rest, *variables.inside],
            results=results,
            sequences=len(slices),
            collected=sources_of(body, len(slices)),
            states=len(body.states),
            mode=self.around.mode,
        )
        return step, variables.outside

    def _fitted(self, node: Node, results: Any) -> list[Any]:
        """The results with the dtypes and axes of size 1 that the node declares."""
        results = list(results) if isinstance(results, (tuple, list)) else [results]
        return [self._as(y, x) for y, x in zip(results, node.outputs())]

    def _as(self, expression: Any, tensor: Tensor) -> Any:
        if expression.dtype != tensor.dtype:
            expression = T.cast(expression, tensor.dtype)
        flags = self.extents.flags(tensor)
        if expression.broadcastable != flags:
            expression = T.patternbroadcast(expression, flags)
        return expression


class _StandIns:
    """Inputs of a step for the variables that it reads."""

    def __init__(self, variable: Callable[[Variable], Any]) -> None:
        self._variable = variable
        self._inside: dict[Any, Any] = {}

    @property
    def outside(self) -> list[Any]:
        return list(self._inside)

    @property
    def inside(self) -> list[Any]:
        return list(self._inside.values())

    def __call__(self, variable: Variable) -> Any:
        outside = self._variable(variable)
        if outside not in self._inside:
            kind = T.TensorType(outside.dtype, outside.broadcastable)
            self._inside[outside] = kind()
        return self._inside[outside]


def _slice(sequence: Any) -> Any:
    return T.TensorType(sequence.dtype, sequence.broadcastable[1:])()
