"""Trace: a walk over the graph that builds TensorFlow operations with the lowerings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple

import tensorflow as tf

from keras_core.graph import Constant, Node, Spec, Tensor
from keras_core.plugins.authoring import order, with_inner
from keras_tf.sparse import Sparse, on_rows, totals

Lowering = Callable[..., Any]
Values = dict[Any, Any]


class RandomState(NamedTuple):
    """Two int64 scalars, on which, and on a node's stream, draws depend; and streams.

    Attributes:
        seed: the run's.
        step: the number of the call.
        streams: a vector of the streams for which a program has stand-ins, each `mixed`.
    """

    seed: tf.Tensor
    step: tf.Tensor
    streams: tf.Tensor


def random_state_in(numbers: tf.Tensor) -> RandomState:
    """The state out of one vector: seed, step, streams."""
    return RandomState(numbers[0], numbers[1], numbers[2:])


@dataclass(frozen=True)
class Trace:
    """What all nodes of one program share.

    Attributes:
        lowerings: by primitive name, each `lower(site, *tensors)`, which returns a tensor, or a
            sequence of them for several outputs.
        state: what random nodes draw from; None in a program without them.
        jit_loops: whether XLA compiles loops where that pays.
        sparse: whether large gradients of look-ups are made of their rows alone.
        waits_for: a result of the last node so far that did more than compute. TensorFlow orders
            operations by what they read alone, but all processes have to send in one order.
    """

    lowerings: Mapping[str, Lowering]
    state: RandomState | None = None
    jit_loops: bool = False
    sparse: bool = False
    waits_for: list[tf.Tensor] = field(default_factory=list)

    def run(self, results: Sequence[Tensor], values: Values) -> list[tf.Tensor]:
        """The operations for `results`.

        Args:
            results: tensors of the graph.
            values: tensors of TensorFlow by the `key` of those that they stand for; it is filled
                with those of all nodes on the way.
        """
        for node in order.topological(results, stop=lambda tensor: tensor.key in values):
            self._run_node(node, values)
        return [_dense(_kept(tensor, values)) for tensor in results]

    def _run_node(self, node: Node, values: Values) -> None:
        arguments = [_kept(x, values) for x in node.inputs]
        with tf.name_scope(scope_of(node)):
            made = self._made(node, arguments)
        if isinstance(made, Sparse):
            values[(node, 0)] = made
            return
        for index, (tensor, spec) in enumerate(zip(_listed(node, made), node.specs)):
            tensor.set_shape(spec.shape)
            values[(node, index)] = tensor

    def _made(self, node: Node, arguments: Sequence[Any]) -> Any:
        """What a node makes of its arguments; of few rows, or as such, where that can be."""
        made = None
        if self.sparse and node.primitive.name == "gather_grad":
            made = totals(node, *map(_dense, arguments[:2]))
        elif any(isinstance(x, Sparse) for x in arguments):
            made = on_rows(node, arguments, lambda *given: self._lowered(node, given))
        return self._lowered(node, [*map(_dense, arguments)]) if made is None else made

    def _lowered(self, node: Node, arguments: Sequence[tf.Tensor]) -> Any:
        lower = self.lowerings[node.primitive.name]
        if all(inner.primitive.pure for inner in with_inner([node])):
            return lower(Site(node, self), *arguments)
        with tf.control_dependencies(self.waits_for):
            made = lower(Site(node, self), *arguments)
        self.waits_for[:] = _listed(node, made)[:1]
        return made


def scope_of(node: Node) -> str:
    """The name scope of a node's operations, by which errors at run time are traced back."""
    return f"{node.primitive.name}_{node.uid}"


def _listed(node: Node, made: Any) -> Sequence[tf.Tensor]:
    return made if node.primitive.several else (made,)


def _dense(x: Any) -> tf.Tensor:
    return x.dense if isinstance(x, Sparse) else x


def _kept(tensor: Tensor, values: Values) -> Any:
    found = values.get(tensor.key)
    if found is None:
        if not isinstance(tensor, Constant):
            raise ValueError(f"{tensor!r} has no value here; it is not fed to this program.")
        found = values[tensor.key] = tf.constant(tensor.value)
    return found


@dataclass(frozen=True)
class Site:
    """Where a lowering works: one node, in one trace."""

    node: Node
    trace: Trace

    @property
    def params(self) -> dict[str, Any]:
        return self.node.params

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return self.node.inputs

    @property
    def spec(self) -> Spec:
        """Shape and dtype of the (first) result."""
        return self.node.specs[0]
