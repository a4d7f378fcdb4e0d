"""Writes groups of nodes as loops over blocks of rows.

What only the group reads lives in buffers of the size of a block. The blocks of a large group are
shared out to threads, each with buffers of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from keras_core.graph import Node, Tensor
from keras_core.plugins.authoring import keeps_zeros, rows_to_update
from keras_numpy import threads
from keras_numpy.compiler.rows import rows_alone
from keras_numpy.compiler.schedule import Group, block_rows, is_shared
from keras_numpy.compiler.sparse import Sparse, fill, join
from keras_numpy.kernel import Kernel

if TYPE_CHECKING:
    from keras_numpy.compiler.frame import Frame


def write_blocks(frame: Frame, group: Group, position: int) -> None:
    """Writes one group and binds its results in the frame."""
    _Blocks(frame, group, position).write()


class _Blocks:
    def __init__(self, frame: Frame, group: Group, position: int) -> None:
        self.frame, self.group, self.position = frame, group, position
        self.writer, self.indent = frame.writer, frame.indent
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
        self.sums: dict[Node, str] = {}
        self.after: list[tuple[str, Node]] = []
        self.sparse = dict(frame.sparse)
        self.before: list[tuple[str, Node]] = []
        self.rows_of: dict[str, str] = {}
        self.lenders: set[Node] = set()

    def write(self) -> None:
        self._place_wholes()
        rows = rows_alone(self.frame, self.group)
        if rows is None:
            self._write_all()
        elif rows.zero is None:
            rows.write(self.indent)
        else:
            self.writer.line(f"if not {self.frame.ref(rows.zero)}:", self.indent)
            rows.write(self.indent + 1)
            self.writer.line("else:", self.indent)
            self.indent += 1
            self._write_all()

    def _write_all(self) -> None:
        for node in self.group.nodes:
            self._add(node)
        for name in self.taken.values():
            self.writer.memory.give_back(name)
        for text, node in self.before:
            self.writer.line(text, self.indent, node)
        if self.lines:
            self._write_rows()
        self._finish()

    def _write_rows(self) -> None:
        """Writes the work on all rows, or on those that this rank updates."""
        write = self._write_shared if self.threads > 1 else self._write_loop
        total = self.group.shape[0]
        if not self._is_in_pieces():
            write("0", str(total))
            return
        first, end = self.writer.new_name("first"), self.writer.new_name("end")
        rows = self.writer.name_of(rows_to_update, "rows")
        self.writer.line(f"{first}, {end} = {rows}({total})", self.indent)
        write(first, end)

    def _is_in_pieces(self) -> bool:
        """Whether the group does nothing but updates of which each rank may do some rows."""
        pieces, refs = self.frame.pieces, self.frame.refs
        if not pieces.own or self.before or self.after or self.sparse:
            return False
        places = {refs[variable] for variable in (*pieces.read, *pieces.own)}
        written = {refs[(node, 0)] for node in self.group.nodes if node not in self.local}
        return written <= places and set(self.group.nodes) <= set(pieces.nodes)

    def _write_loop(self, first: str, end: str) -> None:
        line, indent = self.writer.line, self.indent
        head = f"for {self.start} in range({first}, {end}, {self.rows}):"
        line(head, indent, self.group.nodes[0])
        line(f"{self.stop} = min({self.start} + {self.rows}, {end})", indent + 1)
        self._write_block()

    def _write_shared(self, first: str, end: str) -> None:
        line, indent = self.writer.line, self.indent
        name, share = self.writer.new_name("block"), self.writer.name_of(threads.share, "share")
        line(f"def {name}({self.start}, {self.stop}, {self.place}):", indent, self.group.nodes[0])
        self._write_block()
        work = f"{share}({name}, {end}, {self.rows}, {self.threads}, {first})"
        line(work, indent, self.group.nodes[0])

    def _write_block(self) -> None:
        for text in self.cuts:
            self.writer.line(text, self.indent + 1)
        for text, node in self.lines:
            self.writer.line(text, self.indent + 1, node)

    def _place_wholes(self) -> None:
        """Takes places for what outlives the group, before any block's buffer is free again."""
        for node in self.group.nodes:
            if node not in self.local:
                self.frame.output(node, 0, self.position, self.group.nodes)
            parts = self.frame.kernels[node].parts
            if node in self.ends and parts is not None:
                blocks = -(-self.group.shape[0] // self.rows)
                shape = (blocks, *parts.shape)
                self.sums[node] = self.writer.memory.take(shape, node.specs[0].dtype)

    def _finish(self) -> None:
        """Puts reductions over the rows together from what the blocks came to, in their order."""
        for text, node in self.after:
            self.writer.line(text, self.indent, node)
        for sums in self.sums.values():
            self.writer.memory.give_back(sums)

    def _add(self, node: Node) -> None:
        kernel = self.frame.kernels[node]
        if self._is_sparse(node):
            self._add_sparse(node, kernel)
        elif (joined := self._joined(node)) is not None:
            self._add_joined(node, *joined)
        elif self._is_sum_of_sparse(node):
            self._add_sum_of_sparse(node, kernel)
        elif kernel.blocks is not None:
            self._add_whole_rows(node, kernel)
        elif kernel.parts is not None:
            self._add_sum(node, kernel, [self._input(x) for x in node.inputs])
        else:
            self._add_rows(node, kernel, [self._input(x) for x in node.inputs])
        for x in node.inputs:
            if self.last[x.key] is node and x.key in self.taken:
                self.writer.memory.give_back(self.taken.pop(x.key))

    def _add_rows(self, node: Node, kernel: Kernel, inputs: list[str]) -> None:
        output = self.parts[(node, 0)] = self._output(node)
        scratch = [self._take(shape[1:], dtype) for shape, dtype in kernel.scratch]
        places = [place for place, _ in scratch]
        self.lines.append((self.frame.fill(node, kernel, inputs, [output], places), node))
        for _, buffer in scratch:
            self.writer.memory.give_back(buffer)

    def _add_whole_rows(self, node: Node, kernel: Kernel) -> None:
        """What depends on the same rows of some inputs, and on the whole of others."""
        pattern, cut, ready = kernel.blocks  # type: ignore[misc]
        inputs = [
            self._input(x) if i in cut else self.frame.ref(x) for i, x in enumerate(node.inputs)
        ]
        words = {}
        if ready:
            words["ready"] = self.writer.new_name("t")
            wholes = ["" if i in cut else name for i, name in enumerate(inputs)]
            made = self.frame.fill(node, kernel, wholes, [], pattern=ready)
            self.before.append((f"{words['ready']} = {made}", node))
        output = self.parts[(node, 0)] = self._output(node)
        text = self.frame.fill(node, kernel, inputs, [output], pattern=pattern, **words)
        self.lines.append((text, node))
        self.writer.count_products(node, kernel, self.frame.times)

    def _is_sparse(self, node: Node) -> bool:
        """Whether the result is zero but for the rows of one `Sparse` operand."""
        operands = [x for x in node.inputs if x.ndim]
        return (
            node in self.local
            and len({self.sparse.get(x.key) for x in operands}) == 1
            and operands[0].key in self.sparse
            and keeps_zeros(node, self.sparse)
        )

    def _add_sparse(self, node: Node, kernel: Kernel) -> None:
        """Works on the rows of a `Sparse` operand alone, before the loop."""
        x = next(x for x in node.inputs if x.key in self.sparse)
        name, make = self.writer.new_name("t"), self.writer.name_of(Sparse, "sparse")
        values = f"{self.sparse[x.key]}.values"
        inputs = [values if x.key in self.sparse else self.frame.ref(x) for x in node.inputs]
        dtype = node.specs[0].dtype
        empty = f"empty({values}.shape, {dtype!r})"
        self.before.append((f"{name} = {make}({self.sparse[x.key]}.rows, {empty})", node))
        self.before.append((self.frame.fill(node, kernel, inputs, [f"{name}.values"]), node))
        self.sparse[(node, 0)] = name

    def _is_sum_of_sparse(self, node: Node) -> bool:
        (x, *_), axes = node.inputs, node.params.get("axes", ())
        return node.primitive.name == "reduce_sum" and x.key in self.sparse and len(axes) == x.ndim

    def _add_sum_of_sparse(self, node: Node, kernel: Kernel) -> None:
        values = f"{self.sparse[node.inputs[0].key]}.values"
        text = self.frame.fill(node, kernel, [values], [self.frame.refs[(node, 0)]])
        self.before.append((text, node))

    def _joined(self, node: Node) -> tuple[Tensor, Tensor, Any] | None:
        """A whole array, the `Sparse` one that is added to it or subtracted from it, and how."""
        how = {"add": np.add, "subtract": np.subtract}.get(node.primitive.name)
        if how is None or len(node.inputs) != 2:
            return None
        pairs = [node.inputs, node.inputs[::-1]] if how is np.add else [node.inputs]
        for x, y in pairs:
            whole = x.shape == self.group.shape and x.dtype == y.dtype
            if whole and y.key in self.sparse and x.key not in self.sparse:
                return x, y, how
        return None

    def _add_joined(self, node: Node, x: Tensor, y: Tensor, how: Any) -> None:
        source = self._input(x)
        output = self.parts[(node, 0)] = self._output(node)
        if output != source:
            self.lines.append((f"copyto({output}, {source})", node))
        run, how = self.writer.name_of(join, "join"), self.writer.name_of(how, "fn")
        text = f"{run}({how}, {output}, {self.sparse[y.key]}, {self.start}, {self.stop})"
        self.lines.append((text, node))

    def _add_sum(self, node: Node, kernel: Kernel, inputs: list[str]) -> None:
        """What the rows of each block come to, in an array with a place for each block."""
        assert kernel.parts is not None
        pattern, _, finish = kernel.parts
        sums = self.sums[node]
        part = self.writer.new_name("p")
        self.cuts.append(f"{part} = {sums}[{self.start} // {self.rows}, ...]")
        fill, whole = self.frame.fill, self.frame.refs[(node, 0)]
        self.lines.append((fill(node, kernel, inputs, [part], pattern=pattern), node))
        self.after.append((fill(node, kernel, [sums], [whole], pattern=finish), node))

    def _over_input(self, node: Node) -> str | None:
        """The block's buffer of an input that nobody reads any more and the result may overwrite:
        fewer buffers stay in a faster cache."""
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
            if x.key in self.sparse or x.node in self.frame.sources:
                return self._made_here(x)
            has_rows = x.ndim == len(self.group.shape) and x.shape[0] == self.group.shape[0]
            whole = self.frame.ref(x)
            self.parts[x.key] = self._cut(whole) if has_rows else whole
        return self.parts[x.key]

    def _output(self, node: Node) -> str:
        if node not in self.local:
            return self._cut(self.frame.refs[(node, 0)])
        whole = self._place_of_reader(node)
        if whole is not None:
            return self._cut(whole)
        over = self._over_input(node)
        if over is not None:
            return over
        part, self.taken[(node, 0)] = self._take(self.group.shape[1:], node.specs[0].dtype)
        return part

    def _place_of_reader(self, node: Node) -> str | None:
        """The array that the only reader writes its result to, if it may be written to earlier."""
        result, readers = node.outputs()[0], self.frame.readers_of(node.outputs()[0])
        (reader,) = readers if len(readers) == 1 else (node,)
        if reader in self.local | self.ends | self.lenders | {node}:
            return None
        whole, kernels = self.frame.refs[(reader, 0)], self.frame.kernels
        later = self.group.nodes[self.group.nodes.index(node) + 1 :]
        read = {x.key for n in later for x in n.inputs} - {(reader, 0)}
        is_free = all(self.frame.refs.get(key) != whole for key in read)
        old = [x for x in node.inputs if self.frame.refs.get(x.key) == whole]
        over = is_free and all(self.frame.may_overwrite(node, x) for x in old)
        fits = kernels[reader].inplace and self.frame.may_overwrite(reader, result)
        if not (over and fits):
            return None
        self.lenders.add(reader)
        return whole

    def _made_here(self, x: Tensor) -> str:
        """The rows of an array that is made in blocks alone."""
        node: Any = x.node
        part, self.taken[x.key] = self._take(x.shape[1:], x.dtype)
        if x.key in self.sparse:
            run = self.writer.name_of(fill, "fill")
            text = f"{run}({part}, {self.sparse[x.key]}, {self.start}, {self.stop})"
        else:
            kernel, words = self.frame.kernels[node], {"start": self.start, "stop": self.stop}
            text = self.frame.fill(node, kernel, [], [part], pattern=kernel.rows, **words)
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
        """The rows of this block."""
        if whole not in self.rows_of:
            part = self.rows_of[whole] = self.writer.new_name("p")
            self.cuts.append(f"{part} = {whole}[{self.start}:{self.stop}]")
        return self.rows_of[whole]
