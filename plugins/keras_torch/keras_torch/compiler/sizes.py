"""Sizes as Python's ints: what is computed of shapes needs no tensors."""

from __future__ import annotations

from typing import Any, Callable

from keras_core.graph import Constant, Tensor

_ARITHMETIC = {"add": "+", "subtract": "-", "multiply": "*", "floor_divide": "//"}

Read = Callable[[Tensor], str]


def size_text(x: Tensor, read: Read) -> str:
    """The text of an int that equals an integer scalar.

    Args:
        x: the scalar.
        read: function of a tensor that gives the text of it, for what cannot be told otherwise.
    """
    held = x.spec.held
    if isinstance(held, int) and not isinstance(held, bool):
        return str(held)
    if isinstance(x, Constant):
        return str(int(x.value))
    return _told(x, read) or f"int({read(x)})"


def _told(x: Tensor, read: Read) -> str | None:
    node: Any = x.node
    if node is None:
        return None
    name = node.primitive.name
    if name == "dim":
        return f"{read(node.inputs[0])}.shape[{node.params['axis']}]"
    if name in _ARITHMETIC:
        a, b = (size_text(part, read) for part in node.inputs)
        return f"({a} {_ARITHMETIC[name]} {b})"
    if name in ("cast", "identity", "stop_gradient") and node.inputs[0].dtype.startswith("int"):
        return size_text(node.inputs[0], read)
    if name == "reshape":
        return _only(node.inputs[0], read)
    return None


def _only(x: Tensor, read: Read) -> str | None:
    """The one element of what is reshaped to a scalar."""
    if x.ndim == 0:
        return size_text(x, read)
    node: Any = x.node
    if node is None or node.primitive.name != "slice" or x.shape != (1,):
        return None
    vector = node.inputs[0].node
    if vector is None or vector.primitive.name != "shape_of":
        return None
    start, stop, step = node.params["index"][0]
    axis = range(vector.inputs[0].ndim)[slice(start, stop, step)][0]
    return f"{read(vector.inputs[0])}.shape[{axis}]"
