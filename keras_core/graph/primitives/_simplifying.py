"""What several rules of simplification share."""

from __future__ import annotations

import numpy as np

from keras_core.graph.primitive import Node, Simplification
from keras_core.graph.tensor import Constant, Tensor


def is_all(tensor: Tensor, number: float) -> bool:
    """Whether `tensor` is a constant that equals `number` everywhere."""
    return (
        isinstance(tensor, Constant)
        and tensor.value.size > 0
        and bool(np.all(tensor.value == number))
    )


def first_input(node: Node) -> Tensor:
    return node.inputs[0]


def input_of_same_sizes(node: Node) -> Tensor | None:
    """The first input, if the node leaves its sizes as they are."""
    x = node.inputs[0]
    return x if x.sizes == node.specs[0].sizes else None


def dropping(number: float, right_only: bool = False) -> Simplification:
    """Drops an operand that equals `number` everywhere and does not widen the other's shape."""

    def simplify(node: Node) -> Tensor | None:
        a, b = node.inputs
        if is_all(b, number) and a.sizes == node.specs[0].sizes:
            return a
        if not right_only and is_all(a, number) and b.sizes == node.specs[0].sizes:
            return b
        return None

    return simplify
