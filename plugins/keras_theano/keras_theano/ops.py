"""Operations that Theano does not have, in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import theano
import theano.tensor as T

from keras_core.graph import Node
from keras_core.plugins.authoring import Binding, checked_results, generator


class NodeOp(theano.Op):
    """An operation that stands for one node, with results of its dtypes.

    Args:
        node: the node.
        flags: for each result, which axes have size 1.
    """

    __props__ = ()

    def __init__(self, node: Node, flags: Sequence[tuple[bool, ...]]) -> None:
        self.node, self.flags = node, flags

    def __eq__(self, other: Any) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def make_node(self, *inputs: Any) -> Any:
        types = [
            T.TensorType(spec.dtype, flags) for spec, flags in zip(self.node.specs, self.flags)
        ]
        return theano.Apply(self, list(inputs), [kind() for kind in types])

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.node.primitive.name})"


class Reference(NodeOp):
    """A node that runs as its primitive's plain NumPy meaning.

    For what Theano has no expression for, and for sizes that depend on values. A random node takes
    seed, step and the streams of the program as its first input.
    """

    def perform(self, node: Any, inputs: Sequence[Any], outputs: Any) -> None:
        arguments = list(inputs)
        primitive, params = self.node.primitive, self.node.params
        if primitive.random:
            seed, step, *streams = (int(n) for n in arguments[0])
            params = Binding(streams=streams).params(params)
            state = seed, step
            arguments[0] = state if primitive.loop else generator(state, params["stream"])
        reference: Any = primitive.reference
        results = reference(*arguments, **params)
        results = results if primitive.several else (results,)
        for spec, result, output in zip(self.node.specs, results, outputs):
            output[0] = np.array(result, spec.dtype, order="C")


def reference(node: Node, *inputs: Any) -> Any:
    """A lowering: the plain meaning of a node that is not random."""
    flags = [tuple(size == 1 for size in spec.shape) for spec in node.specs]
    return Reference(node, flags)(*inputs, return_list=True)


class Sums(Reference):
    """A node of sums over all processes, which is no constant, whatever it is given."""

    def do_constant_folding(self, node: Any) -> bool:
        return False

    def infer_shape(self, node: Any, shapes: Sequence[Any]) -> Sequence[Any]:
        return shapes


class After(theano.Op):
    """The first input itself, once the second one is there."""

    __props__ = ()
    view_map = {0: [0]}

    def make_node(self, x: Any, other: Any) -> Any:
        return theano.Apply(self, [x, other], [x.type()])

    def perform(self, node: Any, inputs: Sequence[Any], outputs: Any) -> None:
        outputs[0][0] = inputs[0]

    def infer_shape(self, node: Any, shapes: Sequence[Any]) -> Sequence[Any]:
        return shapes[:1]


after = After()


class Declared(NodeOp):
    """The results of a native node, after a look that they are what was declared."""

    def __init__(self, node: Node) -> None:
        super().__init__(node, ())
        self.view_map = {i: [i] for i in range(len(node.specs))}

    def make_node(self, *inputs: Any) -> Any:
        return theano.Apply(self, list(inputs), [x.type() for x in inputs])

    def perform(self, node: Any, inputs: Sequence[Any], outputs: Any) -> None:
        checked_results(self.node, inputs, lambda x: (x.shape, x.dtype.name))
        for x, output in zip(inputs, outputs):
            output[0] = x

    def infer_shape(self, node: Any, shapes: Sequence[Any]) -> Sequence[Any]:
        return shapes


class InRange(theano.Op):
    """Indices, after a look that all lie in [0, size): `InRange(place)(indices, size)`.

    Args:
        place: where the look-up stands, for the message.
    """

    __props__ = ("place",)
    view_map = {0: [0]}

    def __init__(self, place: str) -> None:
        self.place = place

    def make_node(self, indices: Any, size: Any) -> Any:
        return theano.Apply(self, [indices, T.as_tensor_variable(size)], [indices.type()])

    def perform(self, node: Any, inputs: Sequence[Any], outputs: Any) -> None:
        indices, size = inputs
        if indices.size and (indices.min() < 0 or indices.max() >= size):
            bad = indices[(indices < 0) | (indices >= size)].flat[0]
            raise IndexError(f"index {bad} is outside of [0, {size}) (in {self.place})")
        outputs[0][0] = indices

    def infer_shape(self, node: Any, shapes: Sequence[Any]) -> Sequence[Any]:
        return shapes[:1]


class Cut(theano.Op):
    """The input itself, at which Theano's fusion of elementwise operations ends."""

    __props__ = ()
    view_map = {0: [0]}

    def make_node(self, x: Any) -> Any:
        return theano.Apply(self, [x], [x.type()])

    def perform(self, node: Any, inputs: Sequence[Any], outputs: Any) -> None:
        outputs[0][0] = inputs[0]

    def infer_shape(self, node: Any, shapes: Sequence[Any]) -> Sequence[Any]:
        return shapes


cut = Cut()
