"""Writes groups that change few rows of their variables as work on these rows alone.

Where the gradient is zero, plain gradient descent and Adagrad leave a weight as it is. So the rows
where it is not zero are taken out, worked on, and put back. Descent without momentum makes its
moments zero everywhere else, which is seen at run time, since momentum is a variable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from keras_core.graph import Node, Tensor, Variable
from keras_core.plugins.authoring import keeps_zeros
from keras_numpy.compiler.schedule import SHARED_BLOCK, Group, rows_of_blocks
from keras_numpy.threads import share

if TYPE_CHECKING:
    from keras_numpy.compiler.frame import Frame


class Rows:
    """The rows of a group that its one `Sparse` operand has.

    Args:
        frame: where the group stands; results are placed.
        group: elementwise nodes.
        source: key of the operand.
        zero: a scalar variable that is taken to be 0, if any.
    """

    def __init__(self, frame: Frame, group: Group, source: Any, zero: Tensor | None) -> None:
        self.frame, self.group, self.zero = frame, group, zero
        self.writer = frame.writer
        self.sparse = frame.sparse[source]
        self.inside = set(group.nodes)
        self.zeros = {source} if zero is None else {source, zero.key}
        self.same: dict[Any, str] = {}
        self.names: dict[Any, str] = {source: f"{self.sparse}.values"}
        for node in group.nodes:
            self._classify(node)

    def _classify(self, node: Node) -> None:
        """Notes whether the result is zero, or what an array was before, in all other rows."""
        result, (first, *others) = (node, 0), node.inputs
        self.same.update({x.key: self.frame.ref(x) for x in node.inputs if self._is_held(x)})
        adds = node.primitive.name == "add"
        if keeps_zeros(node, self.zeros):
            self.zeros.add(result)
        elif adds or node.primitive.name == "subtract":
            if others[0].key in self.zeros and first.key in self.same:
                self.same[result] = self.same[first.key]
            elif adds and first.key in self.zeros and others[0].key in self.same:
                self.same[result] = self.same[others[0].key]

    def _is_held(self, x: Tensor) -> bool:
        return isinstance(x, Variable) and x.shape == self.group.shape

    @property
    def are_enough(self) -> bool:
        """Whether all other rows of the results stay as they are, or become zero."""
        for node in self._results():
            place = self.frame.targets.get((node, 0))
            kept = place is not None and self.same.get((node, 0)) == place
            if not kept and not (place is not None and (node, 0) in self.zeros):
                return False
        kernels = [self.frame.kernels[node] for node in self.group.nodes]
        return all(kernel.elementwise for kernel in kernels)

    def _results(self) -> list[Node]:
        return [n for n in self.group.nodes if not self.frame.stays_within(n, self.inside)]

    def write(self, indent: int) -> None:
        line = self.writer.line
        for node in self.group.nodes:
            inputs = [self._operand(x, indent) for x in node.inputs]
            name = self.names[(node, 0)] = self.writer.new_name("r")
            line(f"{name} = empty({self.sparse}.values.shape, {node.specs[0].dtype!r})", indent)
            text = self.frame.fill(node, self.frame.kernels[node], inputs, [name])
            line(text, indent, node)
        for node in self._results():
            self._put_back(node, indent)

    def _operand(self, x: Tensor, indent: int) -> str:
        if x.key not in self.names:
            whole = self.frame.ref(x)
            if x.ndim != len(self.group.shape) or x.shape[0] != self.group.shape[0]:
                return whole
            name = self.names[x.key] = self.writer.new_name("r")
            take = self.writer.name_of(np.take, "take")
            self.writer.line(f"{name} = {take}({whole}, {self.sparse}.rows, 0)", indent)
        return self.names[x.key]

    def _put_back(self, node: Node, indent: int) -> None:
        place, name = self.frame.targets[(node, 0)], self.names[(node, 0)]
        if self.same.get((node, 0)) != place:
            self.writer.line(f"{self.writer.name_of(_clear, 'clear')}({place})", indent, node)
        self.writer.line(f"{place}[{self.sparse}.rows] = {name}", indent, node)


def rows_alone(frame: Frame, group: Group) -> Rows | None:
    """The work on the rows of the one `Sparse` operand, where this is all there is to do, perhaps
    if a scalar is 0."""
    read = dict.fromkeys(x for node in group.nodes for x in node.inputs)
    sources = {x.key for x in read if x.key in frame.sparse}
    if len(sources) != 1 or any(x.node in frame.sources and x.key not in sources for x in read):
        return None
    (source,) = sources
    factors = [x for x in read if isinstance(x, Variable) and x.ndim == 0]
    for zero in (None, *factors):
        rows = Rows(frame, group, source, zero)
        if rows.are_enough:
            return rows
    return None


def _clear(x: np.ndarray) -> None:
    def piece(start: int, stop: int, place: int) -> None:
        x[start:stop] = 0

    share(piece, len(x), rows_of_blocks(x.shape, SHARED_BLOCK))
