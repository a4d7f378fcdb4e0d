"""Frame: one stretch of straight-line code (the function's, or a loop body's) and its liveness."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from keras_core.graph.primitive import Node
from keras_core.graph.tensor import Constant, Tensor
from keras_numpy.compiler.blocks import write_blocks
from keras_numpy.compiler.loops import write_loop
from keras_numpy.compiler.schedule import Group, Item, nodes_of, schedule
from keras_numpy.kernel import Kernel

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

    Attributes:
        refs: the expression for each tensor's value, by key.
        targets: arrays that certain tensors must be computed into, by key.
        fresh: keys of tensors whose array belongs to the caller.
    """

    def __init__(
        self,
        writer: Writer,
        nodes: Sequence[Node],
        results: Sequence[Tensor],
        indent: int = 1,
        times: int = 1,
        shared: Mapping[Any, Any] = MappingProxyType({}),
    ) -> None:
        self.writer = writer
        self.indent = indent
        self.times = times
        self.refs: dict[Any, str] = {}
        self.targets: dict[Any, str] = {}
        self.fresh: set[Any] = set()
        self.kernels = {n: self._lower(n) for n in nodes if not _is_loop(n) and not _unsized(n)}
        self._roots: dict[Any, Any] = dict(shared)
        for node in nodes:
            self._set_roots(node)
        self.items: list[Item] = schedule(nodes, self._elementwise)
        self.result_roots = {self.root_of(x) for x in results}
        self._readers: dict[Any, set[Node]] = {}
        self._last_use: dict[Any, int] = {}
        self._measure_liveness()
        self._buffer_of: dict[Any, list[str]] = {}

    def within(self, nodes: Sequence[Node], results: Sequence[Tensor], steps: int) -> Frame:
        """A frame one level deeper, for the body of a loop."""
        return Frame(self.writer, nodes, results, self.indent + 1, self.times * steps)

    # Facts about nodes and tensors

    def _lower(self, node: Node) -> Kernel:
        return self.writer.lowerings[node.primitive.name](node)

    def _elementwise(self, node: Node) -> bool:
        kernel = self.kernels.get(node)
        return kernel is not None and kernel.elementwise and not kernel.scratch

    def takes_buffer(self, node: Node) -> bool:
        kernel = self.kernels.get(node)
        return kernel is not None and not kernel.view and not kernel.value

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
                    root = self.root_of(x)
                    self._last_use[root] = i
                    self._readers.setdefault(root, set()).add(node)
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
                write_blocks(self, item)
            elif _is_loop(item):
                write_loop(self, item)
            elif item in self.kernels:
                self._write_node(item, i)
            else:
                self._write_reference(item)
            self._free_dead(item, i)

    def _write_node(self, node: Node, position: int) -> None:
        kernel = self.kernels[node]
        if kernel.view or kernel.value:
            name = self.writer.new_name("t")
            self.refs[(node, 0)] = name
            self.writer.line(f"{name} = {self._text(node, kernel, [])}", self.indent, node)
            return
        outputs = [self._output(node, index, position) for index in range(len(node.specs))]
        self.writer.count_products(node, kernel, self.times)
        scratch = [self.writer.memory.take(*buffer) for buffer in kernel.scratch]
        self.writer.line(self._text(node, kernel, outputs, scratch), self.indent, node)
        for name in scratch:
            self.writer.memory.give_back(name)

    def _output(self, node: Node, index: int, position: int) -> str:
        """Where to put a result: its target, the memory of an input that dies here, or a buffer."""
        key = (node, index)
        if index == 0 and key not in self.targets:
            name = self._dying_input(node, position)
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

    def _dying_input(self, node: Node, position: int) -> str | None:
        for i in self.kernels[node].inplace:
            x = node.inputs[i]
            dies = (
                self._last_use.get(x.key) == position and len(self._buffer_of.get(x.key, ())) == 1
            )
            if dies and self.may_overwrite(node, x):
                return self._buffer_of.pop(x.key)[0]
        return None

    def _text(
        self, node: Node, kernel: Kernel, outputs: Sequence[str], scratch: Sequence[str] = ()
    ) -> str:
        inputs = [self.ref(x) for x in node.inputs]
        return self.fill(node, kernel, inputs, outputs, scratch)

    def fill(
        self,
        node: Node,
        kernel: Kernel,
        inputs: Sequence[str],
        outputs: Sequence[str],
        scratch: Sequence[str] = (),
    ) -> str:
        """The kernel's pattern with names in it."""
        words = {key: self.writer.name_of(thing, key) for key, thing in kernel.names.items()}
        words.update({f"s{i}": name for i, name in enumerate(scratch)})
        words.update({f"out{i}": name for i, name in enumerate(outputs)})
        if outputs:
            words["out"] = outputs[0]
        if "{rng}" in kernel.pattern:
            words["rng"] = self.writer.random_generator(node.params.get("stream", 0))
        return string.Formatter().vformat(kernel.pattern, inputs, words)

    def _write_reference(self, node: Node) -> None:
        """A node with sizes that depend on values runs as its plain reference."""
        function = self.writer.name_of(node.primitive.reference, "reference")
        params = self.writer.late_name(lambda bound: bound.params(node.params), "params")
        names = [self.writer.new_name("t") for _ in node.specs]
        arguments = "".join(f"{self.ref(x)}, " for x in node.inputs)
        if node.primitive.random:
            arguments = f"{self.writer.random_generator(node.params.get('stream', 0))}, {arguments}"
        left = ", ".join(names) + ("," if node.primitive.several else "")
        self.writer.line(f"{left} = {function}({arguments}**{params})", self.indent, node)
        self.refs.update({(node, i): name for i, name in enumerate(names)})

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
