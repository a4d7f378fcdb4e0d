"""Trace: a walk over the graph that writes operations with the lowerings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Callable

import numpy as np

from keras_core.export.errors import refuse
from keras_core.export.onnx.operations import Block, Writer
from keras_core.graph import order
from keras_core.graph.primitive import Node
from keras_core.graph.spec import Spec, are_known
from keras_core.graph.tensor import Constant, Tensor

FORMAT = "ONNX"

# A result of known arrays is computed at once unless it is larger than they are, and than this.
_LARGEST = 65536

Names = dict[Any, str]
Lowering = Callable[..., Any]


class Trace:
    """Writes the operations of one block.

    Args:
        lowerings: by primitive name, each `lower(site, *names)`, which returns the name of the
            result, or a sequence of them for several outputs.
        writer: where operations go.
        names: the names of values by the `key` of the tensors that they stand for; those of all
            nodes on the way are added.
    """

    def __init__(
        self, lowerings: Mapping[str, Lowering], writer: Writer, names: Names | None = None
    ) -> None:
        self.lowerings = lowerings
        self.writer = writer
        self.names: Names = {} if names is None else names

    def run(self, results: Sequence[Tensor]) -> list[str]:
        """The names of `results`, whose operations are written."""
        for node in order.topological(results, stop=lambda tensor: tensor.key in self.names):
            self._run_node(node)
        return [self.name_of(tensor) for tensor in results]

    def name_of(self, tensor: Tensor) -> str:
        """The name of a tensor that has been computed, or is a constant."""
        if tensor.key not in self.names:
            assert isinstance(tensor, Constant), tensor
            self.names[tensor.key] = self.writer.store.constant(tensor.value)
        return self.names[tensor.key]

    def inner(self, values: Names) -> Trace:
        """A trace that writes a block of its own, which may read what this one has named."""
        writer = Writer(self.writer.store, Block(), self.writer.prefix)
        return Trace(self.lowerings, writer, dict(values))

    def _run_node(self, node: Node) -> None:
        inputs = [self.name_of(x) for x in node.inputs]
        layer = node.origin.layer
        self.writer.prefix = f"{layer}/" if layer else ""
        for index, name in enumerate(self._folded(node, inputs) or self._lowered(node, inputs)):
            self.names[(node, index)] = name

    def _lowered(self, node: Node, inputs: Sequence[str]) -> Sequence[str]:
        made = self.lowerings[node.primitive.name](Site(node, self), *inputs)
        return made if node.primitive.several else [made]

    def _folded(self, node: Node, inputs: Sequence[str]) -> list[str] | None:
        """Constants for what depends on known arrays alone."""
        primitive = node.primitive
        arrays = [self.writer.known(name) for name in inputs]
        if primitive.reference is None or primitive.loop or not primitive.pure or not arrays:
            return None
        if any(array is None for array in arrays) or not _is_small(node.specs, arrays):
            return None
        results = primitive.reference(*arrays, **node.params)
        listed = results if primitive.several else (results,)
        name = f"{self.writer.prefix}{primitive.name}"
        return [
            self.writer.store.constant(np.asarray(result, spec.dtype), name)
            for result, spec in zip(listed, node.specs)
        ]


def _is_small(specs: Sequence[Spec], arrays: Sequence[Any]) -> bool:
    made = sum(prod(spec.shape) for spec in specs if are_known(spec.shape))
    known = all(are_known(spec.shape) for spec in specs)
    return known and made <= max(_LARGEST, sum(array.size for array in arrays))


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

    @property
    def writer(self) -> Writer:
        return self.trace.writer

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Appends an operation with one result, and returns its name."""
        return self.writer.add(kind, *inputs, **attributes)

    def scalar(self, value: Any, dtype: str | None = None) -> str:
        """The name of a constant of shape (), of the first input's dtype by default."""
        return self.writer.constant(value, dtype or self.inputs[0].dtype)

    def refuse(self, reason: str) -> ValueError:
        """The error for what cannot be written."""
        return refuse(FORMAT, self.node.origin.layer, reason)


def filled(shape: Sequence[int | None], dims: Sequence[str]) -> list[int | str]:
    """`shape` with the names of the sizes that come at run time in place of None, in order."""
    sizes = iter(dims)
    return [next(sizes) if size is None else size for size in shape]
