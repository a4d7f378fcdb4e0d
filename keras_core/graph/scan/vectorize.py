"""Lifts a node of a scan's body to all steps at once: rules for a leading axis of steps.

A rule takes the node and its inputs as (tensor, batched) pairs, where a batched tensor has the
steps as axis 0, and gives the node's value at all steps, or None where it cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from keras_core.graph.primitive import Node
from keras_core.graph.tensor import Tensor

Lifted = tuple[Tensor, bool]
Rule = Callable[[Node, Sequence[Lifted]], "Tensor | None"]


def lift(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    """The one output of `node` for all steps, shape `(steps, ...)`; None where no rule does it."""
    primitive = node.primitive
    if primitive.random or primitive.several or not any(batched for _, batched in inputs):
        return None
    rule = RULES.get(primitive.name) or _BY_FAMILY.get(primitive.family)
    return None if rule is None else rule(node, inputs)


def _elementwise(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    rank = len(node.specs[0].shape)
    padded = [_with_rank(x, rank) if batched else x for x, batched in inputs]
    operands = [x for x in padded if x is not None]
    return node.primitive(*operands, **node.params) if len(operands) == len(padded) else None


def _with_rank(x: Tensor, rank: int) -> Tensor | None:
    """A batched tensor whose step has fewer axes than the result gets axes of 1 after the steps."""
    from keras_core.graph.primitives import reshape

    missing = rank - (x.ndim - 1)
    if missing <= 0:
        return x
    shape = (x.shape[0], *(1,) * missing, *x.shape[1:])
    return None if None in shape else reshape(x, shape=shape)


def _dot(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    (a, a_steps), (b, b_steps) = inputs
    contract, batch = node.params["contract"], node.params["batch"]
    if a_steps != b_steps and batch[0]:
        return None
    a_contract, a_batch = _shift(contract[0], a_steps), _shift(batch[0], a_steps)
    b_contract, b_batch = _shift(contract[1], b_steps), _shift(batch[1], b_steps)
    if a_steps and b_steps:
        a_batch, b_batch = (0, *a_batch), (0, *b_batch)
    result = node.primitive(a, b, contract=(a_contract, b_contract), batch=(a_batch, b_batch))
    return result if a_steps else _steps_first(result, a.ndim - len(a_contract))


def _steps_first(x: Tensor, axis: int) -> Tensor:
    from keras_core.graph.primitives import transpose

    order = (axis, *(i for i in range(x.ndim) if i != axis))
    return transpose(x, perm=order)


def _shift(axes: Sequence[int], by: bool) -> tuple[int, ...]:
    return tuple(axis + int(by) for axis in axes)


def _reduction(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    params = dict(node.params)
    if "axes" in params:
        params["axes"] = _shift(params["axes"], True)
    else:
        params["axis"] += 1
    return node.primitive(inputs[0][0], **params)


def _axis_parameter(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    """One tensor and a parameter `axis`."""
    if not all(batched for _, batched in inputs):
        return None
    params = dict(node.params, axis=node.params["axis"] + 1)
    return node.primitive(*(x for x, _ in inputs), **params)


def _transpose(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    return node.primitive(inputs[0][0], perm=(0, *_shift(node.params["perm"], True)))


def _slice(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    return node.primitive(inputs[0][0], index=((None, None, 1), *node.params["index"]))


def _pad(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    params = dict(node.params, widths=((0, 0), *node.params["widths"]))
    return node.primitive(inputs[0][0], **params)


def _to_shape(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    """Primitives with a parameter `shape`, where all sizes are known."""
    x = inputs[0][0]
    shape = (x.shape[0], *node.params["shape"])
    if None in shape or len(inputs) > 1:
        return None
    params: dict[str, Any] = dict(node.params, shape=shape)
    if "index" in params:
        params["index"] = ((None, None, 1), *params["index"])
    return node.primitive(x, **params)


def _broadcast_to(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    x = _with_rank(inputs[0][0], len(node.specs[0].shape))
    return None if x is None else _to_shape(node, [(x, True), *inputs[1:]])


_BY_FAMILY: dict[str, Rule] = {"elementwise": _elementwise, "comparison": _elementwise}

RULES: dict[str, Rule] = {
    "broadcast_to": _broadcast_to,
    "concat": _axis_parameter,
    "dot": _dot,
    "log_softmax": _axis_parameter,
    "pad": _pad,
    "reduce_max": _reduction,
    "reduce_mean": _reduction,
    "reduce_min": _reduction,
    "reduce_sum": _reduction,
    "reshape": _to_shape,
    "slice": _slice,
    "softmax": _axis_parameter,
    "transpose": _transpose,
    "unslice": _to_shape,
    "where": _elementwise,
}
