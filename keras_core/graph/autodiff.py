"""Reverse-mode differentiation: gradients as tensors, of any order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

from keras_core.graph import order
from keras_core.graph.collector import collector_paused
from keras_core.graph.cotangents import Cotangents, chosen
from keras_core.graph.primitive import Node, Primitive
from keras_core.graph.provenance import origin_scope
from keras_core.graph.spec import FLOATS
from keras_core.graph.tensor import Tensor

Stop = Callable[[Tensor], bool]


def _never(tensor: Tensor) -> bool:
    return False


@collector_paused()
def gradients(
    ys: Sequence[Tensor], xs: Sequence[Tensor], grad_ys: Sequence[Tensor | None] | None = None
) -> list[Tensor | None]:
    """Derivatives of sum(ys) by each of xs.

    Args:
        ys: float tensors of any shape.
        xs: tensors that ys may depend on: leaves or results of nodes.
        grad_ys: cotangents of ys, each of its y's shape; ones where absent.

    Returns:
        A tensor for each x, of its shape and dtype; None where no y depends on x.

    Raises:
        ValueError: a node on the way has no gradient rule.
    """
    return _gradients(ys, xs, [None] * len(ys) if grad_ys is None else grad_ys)


def _gradients(
    ys: Sequence[Tensor], xs: Sequence[Tensor], seeds: Sequence[Tensor | None], stop: Stop = _never
) -> list[Tensor | None]:
    """The same; behind where `stop` holds, nothing leads to any of xs."""
    from keras_core.graph.primitives import ones_like

    cotangents = Cotangents()
    for y, seed in zip(ys, seeds):
        cotangents.add(y, ones_like(y) if seed is None else seed)
    targets = {x.key for x in xs}
    for node in reversed(_between(ys, targets, stop)):
        _pull_back(node, cotangents, targets)
    return [cotangents.total(x) for x in xs]


def _between(ys: Sequence[Tensor], targets: set, stop: Stop) -> list[Node]:
    """Nodes that depend on a target, in order."""
    reached: dict[Node, None] = {}
    for node in order.topological(ys, stop):
        if any(x.key in targets or x.node in reached for x in node.inputs):
            reached[node] = None
    return list(reached)


# They read sizes, on which no value depends.
_OF_SIZES = ("dim", "shape_of")


def cut_between(y: Tensor, x: Tensor) -> Node | None:
    """The first node on the way from x to y behind which nothing has a gradient, if there is one.

    Args:
        y: a float tensor that has no gradient by x.
        x: the leaf or result of a node that it may depend on.
    """
    for node in _between([y], {x.key}, _never):
        floats = any(out.dtype in FLOATS for out in node.outputs())
        if node.primitive.name not in _OF_SIZES and not (node.primitive.differentiable and floats):
            return node
    return None


def _pull_back(node: Node, cotangents: Cotangents, targets: set) -> None:
    outputs = node.outputs()
    with origin_scope(node.origin):
        for y in outputs:
            if y.key in targets:
                cotangents.settle(y)
        received = cotangents.received(outputs)
        if received is None or not node.primitive.differentiable:
            return
        gs, guard = received
        passed = chosen(node, gs[0], guard)
        if passed is None:
            passed = [(x, g, guard) for x, g in zip(node.inputs, _vjp(node, gs, outputs))]
    for x, g, condition in passed:
        if g is not None:
            cotangents.add(x, g, condition)


def _vjp(
    node: Node, gs: Sequence[Tensor | None], ys: tuple[Tensor, ...]
) -> Sequence[Tensor | None]:
    primitive = node.primitive
    several = primitive.several
    if primitive.vjp is not None:
        g, y = (tuple(gs), ys) if several else (gs[0], ys[0])
        return primitive.vjp(g, y, *node.inputs, **node.params)
    if primitive.decomposition is not None:
        return _vjp_by_decomposition(primitive, node, gs)
    raise ValueError(
        f"Primitive {primitive.name!r} ({node.origin}) has no gradient. "
        "Wrap its input in K.stop_gradient if none should flow."
    )


def _vjp_by_decomposition(
    primitive: Primitive, node: Node, gs: Sequence[Tensor | None]
) -> Sequence[Tensor | None]:
    """Differentiates the composite's parts; stand-ins make the inputs independent."""
    from keras_core.graph.primitives import identity

    assert primitive.decomposition is not None
    stand_ins = [identity(x) for x in node.inputs]
    parts = primitive.decomposition(*stand_ins, **node.params)
    outputs = parts if isinstance(parts, tuple) else (parts,)
    used = [(y, g) for y, g in zip(outputs, gs) if g is not None]
    keys = {x.key for x in stand_ins}
    ys, seeds = [y for y, _ in used], [g for _, g in used]
    return _gradients(ys, stand_ins, seeds, stop=lambda x: x.key in keys)
