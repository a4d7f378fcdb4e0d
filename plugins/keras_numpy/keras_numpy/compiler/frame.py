"""Frame: one stretch of straight-line code (the function's, or a loop body's) and its liveness."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence, Set
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from keras_core.graph import Constant, Node, Tensor, Update
from keras_numpy.compiler.blocks import write_blocks
from keras_numpy.compiler.loops import write_loop
from keras_numpy.compiler.pieces import NOTHING
from keras_numpy.compiler.schedule import SHARED, Facts, Group, Item, is_large, nodes_of, schedule
from keras_numpy.kernel import Blocks, Kernel

if TYPE_CHECKING:
    from keras_numpy.compiler.generate import Writer

_FOREVER = 1 << 60


class Frame:
    """Writes the lines of a list of nodes.

    Args:
        writer: takes the lines and hands out names and buffers.
        nodes: each after its inputs.
        results: tensors that must outlive the frame's last line.
        indent: of the lines.
        times: how often they run in one call.
        shared: leaves whose memory is that of another leaf.
        updates: variables whose memory results may be written into.

    Attributes:
        refs: the expression for each tensor's value, by key.
        targets: arrays that certain tensors must be computed into, by key.
        outputs: of the program, as far as the frame writes them.
        pieces: what of its updates ranks share out.
        fresh: keys of tensors whose array belongs to the caller.
        sources: nodes whose result is made in blocks by whoever reads it.
        sparse: names of arrays that are there as `Sparse` ones alone, by key.
        copied: names of the copies that nodes read instead of an input that stays the same.
    """

    def __init__(
        self,
        writer: Writer,
        nodes: Sequence[Node],
        results: Sequence[Tensor],
        indent: int = 1,
        times: int = 1,
        shared: Mapping[Any, Any] = MappingProxyType({}),
        updates: Sequence[Update] = (),
    ) -> None:
        self.writer = writer
        self.nodes, self.updates = nodes, updates
        self.indent = indent
        self.times = times
        self.refs: dict[Any, str] = {}
        self.targets: dict[Any, str] = {}
        self.outputs: Sequence[Tensor] = ()
        self.pieces = NOTHING
        self.fresh: set[Any] = set()
        self.kernels = {n: self._lower(n) for n in nodes if not _is_loop(n) and not _unsized(n)}
        self._roots: dict[Any, Any] = dict(shared)
        for node in nodes:
            self._set_roots(node)
        self.result_roots = {self.root_of(x) for x in results}
        self._readers: dict[Any, set[Node]] = {}
        for node in nodes:
            for x in node.inputs:
                self._readers.setdefault(self.root_of(x), set()).add(node)
        homes = {node: home for node in self.kernels if (home := self._home(node)) is not None}
        self.sources = {node for node in nodes if self._is_source(node, homes)}
        self.sparse: dict[Any, str] = {}
        self.copied: dict[Node, str] = {}
        self.items: list[Item] = schedule(nodes, self._facts(nodes, homes, updates))
        self._last_use: dict[Any, int] = {}
        self._measure_liveness()
        self._buffer_of: dict[Any, list[str]] = {}
        self._early = self._may_begin_early()
        self._begun: dict[Node, dict[int, str]] = {}

    def within(self, nodes: Sequence[Node], results: Sequence[Tensor], steps: int) -> Frame:
        """A frame one level deeper, for the body of a loop."""
        return Frame(self.writer, nodes, results, self.indent + 1, self.times * steps)

    # Facts about nodes and tensors

    def _lower(self, node: Node) -> Kernel:
        return self.writer.lowerings[node.primitive.name](node)

    def _home(self, node: Node) -> Any:
        """The shape of the large arrays in whose rows a node may work block by block."""
        kernel = self.kernels[node]
        shape = None
        if kernel.elementwise and not kernel.scratch:
            shape = node.specs[0].shape
        elif kernel.by_rows or kernel.parts:
            shape = node.inputs[0].shape
        elif kernel.blocks and self._has_blocks(node, kernel.blocks):
            shape = node.specs[0].shape
        return shape if shape is not None and is_large(shape) else None

    @staticmethod
    def _has_blocks(node: Node, blocks: Blocks) -> bool:
        """Whether they are worth it; what the node reads whole must not be made in them."""
        shape: Any = node.specs[0].shape
        wholes = [x.shape for i, x in enumerate(node.inputs) if i not in blocks.cut]
        return prod(shape) >= SHARED and shape not in wholes

    def ends_blocks(self, node: Node) -> bool:
        """Its result is there when all blocks are done, or is no array of the group's shape."""
        kernel = self.kernels[node]
        by_rows = kernel.by_rows and node.specs[0].shape != node.inputs[0].shape
        return by_rows or kernel.parts is not None

    def _is_source(self, node: Node, homes: Mapping[Node, Any]) -> bool:
        """Whether all that read the result can make its rows by themselves."""
        kernel = self.kernels.get(node)
        if kernel is None or not (kernel.rows or kernel.sparse):
            return False
        readers = self._readers.get((node, 0), set())
        if node.primitive.random and len(readers) > 1:
            return False
        inner = readers and (node, 0) not in self.result_roots
        return bool(inner) and all(homes.get(r) == node.specs[0].shape for r in readers)

    def _facts(
        self, nodes: Sequence[Node], homes: Mapping[Node, Any], updates: Sequence[Update]
    ) -> Facts:
        readers: dict[Node, list[Node]] = {}
        for node in nodes:
            for x in node.inputs:
                if x.node is not None:
                    readers.setdefault(x.node, []).append(node)
        made = [update for update in updates if update.value.node is not None]
        return Facts(
            homes,
            heavy={node for node in homes if self.kernels[node].blocks},
            ends={node for node in homes if self.ends_blocks(node)},
            sources=self.sources,
            results={node for node in homes if (node, 0) in self.result_roots},
            readers=readers,
            writes={u.value.node: self.readers_of(u.variable) for u in made},  # type: ignore[misc]
            writers={u.variable.key: u.value.node for u in made},  # type: ignore[misc]
        )

    def takes_buffer(self, node: Node) -> bool:
        kernel = self.kernels.get(node)
        return kernel is not None and not kernel.view and not kernel.value

    def _may_begin_early(self) -> dict[Node | None, list[tuple[Node, int]]]:
        """By node, the inputs of others that it makes, for which these can begin."""
        found: dict[Node | None, list[tuple[Node, int]]] = {}
        for node, kernel in self.kernels.items():
            for i in kernel.early.inputs if kernel.early else ():
                found.setdefault(node.inputs[i].node, []).append((node, i))
        return found

    def _set_roots(self, node: Node) -> None:
        """What owns the memory of outputs: a view's is its input's, those of a loop share one."""
        kernel = self.kernels.get(node)
        if kernel is not None and kernel.view:
            self._roots[(node, 0)] = self.root_of(node.inputs[0])
        elif _is_loop(node):
            self._roots.update(((node, index), node) for index in range(len(node.specs)))

    def root_of(self, tensor: Tensor) -> Any:
        return self._roots.get(tensor.key, tensor.key)

    def _measure_liveness(self) -> None:
        for i, item in enumerate(self.items):
            for node in nodes_of(item):
                for x in node.inputs:
                    self._last_use[self.root_of(x)] = i
        for root in self.result_roots:
            self._last_use[root] = _FOREVER

    def readers_of(self, tensor: Tensor) -> set[Node]:
        return set(self._readers.get(self.root_of(tensor), ()))

    def may_overwrite(self, node: Node, tensor: Tensor) -> bool:
        """The node reads `tensor` only as operands that its result may replace."""
        kernel = self.kernels[node]
        root = self.root_of(tensor)
        reads = [i for i, x in enumerate(node.inputs) if self.root_of(x) == root]
        return all(
            i in kernel.inplace and node.inputs[i].key == tensor.key and _same_spec(node, i)
            for i in reads
        )

    def reads_whole(self, node: Node, tensor: Tensor) -> bool:
        """The node reads `tensor` itself, not a view of it."""
        root = self.root_of(tensor)
        return all(x.key == tensor.key for x in node.inputs if self.root_of(x) == root)

    def stays_within(self, node: Node, nodes: Set[Node]) -> bool:
        """Nobody but these nodes needs the result."""
        key = (node, 0)
        readers = self._readers.get(key, set())
        return readers <= nodes and key not in self.result_roots and key not in self.targets

    def bind(self, tensor: Tensor, expression: str) -> None:
        self.refs[tensor.key] = expression

    def ref(self, tensor: Tensor) -> str:
        if isinstance(tensor, Constant) and tensor not in self.refs:
            self.refs[tensor.key] = self.writer.name_of(tensor.value, "c")
        return self.refs[tensor.key]

    # Writing

    def write(self) -> None:
        for i, item in enumerate(self.items):
            if isinstance(item, Group):
                write_blocks(self, item, i)
            elif item in self.sources:
                self._write_source(item)
            elif _is_loop(item):
                write_loop(self, item)
            elif item in self.kernels:
                self._write_node(item, i)
            else:
                self._write_reference(item)
            for node in nodes_of(item):
                self._begin_readers(node)
            self._free_dead(item, i)

    def _begin_readers(self, maker: Node) -> None:
        """Begins what can be begun of others now that the results of a node are there."""
        for node, i in self._early.get(maker, ()):
            # A variable's memory may still be read before the node has its turn.
            if (node, i) in self.fresh or (node, i) not in self.targets:
                self._begin(node, i)

    def _begin(self, node: Node, i: int) -> None:
        kernel = self.kernels[node]
        pattern = kernel.early.begin  # type: ignore[union-attr]
        inputs, output = [self.ref(node.inputs[i])], self.place(node, i)
        name = self._begun.setdefault(node, {})[i] = self.writer.new_name("end")
        begun = self.fill(node, kernel, inputs, [output], pattern=pattern)
        self.writer.line(f"{name} = {begun}", self.indent, node)

    def _write_node(self, node: Node, position: int) -> None:
        kernel = self.kernels[node]
        if kernel.view or kernel.value:
            name = self.writer.new_name("t")
            self.refs[(node, 0)] = name
            self.writer.line(f"{name} = {self._text(node, kernel, [])}", self.indent, node)
            return
        if node in self._begun:
            self._write_rest(node, kernel, self._begun[node])
            return
        outputs = [self._output(node, index, position) for index in range(len(node.specs))]
        self.writer.count_products(node, kernel, self.times)
        scratch = [self.writer.memory.take(*buffer) for buffer in kernel.scratch]
        updating = self._for_updates(node) if kernel.some_rows else []
        pattern = kernel.some_rows(updating) if kernel.some_rows and updating else None
        text = self._text(node, kernel, outputs, scratch, pattern)
        self.writer.line(text, self.indent, node)
        for name in scratch:
            self.writer.memory.give_back(name)

    def _write_rest(self, node: Node, kernel: Kernel, begun: Mapping[int, str]) -> None:
        """What is left to do where a part was begun, and the end of that."""
        outputs = [
            self.refs[(node, i)] if i in begun else self.place(node, i)
            for i in range(len(node.specs))
        ]
        inputs = [self.ref(x) for x in node.inputs]
        rest = kernel.early.rest(begun)  # type: ignore[union-attr]
        text = self.fill(node, kernel, inputs, outputs, pattern=rest)
        ends = "".join(f"; {name}()" for name in begun.values())
        self.writer.line(text + ends, self.indent, node)

    def _write_source(self, node: Node) -> None:
        kernel = self.kernels[node]
        if kernel.sparse:
            name = self.sparse[(node, 0)] = self.writer.new_name("t")
            inputs = [self.ref(x) for x in node.inputs]
            made = self.fill(node, kernel, inputs, [], pattern=kernel.sparse)
            self.writer.line(f"{name} = {made}", self.indent, node)

    def _output(self, node: Node, index: int, position: int) -> str:
        return self.output(node, index, position, [node])

    def output(self, node: Node, index: int, position: int, together: Sequence[Node]) -> str:
        """Where to put a result: its target, the memory of an input that dies here, or a buffer.

        Args:
            node: what makes it.
            index: which of its results.
            position: of the item.
            together: the nodes of the item, in their order.
        """
        key = (node, index)
        if index == 0 and key not in self.targets:
            name = self._dying_input(node, position, together) or self._dying_before(
                node, position, together
            )
            if name is not None:
                self._buffer_of[key] = [name]
                self.refs[key] = name
                return name
        return self.place(node, index)

    def place(self, node: Node, index: int) -> str:
        """Binds a result to its target or a buffer."""
        key, spec = (node, index), node.specs[index]
        name = self.targets.get(key) or self.take(key, spec.shape, spec.dtype)
        self.refs[key] = name
        return name

    def take(self, root: Any, shape: Any, dtype: str) -> str:
        """A buffer that goes back when `root` dies."""
        name = self.writer.memory.take(shape, dtype)
        self._buffer_of.setdefault(root, []).append(name)
        return name

    def _dying_input(self, node: Node, position: int, together: Sequence[Node]) -> str | None:
        for i in self.kernels[node].inplace:
            x = node.inputs[i]
            over = self._dies(x, position) and self.may_overwrite(node, x)
            if over and self._is_last(node, x, together):
                return self._buffer_of.pop(x.key)[0]
        return None

    def _dying_before(self, node: Node, position: int, together: Sequence[Node]) -> str | None:
        """The memory of what only nodes before this one read, in its group, where it is of use."""
        if len(together) < 2 or self.ends_blocks(node):
            return None
        for x in (x for other in together[: together.index(node)] for x in other.inputs):
            fits = x.spec == node.specs[0] and x not in node.inputs
            if fits and self._dies(x, position) and self._is_last(node, x, together):
                return self._buffer_of.pop(x.key)[0]
        return None

    def _dies(self, x: Tensor, position: int) -> bool:
        """Whether the item is the last to read an array that has a buffer to itself."""
        last = self._last_use.get(x.key) == position
        return last and len(self._buffer_of.get(x.key, ())) == 1

    def _is_last(self, node: Node, x: Tensor, together: Sequence[Node]) -> bool:
        """In a group, rows are read before they are written only if all see the same rows."""
        readers = self.readers_of(x) & set(together) - {node}
        earlier = set(together[: together.index(node)]) if readers else set()
        return readers <= earlier and all(self.reads_whole(reader, x) for reader in readers)

    def _for_updates(self, node: Node) -> list[int]:
        """The results of which nothing but the rows of updates is read."""
        pieces = self.pieces
        return [
            i
            for i, x in enumerate(node.outputs())
            if (readers := self.readers_of(x))
            and readers <= set(pieces.nodes)
            and x.shape in {v.shape for v in (*pieces.read, *pieces.own)}
            and self.root_of(x) not in self.result_roots
        ]

    def _text(
        self,
        node: Node,
        kernel: Kernel,
        outputs: Sequence[str],
        scratch: Sequence[str] = (),
        pattern: str | None = None,
    ) -> str:
        inputs = [self.ref(x) for x in node.inputs]
        return self.fill(node, kernel, inputs, outputs, scratch, pattern)

    def fill(
        self,
        node: Node,
        kernel: Kernel,
        inputs: Sequence[str],
        outputs: Sequence[str],
        scratch: Sequence[str] = (),
        pattern: str | None = None,
        **others: str,
    ) -> str:
        """The kernel's pattern, or another, with names in it."""
        pattern = kernel.pattern if pattern is None else pattern
        words = {key: self.writer.name_of(thing, key) for key, thing in kernel.names.items()}
        words.update({f"s{i}": name for i, name in enumerate(scratch)})
        words.update({f"out{i}": name for i, name in enumerate(outputs)})
        if outputs:
            words["out"] = outputs[0]
        words.update(others)
        if kernel.steady is not None:
            whole = kernel.steady.expression.format(inputs[kernel.steady.input])
            words["steady"] = self.copied.get(node, whole)
        if "{rng}" in pattern:
            words["rng"] = self.writer.random_generator(node.params["stream"])
        return string.Formatter().vformat(pattern, inputs, words)

    def _write_reference(self, node: Node) -> None:
        """A node with sizes that depend on values runs as its plain reference."""
        function = self.writer.name_of(node.primitive.reference, "reference")
        params = self.writer.late_name(lambda bound: bound.params(node.params), "params")
        names = [self.writer.new_name("t") for _ in node.specs]
        arguments = "".join(f"{self.ref(x)}, " for x in node.inputs)
        if node.primitive.random:
            arguments = f"{self._drawn(node)}, {arguments}"
        left = ", ".join(names) + ("," if node.primitive.several else "")
        self.writer.line(f"{left} = {function}({arguments}**{params})", self.indent, node)
        self.refs.update({(node, i): name for i, name in enumerate(names)})

    def _drawn(self, node: Node) -> str:
        """What the reference of a random node takes first."""
        if node.primitive.loop:
            return "state"
        return self.writer.random_generator(node.params["stream"])

    def _free_dead(self, item: Item, position: int) -> None:
        roots = {self.root_of(x) for node in nodes_of(item) for x in node.inputs}
        made = {self._roots.get(y.key, y.key) for node in nodes_of(item) for y in node.outputs()}
        for root in roots | made:
            if self._last_use.get(root, -1) <= position:
                for name in self._buffer_of.pop(root, ()):
                    self.writer.memory.give_back(name)

    def free_results(self) -> None:
        """Gives back the buffers of results, when they too are no longer needed."""
        for names in self._buffer_of.values():
            for name in names:
                self.writer.memory.give_back(name)
        self._buffer_of.clear()


def _is_loop(node: Node) -> bool:
    return node.primitive.loop and not _unsized(node)


def _unsized(node: Node) -> bool:
    return any(None in spec.shape for spec in node.specs) or any(
        None in x.shape for x in node.inputs
    )


def _same_spec(node: Node, i: int) -> bool:
    return node.inputs[i].spec == node.specs[0]
