"""Algebraic simplification: nodes that change nothing go, pairs of nodes become one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import numpy as np

from keras_core.graph.primitive import Node
from keras_core.graph.program import Program
from keras_core.graph.scan.body import with_body
from keras_core.graph.tensor import Constant, Tensor

_BROADCASTING = ("elementwise", "comparison")

Simplification = Callable[[Node], "Tensor | None"]


def simplify(program: Program) -> Program:
    """The program without needless nodes; also inside of scans."""
    return program.rewritten(simplify_node)


def simplify_node(node: Node) -> list[Tensor] | Sequence[Tensor] | None:
    if node.primitive.name == "scan":
        return with_body(node, node.params["body"].rewritten(simplify_node))
    rule = RULES.get(node.primitive.name)
    result = None if rule is None else rule(node)
    if result is None and node.primitive.family in _BROADCASTING:
        result = _without_broadcasts(node)
    return None if result is None else [result]


def _without_broadcasts(node: Node) -> Tensor | None:
    """Operands need not be broadcast to a shape that the others bring along."""
    sources = [_broadcast_source(x) for x in node.inputs]
    if len(sources) < 2 or all(a is b for a, b in zip(sources, node.inputs)):
        return None
    result = node.primitive(*sources, **node.params)
    same = result.shape == node.specs[0].shape and None not in result.shape
    return result if same else None


def _broadcast_source(x: Tensor) -> Tensor:
    maker = _maker(x, "broadcast_to")
    return x if maker is None else maker.inputs[0]


def _first_input(node: Node) -> Tensor:
    return node.inputs[0]


def _if_same_shape(node: Node) -> Tensor | None:
    x = node.inputs[0]
    return x if x.shape == node.specs[0].shape and None not in x.shape else None


def _cast(node: Node) -> Tensor | None:
    return node.inputs[0] if node.inputs[0].dtype == node.specs[0].dtype else None


def _neutral(number: float, right_only: bool) -> Simplification:
    """Drops an operand that equals `number` everywhere and does not widen the other's shape."""

    def rule(node: Node) -> Tensor | None:
        a, b = node.inputs
        if _is_all(b, number) and a.shape == node.specs[0].shape:
            return a
        if not right_only and _is_all(a, number) and b.shape == node.specs[0].shape:
            return b
        return None

    return rule


def _is_all(tensor: Tensor, number: float) -> bool:
    return (
        isinstance(tensor, Constant)
        and tensor.value.size > 0
        and bool(np.all(tensor.value == number))
    )


def _maker(tensor: Tensor, name: str) -> Node | None:
    """The node that makes `tensor` if it is of this primitive."""
    node = tensor.node
    return node if node is not None and node.primitive.name == name else None


def _add(node: Node) -> Tensor | None:
    from keras_core.graph.primitives import subtract

    neutral = _neutral(0, right_only=False)(node)
    if neutral is not None:
        return neutral
    a, b = node.inputs
    negated = _maker(b, "negative")
    if negated is not None:
        return subtract(a, negated.inputs[0])
    negated = _maker(a, "negative")
    return None if negated is None else subtract(b, negated.inputs[0])


def _subtract(node: Node) -> Tensor | None:
    from keras_core.graph.primitives import add

    neutral = _neutral(0, right_only=True)(node)
    negated = _maker(node.inputs[1], "negative")
    if neutral is not None or negated is None:
        return neutral
    return add(node.inputs[0], negated.inputs[0])


def _negative(node: Node) -> Tensor | None:
    inner = _maker(node.inputs[0], "negative")
    return None if inner is None else inner.inputs[0]


def _multiply(node: Node) -> Tensor | None:
    """Drops ones; makes negations and constant factors of a constant product one factor."""
    from keras_core.graph.primitives import multiply

    neutral = _neutral(1, right_only=False)(node)
    if neutral is not None:
        return neutral
    for constant, other in (node.inputs, node.inputs[::-1]):
        if isinstance(constant, Constant) and constant.ndim == 0:
            negated = _maker(other, "negative")
            if negated is not None:
                flipped = Constant(-constant.value, constant.dtype)
                return multiply(negated.inputs[0], flipped)
    return None


def _transpose(node: Node) -> Tensor | None:
    from keras_core.graph.primitives import transpose

    perm = node.params["perm"]
    if perm == tuple(range(len(perm))):
        return node.inputs[0]
    inner = _maker(node.inputs[0], "transpose")
    if inner is None:
        return None
    joined = tuple(inner.params["perm"][i] for i in perm)
    if joined == tuple(range(len(joined))):
        return inner.inputs[0]
    return transpose(inner.inputs[0], perm=joined)


def _reshape(node: Node) -> Tensor | None:
    from keras_core.graph.primitives import reshape

    same = _if_same_shape(node)
    if same is not None:
        return same
    inner = _maker(node.inputs[0], "reshape")
    if inner is None or None in node.params["shape"]:
        return None
    return reshape(inner.inputs[0], shape=node.params["shape"])


def _reduce_sum(node: Node) -> Tensor | None:
    """Sums over no axes go, sums of sums join, summed batch axes of a product are contracted."""
    axes, keepdims = node.params["axes"], node.params["keepdims"]
    if not axes:
        return node.inputs[0]
    inner = _maker(node.inputs[0], "reduce_sum")
    if inner is not None and not keepdims and not inner.params["keepdims"]:
        return _join_sums(node, inner, axes)
    product = _maker(node.inputs[0], "dot")
    if product is None or keepdims:
        return None
    return _contract_batch(node, product, axes)


def _join_sums(node: Node, inner: Node, axes: Sequence[int]) -> Tensor:
    from keras_core.graph.primitives import reduce_sum

    x = inner.inputs[0]
    left = [axis for axis in range(x.ndim) if axis not in inner.params["axes"]]
    joined = sorted([*inner.params["axes"], *(left[axis] for axis in axes)])
    return reduce_sum(x, axes=tuple(joined), keepdims=False)


def _contract_batch(node: Node, product: Node, axes: Sequence[int]) -> Tensor | None:
    from keras_core.graph.primitives import dot, reduce_sum

    batch_a, batch_b = product.params["batch"]
    moved = [axis for axis in axes if axis < len(batch_a)]
    if not moved:
        return None
    contract = tuple(
        (*(batch[axis] for axis in moved), *contracted)
        for contracted, batch in zip(product.params["contract"], (batch_a, batch_b))
    )
    batch = tuple(
        tuple(axis for i, axis in enumerate(axes_of) if i not in moved)
        for axes_of in (batch_a, batch_b)
    )
    result = dot(*product.inputs, contract=contract, batch=batch)
    rest = [axis - sum(m < axis for m in moved) for axis in axes if axis not in moved]
    return reduce_sum(result, axes=tuple(rest), keepdims=False) if rest else result


RULES: dict[str, Simplification] = {
    "add": _add,
    "broadcast_to": _if_same_shape,
    "cast": _cast,
    "divide": _neutral(1, right_only=True),
    "identity": _first_input,
    "multiply": _multiply,
    "negative": _negative,
    "power": _neutral(1, right_only=True),
    "reduce_sum": _reduce_sum,
    "reshape": _reshape,
    "stop_gradient": _first_input,
    "subtract": _subtract,
    "transpose": _transpose,
}
