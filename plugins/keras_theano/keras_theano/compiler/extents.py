"""Extents: the sizes of all tensors of a program for inputs of known shapes.

Theano must be told before run time which axes have size 1, since those broadcast. A batch size need
not be fixed for that: two sizes with the same axes of size 0 and 1 everywhere share one function.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from keras_core.graph import Constant, Node, Placeholder, Spec, Tensor
from keras_core.plugins.authoring import Shape, is_known
from keras_theano.compiler.errors import place_of

_MOST_VALUES = 64


class _Sized(NamedTuple):
    """What is known of a tensor: its spec, and its value where that is known too."""

    spec: Spec
    value: np.ndarray | None = None

    @property
    def shape(self) -> Shape:
        return self.spec.shape


def _known(value: np.ndarray, dtype: str) -> _Sized:
    """A tensor of which the value is known; small ones keep it, and scalars tell shape rules."""
    if value.size > _MOST_VALUES:
        return _Sized(Spec(value.shape, dtype))
    held = value.item() if value.ndim == 0 and value.dtype.kind in "iub" else None
    return _Sized(Spec(value.shape, dtype, held), value)


class Extents:
    """The shapes of all tensors that some nodes compute.

    Args:
        nodes: in an order that puts each after its inputs.
        fed: shapes of the placeholders.

    Attributes:
        inner: for each scan, the extents of its body.
    """

    def __init__(self, nodes: Sequence[Node], fed: Mapping[Tensor, Shape]) -> None:
        self.inner: dict[Node, Extents] = {}
        self._known: dict[Any, _Sized] = {
            x.key: _Sized(Spec(tuple(shape), x.dtype)) for x, shape in fed.items()
        }
        self._nodes = nodes
        for node in nodes:
            try:
                results = self._run(node)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{error} (in {place_of(node)})") from error
            self._known.update(((node, i), result) for i, result in enumerate(results))

    def shape(self, tensor: Tensor) -> Shape:
        """The sizes of a tensor; None where they depend on values."""
        return self._sized(tensor).shape

    def flags(self, tensor: Tensor) -> tuple[bool, ...]:
        """For each axis, whether its size is 1."""
        return tuple(size == 1 for size in self.shape(tensor))

    def are_known(self, node: Node) -> bool:
        """Whether no size of the node's inputs and results depends on values."""
        return all(None not in shape for shape in self._around(node))

    def are_empty(self, node: Node) -> bool:
        """Whether an input or a result of the node has no elements."""
        return any(0 in shape for shape in self._around(node))

    def signature(self) -> tuple[Any, ...]:
        """Equal for extents that one Theano function can serve."""
        outer = tuple(
            tuple(size if size is None or size < 2 else 2 for size in sized.shape)
            for sized in self._known.values()
        )
        return (outer, *(inner.signature() for inner in self.inner.values()))

    def _around(self, node: Node) -> list[Shape]:
        results = (self._known[(node, i)].shape for i in range(len(node.specs)))
        return [*map(self.shape, node.inputs), *results]

    def _sized(self, tensor: Tensor) -> _Sized:
        found = self._known.get(tensor.key)
        if found is not None:
            return found
        if isinstance(tensor, Constant):
            return _known(tensor.value, tensor.dtype)
        return _Sized(tensor.spec)

    def _run(self, node: Node) -> list[_Sized]:
        inputs = [self._sized(x) for x in node.inputs]
        if node.primitive.loop:
            return self._run_scan(node, inputs)
        if _computable(node, inputs):
            return self._values(node, inputs)
        return [_with_value(spec) for spec in node.specs_for([x.spec for x in inputs])]

    def _values(self, node: Node, inputs: Sequence[_Sized]) -> list[_Sized]:
        reference: Any = node.primitive.reference
        results = reference(*(x.value for x in inputs), **node.params)
        results = results if node.primitive.several else (results,)
        return [_known(np.asarray(y), spec.dtype) for y, spec in zip(results, node.specs)]

    def _run_scan(self, node: Node, inputs: Sequence[_Sized]) -> list[_Sized]:
        body = node.params["body"]
        sequences, states, invariants = body.split(inputs)
        shapes = [x.shape[1:] for x in sequences]
        fed = [*shapes, *(x.shape for x in states), *(x.shape for x in invariants)]
        inner = self.inner[node] = Extents(body.nodes, dict(zip(body.inputs, fed)))
        steps = (sequences[0].shape[0],)
        finals = [_Sized(x.spec) for x in states]
        stacks = (Spec((*steps, *inner.shape(x)), x.dtype) for x in body.collected)
        return [*finals, *map(_Sized, stacks)]


def _with_value(spec: Spec) -> _Sized:
    """The spec with the value that its shape rule says, if that is numbers alone."""
    numbers = spec.held if type(spec.held) is tuple else (spec.held,)
    known = spec.held is not None and all(map(is_known, numbers))
    return _Sized(spec, np.array(spec.held, spec.dtype) if known else None)


def _computable(node: Node, inputs: Sequence[_Sized]) -> bool:
    return (
        all(x.value is not None for x in inputs)
        and node.primitive.pure
        and not node.primitive.random
        and node.primitive.reference is not None
        and all(prod(size or 0 for size in spec.shape) <= _MOST_VALUES for spec in node.specs)
    )


def batch_sizes_open(inputs: Sequence[Placeholder], shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes with the first size left open where the program leaves it open."""
    return [
        (None, *shape[1:]) if x.shape and x.shape[0] is None else tuple(shape)
        for x, shape in zip(inputs, shapes)
    ]
