"""The readable print of a program: one line a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_core.graph.primitive import Node
from keras_core.graph.tensor import Constant, Tensor

if TYPE_CHECKING:
    from keras_core.graph.program import Program

_SMALL = 8


def listing(program: Program) -> str:
    """Inputs, a line a node (name, shape, dtype, expression, layer and line), outputs, updates."""
    names = _names(program)
    lines = [f"in   {names[x.key]} = {_type(x)} {x.name}" for x in program.inputs]
    lines += [f"var  {names[v.key]} = {_type(v)} {v.name}" for v in program.variables]
    for node in program.nodes:
        lines.append(_node_line(node, names))
    lines += [f"out  {_ref(y, names)}" for y in program.outputs]
    lines += [f"set  {names[v.key]} <- {_ref(value, names)}" for v, value in program.updates]
    return "\n".join(lines)


def _names(program: Program) -> dict[Any, str]:
    names: dict[Any, str] = {}
    for prefix, leaves in (("i", program.inputs), ("v", program.variables)):
        names.update({leaf.key: f"{prefix}{n}" for n, leaf in enumerate(leaves)})
    count = 0
    for node in program.nodes:
        for index in range(len(node.specs)):
            names[(node, index)] = f"t{count}"
            count += 1
    return names


def _node_line(node: Node, names: dict[Any, str]) -> str:
    outputs = ", ".join(f"{names[y.key]}: {_type(y)}" for y in node.outputs())
    arguments = [_ref(x, names) for x in node.inputs]
    arguments += [f"{key}={value!r}" for key, value in node.params.items()]
    return f"     {outputs} = {node.primitive.name}({', '.join(arguments)})  # {node.origin}"


def _type(tensor: Any) -> str:
    sizes = "×".join("?" if size is None else str(size) for size in tensor.shape)
    return f"{tensor.dtype}[{sizes}]"


def _ref(tensor: Tensor, names: dict[Any, str]) -> str:
    if isinstance(tensor, Constant):
        small = tensor.value.size <= _SMALL
        return str(tensor.value.tolist()) if small else f"constant {_type(tensor)}"
    return names[tensor.key]
