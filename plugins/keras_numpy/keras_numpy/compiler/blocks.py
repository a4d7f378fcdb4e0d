"""Writes groups of nodes as loops over blocks of rows.

What only the group reads lives in buffers of the size of a block. The blocks of a large group are
shared out to threads, each with buffers of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_core.graph.primitive import Node
from keras_core.graph.tensor import Tensor
from keras_numpy import threads
from keras_numpy.compiler.schedule import Group, block_rows, is_shared
from keras_numpy.kernel import Kernel

if TYPE_CHECKING:
    from keras_numpy.compiler.frame import Frame


def write_blocks(frame: Frame, group: Group, position: int) -> None:
    """Writes one group and binds its results in the frame."""
    _Blocks(frame, group, position).write()


class _Blocks:
    def __init__(self, frame: Frame, group: Group, position: int) -> None:
        self.frame, self.group, self.position = frame, group, position
        self.writer = frame.writer
        self.rows = block_rows(group)
        self.start, self.stop = self.writer.new_name("i"), self.writer.new_name("j")
        self.place = self.writer.new_name("k")
        self.threads = threads.available() if is_shared(group) else 1
        inside = set(group.nodes)
        self.ends = {node for node in group.nodes if frame.ends_blocks(node)}
        self.local = {n for n in inside - self.ends if frame.stays_within(n, inside)}
        self.last = {x.key: node for node in group.nodes for x in node.inputs}
        self.parts: dict[Any, str] = {}
        self.cuts: list[str] = []
        self.lines: list[tuple[str, Node]] = []
        self.taken: dict[Any, str] = {}
        self.sums: list[tuple[str, str, Node]] = []

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
        self._finish()

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
                self.frame.output(node, 0, self.position, self.group.nodes)

    def _finish(self) -> None:
        """Puts reductions over the rows together from what the blocks came to, in their order."""
        for text, sums, node in self.sums:
            self.writer.line(text, self.frame.indent, node)
            self.writer.memory.give_back(sums)

    def _add(self, node: Node) -> None:
        inputs = [self._input(x) for x in node.inputs]
        kernel = self.frame.kernels[node]
        if kernel.parts is not None:
            self._add_sum(node, kernel, inputs)
        else:
            output = self.parts[(node, 0)] = self._over_input(node) or self._output(node)
            scratch = [self._take(shape[1:], dtype) for shape, dtype in kernel.scratch]
            places = [place for place, _ in scratch]
            self.lines.append((self.frame.fill(node, kernel, inputs, [output], places), node))
            for _, buffer in scratch:
                self.writer.memory.give_back(buffer)
        for x in node.inputs:
            if self.last[x.key] is node and x.key in self.taken:
                self.writer.memory.give_back(self.taken.pop(x.key))

    def _add_sum(self, node: Node, kernel: Kernel, inputs: list[str]) -> None:
        """What the rows of each block come to, in an array with a place for each block."""
        assert kernel.parts is not None
        pattern, shape, finish = kernel.parts
        blocks = -(-self.group.shape[0] // self.rows)
        sums = self.writer.memory.take((blocks, *shape), node.specs[0].dtype)
        part = self.writer.new_name("p")
        self.cuts.append(f"{part} = {sums}[{self.start} // {self.rows}, ...]")
        fill, whole = self.frame.fill, self.frame.refs[(node, 0)]
        self.lines.append((fill(node, kernel, inputs, [part], pattern=pattern), node))
        self.sums.append((fill(node, kernel, [sums], [whole], pattern=finish), sums, node))

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
            if x.node in self.frame.sources:
                return self._made_here(x)
            has_rows = x.ndim == len(self.group.shape) and x.shape[0] == self.group.shape[0]
            whole = self.frame.ref(x)
            self.parts[x.key] = self._cut(whole) if has_rows else whole
        return self.parts[x.key]

    def _output(self, node: Node) -> str:
        if node not in self.local:
            return self._cut(self.frame.refs[(node, 0)])
        part, self.taken[(node, 0)] = self._take(self.group.shape[1:], node.specs[0].dtype)
        return part

    def _made_here(self, x: Tensor) -> str:
        """The rows of an array that is made in blocks alone."""
        node, start, stop = x.node, self.start, self.stop
        kernel, before = self.frame.kernels[node], self.frame.sources[node]
        part, self.taken[x.key] = self._take(x.shape[1:], x.dtype)
        pattern, words = kernel.rows.pattern, {"start": start, "stop": stop, "before": before}
        text = self.frame.fill(node, kernel, [], [part], pattern=pattern, **words)
        self.lines.append((text, node))
        self.parts[x.key] = part
        return part

    def _take(self, row: Any, dtype: str) -> tuple[str, str]:
        """The name of a thread's own rows for a block, and that of their buffer."""
        buffer = self.writer.memory.take((self.threads, self.rows, *row), dtype)
        part = self.writer.new_name("p")
        own = f"{buffer}[{self.place if self.threads > 1 else 0}]"
        self.cuts.append(f"{part} = {own}[:{self.stop} - {self.start}]")
        return part, buffer

    def _cut(self, whole: str) -> str:
        part = self.writer.new_name("p")
        self.cuts.append(f"{part} = {whole}[{self.start}:{self.stop}]")
        return part
