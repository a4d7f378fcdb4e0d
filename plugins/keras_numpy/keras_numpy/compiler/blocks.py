"""Writes groups of elementwise nodes as loops over blocks of rows.

What only the group reads lives in buffers of the size of a block. The blocks of a large group are
shared out to threads, each with buffers of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_core.graph.primitive import Node
from keras_core.graph.tensor import Tensor
from keras_numpy import threads
from keras_numpy.compiler.schedule import Group, block_rows, is_shared

if TYPE_CHECKING:
    from keras_numpy.compiler.frame import Frame


def write_blocks(frame: Frame, group: Group) -> None:
    """Writes one group and binds its results in the frame."""
    _Blocks(frame, group).write()


class _Blocks:
    def __init__(self, frame: Frame, group: Group) -> None:
        self.frame, self.group = frame, group
        self.writer = frame.writer
        self.rows = block_rows(group)
        self.start, self.stop = self.writer.new_name("i"), self.writer.new_name("j")
        self.place = self.writer.new_name("k")
        self.threads = threads.available() if is_shared(group) else 1
        inside = set(group.nodes)
        self.local = {node for node in group.nodes if frame.stays_within(node, inside)}
        self.last = {x.key: node for node in group.nodes for x in node.inputs}
        self.parts: dict[Any, str] = {}
        self.cuts: list[str] = []
        self.lines: list[tuple[str, Node]] = []
        self.taken: dict[Any, str] = {}

    def write(self) -> None:
        self._place_wholes()
        for node in self.group.nodes:
            self._add(node)
        for name in self.taken.values():
            self.writer.memory.give_back(name)
        if self.threads > 1:
            self._write_shared()
        else:
            self._write_loop()

    def _write_loop(self) -> None:
        line, indent, total = self.writer.line, self.frame.indent, self.group.shape[0]
        head = f"for {self.start} in range(0, {total}, {self.rows}):"
        line(head, indent, self.group.nodes[0])
        line(f"{self.stop} = min({self.start} + {self.rows}, {total})", indent + 1)
        self._write_block()

    def _write_shared(self) -> None:
        line, indent, total = self.writer.line, self.frame.indent, self.group.shape[0]
        name, share = self.writer.new_name("block"), self.writer.name_of(threads.share, "share")
        line(f"def {name}({self.start}, {self.stop}, {self.place}):", indent, self.group.nodes[0])
        self._write_block()
        line(f"{share}({name}, {total}, {self.rows}, {self.threads})", indent, self.group.nodes[0])

    def _write_block(self) -> None:
        for text in self.cuts:
            self.writer.line(text, self.frame.indent + 1)
        for text, node in self.lines:
            self.writer.line(text, self.frame.indent + 1, node)

    def _place_wholes(self) -> None:
        """Takes places for what outlives the group, before any block's buffer is free again."""
        for node in self.group.nodes:
            if node not in self.local:
                self.frame.place(node, 0)

    def _add(self, node: Node) -> None:
        inputs = [self._input(x) for x in node.inputs]
        output = self.parts[(node, 0)] = self._over_input(node) or self._output(node)
        kernel = self.frame.kernels[node]
        self.lines.append((self.frame.fill(node, kernel, inputs, [output]), node))
        for x in node.inputs:
            if self.last[x.key] is node and x.key in self.taken:
                self.writer.memory.give_back(self.taken.pop(x.key))

    def _over_input(self, node: Node) -> str | None:
        """The block's buffer of an input that nobody reads any more and the result may overwrite:
        fewer buffers stay in a faster cache."""
        if node not in self.local:
            return None
        for i in self.frame.kernels[node].inplace:
            x = node.inputs[i]
            dies = x.key in self.taken and self.last[x.key] is node
            if dies and self.frame.may_overwrite(node, x):
                self.taken[(node, 0)] = self.taken.pop(x.key)
                return self.parts[x.key]
        return None

    def _input(self, x: Tensor) -> str:
        """This block's rows of an operand; the whole of one that is broadcast along the rows."""
        if x.key not in self.parts:
            has_rows = x.ndim == len(self.group.shape) and x.shape[0] == self.group.shape[0]
            whole = self.frame.ref(x)
            self.parts[x.key] = self._cut(whole) if has_rows else whole
        return self.parts[x.key]

    def _output(self, node: Node) -> str:
        if node not in self.local:
            return self._cut(self.frame.refs[(node, 0)])
        row = self.group.shape[1:]
        buffer = self.writer.memory.take((self.threads, self.rows, *row), node.specs[0].dtype)
        self.taken[(node, 0)] = buffer
        part = self.writer.new_name("p")
        own = f"{buffer}[{self.place if self.threads > 1 else 0}]"
        self.cuts.append(f"{part} = {own}[:{self.stop} - {self.start}]")
        return part

    def _cut(self, whole: str) -> str:
        part = self.writer.new_name("p")
        self.cuts.append(f"{part} = {whole}[{self.start}:{self.stop}]")
        return part
