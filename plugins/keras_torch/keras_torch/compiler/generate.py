"""Writes the function: inputs and variables, a line a step, the outputs, updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from types import FunctionType
from typing import Any

import torch

from keras_core.graph import Node, Program, Tensor, Update, Variable
from keras_core.plugins.authoring import AdamStep
from keras_torch.compiler.frame import Frame
from keras_torch.compiler.updates import Adam, fused_steps, in_place, numbers_of
from keras_torch.compiler.writer import Writer
from keras_torch.draws import seed_for
from keras_torch.kernel import Lowering
from keras_torch.transfer import entering, leaving

_numbers = count()


@dataclass
class Code:
    """Generated source, the objects and the variables that it refers to, and its buffers."""

    source: str
    names: dict[str, Any]
    variables: dict[str, Variable]
    filename: str
    nodes: dict[int, Node]
    buffers: dict[str, Any]

    def function(self, **late: Any) -> FunctionType:
        """The function with further objects that it refers to."""
        namespace: dict[str, Any] = {**self.names, **late}
        exec(compile(self.source, self.filename, "exec"), namespace)
        return namespace["run"]


def pure_code(
    program: Program,
    updated: Sequence[Variable],
    read: Sequence[Variable],
    lowerings: Mapping[str, Lowering],
    device: torch.device,
) -> Code:
    """The code of a function (updated, read, arrays, draws) -> (outputs, new values)."""
    writer = Writer(lowerings, device, pure=True)
    frame = Frame(writer, program.nodes, program.results, 1)
    groups = {"updated": updated, "read": read, "arrays": program.inputs}
    for group, leaves in groups.items():
        names = [writer.new_name("v") for _ in leaves]
        for leaf, name in zip(leaves, names):
            frame.bind(leaf.key, name)
        if names:
            writer.line(f"{', '.join(names)}, = {group}", 1)
    frame.write()
    outputs, values = ([frame.ref(x) for x in part] for part in _parts(program))
    writer.line(f"return [{', '.join(outputs)}], [{', '.join(values)}]", 1)
    head = ["def run(updated, read, arrays, draws):"]
    if writer.draws:
        head.append("    seed, step, streams = draws")
    return _code(writer, head)


def _parts(program: Program) -> tuple[list[Tensor], list[Tensor]]:
    return list(program.outputs), [update.value for update in program.updates]


def program_code(program: Program, lowerings: Mapping[str, Lowering], device: torch.device) -> Code:
    """The code of a function (arrays, state) -> outputs, which updates variables."""
    writer = Writer(lowerings, device, pure=False)
    # A user's function may keep what it is given.
    writer.keeps_buffers = all(node.primitive.pure for node in program.nodes)
    steps = fused_steps(program, device)
    stepped = {variable.key for step in steps for variable in step.variables}
    updates = [update for update in program.updates if update.variable.key not in stepped]
    wanted = [x for step in steps for x in (step.gradient, *numbers_of(step))]
    results = [*program.outputs, *(update.value for update in updates), *wanted]
    frame = Frame(writer, program.nodes, results, 2)
    head = _head(program, frame, writer)
    targets = in_place(frame, updates)
    frame.targets = {key: frame.refs[variable.key] for key, variable in targets.items()}
    frame.write()
    returned = _returned(program, frame, targets)
    rest = [update for update in updates if targets.get(update.value.key) is not update.variable]
    _write_copies(rest, frame, targets)
    _write_adam(steps, frame)
    writer.line(f"return [{', '.join(returned)}]", 2)
    if writer.draws:
        head.insert(1, "    seed, step = state")
    if writer.buffers:
        head.insert(1, f"    {', '.join(writer.buffers)}, = buffers")
    return _code(writer, head)


def _head(program: Program, frame: Frame, writer: Writer) -> list[str]:
    head = ["def run(arrays, state, buffers):"]
    inputs = [f"i{number}" for number in range(len(program.inputs))]
    if inputs:
        head.append(f"    {', '.join(inputs)}, = arrays")
    writer.names.update(entered=entering(writer.device), left=leaving(writer.device))
    used = {key for step in frame.steps for key in step.reads} | {x.key for x in frame.results}
    for x, name in zip(program.inputs, inputs):
        frame.bind(x.key, name)
        if x.key in used:
            head.append(f"    {name} = entered({name})")
    for number, variable in enumerate(program.variables):
        frame.bind(variable.key, f"v{number}")
        writer.variables[f"v{number}"] = variable
    has_native = any(not node.primitive.pure for node in program.nodes)
    # What was made in inference mode is nothing that a user's function could derive.
    writer.names["mode"] = torch.no_grad if has_native else torch.inference_mode
    head.append("    with mode():")
    return head


def _returned(program: Program, frame: Frame, targets: Mapping[Any, Variable]) -> list[str]:
    """The outputs, each in memory of its own."""
    taken: set[Any] = set(targets)
    returned = []
    for y in program.outputs:
        bases = frame.bases_of(y.key)
        is_own = frame.is_own(y.key) and not bases & taken
        taken |= bases
        copy = "contiguous" if is_own else "clone"
        options = "" if is_own else "memory_format=contiguous"
        returned.append(frame.writer.new_name("y"))
        frame.writer.line(f"{returned[-1]} = left({frame.ref(y)}.{copy}({options}))", 2)
    frame.writer.names["contiguous"] = torch.contiguous_format
    return returned


def _write_copies(updates: Sequence[Update], frame: Frame, targets: Mapping[Any, Variable]) -> None:
    """Copies at the end; a value in some variable's memory is saved before any write."""
    pairs = []
    for variable, value in updates:
        source = frame.ref(value)
        if any(isinstance(base, Variable) for base in frame.bases_of(value.key)):
            saved = frame.writer.new_name("old")
            frame.writer.line(f"{saved} = {source}.clone()", 2)
            source = saved
        pairs.append((frame.refs[variable.key], source))
    for target, source in pairs:
        frame.writer.line(f"{target}.copy_({source})", 2)


def _write_adam(steps: Sequence[AdamStep], frame: Frame) -> None:
    """One call for all weights that share their numbers."""
    groups: dict[Any, list[AdamStep]] = {}
    for step in steps:
        numbers = tuple(x.key for x in numbers_of(step))
        key = (*numbers, float(step.epsilon.value), step.weight.dtype)
        groups.setdefault(key, []).append(step)
    for (*_, epsilon, _), group in groups.items():
        kernel = Adam(epsilon, len(group), frame.writer.device)
        parts = ("weight", "gradient", "m", "v")
        lists = [_list(frame, [getattr(step, part) for step in group]) for part in parts]
        numbers = [frame.ref(x) for x in numbers_of(group[0])]
        name = frame.writer.name_of(kernel, "adam")
        frame.writer.line(f"{name}({', '.join([*lists, *numbers])})", 2)


def _list(frame: Frame, tensors: Sequence[Tensor]) -> str:
    return f"[{', '.join(map(frame.ref, tensors))}]"


def _code(writer: Writer, head: Sequence[str]) -> Code:
    offset = len(head) + 1
    nodes = {offset + place: node for place, node in writer.nodes.items()}
    source = "\n".join([*head, *writer.body]) + "\n"
    names = {**writer.names, "seed_for": seed_for}
    filename = f"<keras_torch program {next(_numbers)}>"
    return Code(source, names, writer.variables, filename, nodes, writer.buffers)
