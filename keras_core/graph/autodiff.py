"""Reverse-mode differentiation: gradients as tensors, of any order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core.graph import order
from keras_core.graph.accumulate import accumulate
from keras_core.graph.primitive import Node, Primitive
from keras_core.graph.provenance import origin_scope
from keras_core.graph.tensor import FLOATS, Tensor

Cotangents = dict[Any, list[Tensor]]


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
    from keras_core.graph.primitives import ones_like

    seeds = [None] * len(ys) if grad_ys is None else grad_ys
    cotangents: Cotangents = {}
    for y, seed in zip(ys, seeds):
        cotangents.setdefault(y.key, []).append(ones_like(y) if seed is None else seed)
    targets = {x.key for x in xs}
    for node in reversed(_between(ys, targets)):
        _pull_back(node, cotangents, targets)
    return [accumulate(cotangents[x.key]) if cotangents.get(x.key) else None for x in xs]


def _between(ys: Sequence[Tensor], targets: set) -> list[Node]:
    """Nodes that depend on a target, in order."""
    reached: dict[Node, bool] = {}
    for node in order.topological(ys):
        reached[node] = any(
            x.key in targets or (x.node is not None and reached[x.node]) for x in node.inputs
        )
    return [node for node, on_path in reached.items() if on_path]


def _pull_back(node: Node, cotangents: Cotangents, targets: set) -> None:
    outputs = node.outputs()
    received = [cotangents.get(y.key) for y in outputs]
    if not any(received) or not node.primitive.differentiable:
        return
    summed = [accumulate(g) if g else None for g in received]
    for y, g in zip(outputs, summed):
        if y.key in targets and g is not None:
            cotangents[y.key] = [g]
    with origin_scope(node.origin):
        passed = _vjp(node, summed, outputs)
    for x, g in zip(node.inputs, passed):
        if g is not None and x.dtype in FLOATS:
            cotangents.setdefault(x.key, []).append(g)


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
    return gradients([y for y, _ in used], stand_ins, [g for _, g in used])
