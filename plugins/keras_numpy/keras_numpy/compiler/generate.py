"""Writes the function: inputs and variables, a line a node, updates, the outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, Callable

import numpy as np

from keras_core.graph import Node, Program, Tensor, Variable
from keras_core.plugins.authoring import generator, rows_updated
from keras_numpy.compiler.frame import Frame
from keras_numpy.compiler.memory import Memory
from keras_numpy.compiler.packing import Pack
from keras_numpy.compiler.pieces import updates_in_pieces
from keras_numpy.compiler.schedule import positions
from keras_numpy.kernel import Kernel, Lowering

Order = Mapping[Node, tuple[int, int]]

# Gives the object for a name, out of what a program is bound to.
Late = Callable[[Any], Any]

_numbers = count()


@dataclass
class Code:
    """Generated source, the objects it refers to, those that it refers to once it is bound, the
    buffers it works in, and whether it shares most of its products out to threads."""

    source: str
    names: dict[str, Any]
    late: dict[str, Late]
    memory: Memory
    filename: str
    nodes: dict[int, Node]
    shares: bool

    def node_at(self, line: int) -> Node | None:
        return self.nodes.get(line)


class Writer:
    """Collects lines and names; shared by the function and the loops in it."""

    def __init__(self, lowerings: Mapping[str, Lowering]) -> None:
        self.lowerings = lowerings
        self.memory = Memory()
        self.names: dict[str, Any] = {"empty": np.empty, "copyto": np.copyto, "array": np.array}
        self.late: dict[str, Late] = {}
        self.head: list[str] = []
        self.body: list[str] = []
        self.body_nodes: dict[int, Node] = {}
        self._products = {"shared": 0, "whole": 0}
        self._known: dict[int, str] = {}
        self._count = count()

    def count_products(self, node: Node, kernel: Kernel, times: int) -> None:
        """Counts the multiplications of products, and who works on them."""
        count = node.primitive.multiply_adds
        if count is not None and not kernel.either:
            self._products["shared" if kernel.shared else "whole"] += times * (count(node) or 0)

    @property
    def shares(self) -> bool:
        """Whether most products are shared out, so that BLAS is to have one thread for each."""
        return self._products["shared"] > self._products["whole"]

    def name_of(self, thing: Any, hint: str = "k") -> str:
        """A name in the function's globals for an object; equal for the same object."""
        name = self._known.get(id(thing))
        if name is None:
            name = self.new_name(hint)
            self.names[name] = thing
            self._known[id(thing)] = name
        return name

    def late_name(self, late: Late, hint: str) -> str:
        """A name for an object that depends on what the program is bound to."""
        name = self.new_name(hint)
        self.late[name] = late
        return name

    def new_name(self, hint: str) -> str:
        return f"{hint}_{next(self._count)}"

    def line(self, text: str, indent: int = 1, node: Node | None = None) -> None:
        if node is not None:
            self.body_nodes[len(self.body)] = node
        self.body.append("    " * indent + text)

    def random_generator(self, stream: int) -> str:
        """The name of a Generator, made at the start of each call."""
        name = self.new_name("rng")
        self.names["generator"] = generator
        number = self.late_name(lambda bound: bound.stream(stream), "stream")
        self.head.append(f"    {name} = generator(state, {number})")
        return name


def generate(program: Program, lowerings: Mapping[str, Lowering]) -> Code:
    """The code of a program whose input sizes are all known."""
    writer = Writer(lowerings)
    frame = Frame(writer, program.nodes, program.results, 1, 1, _members(program), program.updates)
    _bind_inputs(program, frame, writer)
    targets, late = _plan_updates(program, frame)
    _fresh_outputs(program, frame, writer, targets)
    frame.targets, frame.outputs = targets, program.outputs
    frame.pieces = updates_in_pieces(frame)
    frame.write()
    returned = _returned(program, frame, writer)
    _write_updates(late, frame, writer)
    _write_exchange(frame, writer)
    writer.line(f"return [{', '.join(returned)}]")
    return _code(program, writer)


def _code(program: Program, writer: Writer) -> Code:
    buffers = "".join(f"{name}, " for name in writer.memory.names)
    top = ["def run(arrays, buffers, state):"]
    if buffers:
        top.append(f"    {buffers}= buffers")
    top += writer.head
    offset = len(top) + 1
    nodes = {offset + i: node for i, node in writer.body_nodes.items()}
    filename = f"<keras_numpy program {next(_numbers)}>"
    source = "\n".join(top + writer.body) + "\n"
    return Code(source, writer.names, writer.late, writer.memory, filename, nodes, writer.shares)


def _members(program: Program) -> dict[Any, Any]:
    """Variables whose memory is a pack's."""
    packs = [v for v in program.variables if isinstance(v, Pack)]
    return {member: pack for pack in packs for member in pack.members}


def _bind_inputs(program: Program, frame: Frame, writer: Writer) -> None:
    for i, x in enumerate(program.inputs):
        frame.bind(x, f"i{i}")
    if program.inputs:
        writer.head.append(
            "    " + "".join(f"i{i}, " for i in range(len(program.inputs))) + "= arrays"
        )
    # Packs first: reading a pack's storage moves that of its members into it.
    for i, variable in enumerate(sorted(program.variables, key=lambda v: not isinstance(v, Pack))):
        frame.bind(variable, f"v{i}")
        name = writer.late_name(partial(_storing, variable=variable), "variable")
        writer.head.append(f"    v{i} = {name}.storage")


def _storing(bound: Any, variable: Variable) -> Any:
    """What has the storage of a variable."""
    return bound.storing(variable)


def _plan_updates(program: Program, frame: Frame) -> Any:
    """Updates that can be computed into the variable, and those that are copied at the end."""
    targets: dict[Any, str] = {}
    late = []
    order = positions(frame.items)
    for variable, value in program.updates:
        if value.key not in targets and _written_in_place(variable, value, order, frame):
            targets[value.key] = frame.refs[variable]
            _aim_operands(variable, value, order, frame, targets)
        else:
            late.append((variable, value))
    return targets, late


def _written_in_place(variable: Variable, value: Tensor, order: Order, frame: Frame) -> bool:
    """The value is made by a kernel with a buffer, after everything else has read the variable."""
    node = value.node
    if node is None or not frame.takes_buffer(node) or value.spec != variable.spec:
        return False
    if frame.root_of(variable) in frame.result_roots:
        return False
    readers = frame.readers_of(variable)
    readers.discard(node)
    if any(not _before(reader, node, variable, order, frame) for reader in readers):
        return False
    return node not in frame.readers_of(variable) or frame.may_overwrite(node, variable)


def _aim_operands(
    variable: Variable, value: Tensor, order: Order, frame: Frame, targets: dict[Any, str]
) -> None:
    """What the new value of a variable may be written over is computed in its memory as well, so
    that no other is taken; and so on with what that may be written over."""
    found: Tensor | None = value
    while found is not None:
        found = _operand_in_place(variable, found, order, frame, targets)
        if found is not None:
            targets[found.key] = frame.refs[variable]


def _operand_in_place(
    variable: Variable, value: Tensor, order: Order, frame: Frame, targets: dict[Any, str]
) -> Tensor | None:
    node: Any = value.node
    for i in frame.kernels[node].inplace:
        x = node.inputs[i]
        fits = x.node is not None and x.key not in targets and frame.may_overwrite(node, x)
        earlier = fits and order[x.node][0] < order[node][0] and _has_gone(x, node, order, frame)
        if earlier and _written_in_place(variable, x, order, frame):
            return x
    return None


def _has_gone(x: Tensor, node: Node, order: Order, frame: Frame) -> bool:
    """Nobody needs `x` when the node has read it."""
    others = frame.readers_of(x) - {node}
    needed = frame.root_of(x) in frame.result_roots
    return not needed and all(_before(other, node, x, order, frame) for other in others)


def _before(reader: Node, node: Node, variable: Tensor, order: Order, frame: Frame) -> bool:
    """In a group, rows are read before they are written only if both see the same rows."""
    same_item = order[reader][0] == order[node][0]
    return order[reader] < order[node] and (not same_item or frame.reads_whole(reader, variable))


def _fresh_outputs(program: Program, frame: Frame, writer: Writer, targets: dict[Any, str]) -> None:
    """Outputs are computed into new arrays, so that the caller may keep them."""
    for y in program.outputs:
        if y.key not in targets and y.node is not None and frame.takes_buffer(y.node):
            name = targets[y.key] = writer.new_name("out")
            frame.fresh.add(y.key)
            writer.head.append(f"    {name} = empty({y.shape!r}, {y.dtype!r})")


def _returned(program: Program, frame: Frame, writer: Writer) -> list[str]:
    """Names of the results, copied unless their array is the caller's own; before any update."""
    names: dict[Any, str] = {}
    for y in program.outputs:
        if y.key in names:
            continue
        names[y.key] = frame.ref(y)
        if y.key not in frame.fresh:
            names[y.key] = writer.new_name("copy")
            writer.line(f"{names[y.key]} = array({frame.ref(y)})")
    return [names[y.key] for y in program.outputs]


def _write_updates(late: Sequence[Any], frame: Frame, writer: Writer) -> None:
    """Copies at the end; a value in another variable's memory is saved before any write."""
    pairs = []
    for variable, value in late:
        source = frame.ref(value)
        if len(late) > 1 and isinstance(frame.root_of(value), Variable):
            source = writer.new_name("old")
            writer.line(f"{source} = array({frame.ref(value)})")
        pairs.append((frame.ref(variable), source))
    for target, source in pairs:
        writer.line(f"copyto({target}, {source})")


def _write_exchange(frame: Frame, writer: Writer) -> None:
    """Gets the rows of which other ranks have done the updates."""
    if frame.pieces.own:
        read, own = ("".join(f"{frame.ref(v)}, " for v in vs) for vs in frame.pieces[:2])
        writer.line(f"{writer.name_of(rows_updated, 'updated')}(({read}), ({own}))")
