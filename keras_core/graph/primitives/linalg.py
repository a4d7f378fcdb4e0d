"""Products of matrices and tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Lifted, Node, Primitive
from keras_core.graph.primitives._lifting import shifted, steps_first
from keras_core.graph.primitives._rules import check_axes, same_dtype
from keras_core.graph.primitives.shape import inverse_perm
from keras_core.graph.spec import Spec, agreed, clash, shown
from keras_core.graph.tensor import Constant, Tensor
from keras_core.graph.work import product

_FAMILY = "linalg"
Axes = tuple[int, ...]
AxisPairs = tuple[Axes, Axes]


class _Layout(NamedTuple):
    """The axes of one operand by what becomes of them."""

    batch: Axes
    free: Axes
    contract: Axes


def _layout(rank: int, contract: Axes, batch: Axes) -> _Layout:
    used = (*batch, *contract)
    return _Layout(tuple(batch), tuple(i for i in range(rank) if i not in used), tuple(contract))


def _dot_shape(a: Spec, b: Spec, contract: AxisPairs, batch: AxisPairs) -> Spec:
    for x, axes in ((a, (*batch[0], *contract[0])), (b, (*batch[1], *contract[1]))):
        check_axes("dot", axes, x.ndim)
    if len(contract[0]) != len(contract[1]) or len(batch[0]) != len(batch[1]):
        raise ValueError(
            f"dot: both tensors need as many contracted axes, not {contract}, and as many batch "
            f"axes, not {batch}."
        )
    for i, j in [*zip(*contract), *zip(*batch)]:
        if clash(a.sizes[i], b.sizes[j]):
            raise ValueError(
                f"dot: shapes {a.shape} and {b.shape} do not fit: axis {i} of the first "
                f"({a.sizes[i]}) and axis {j} of the second ({b.sizes[j]}) have to be equal."
            )
    left = _layout(a.ndim, contract[0], batch[0])
    right = _layout(b.ndim, contract[1], batch[1])
    common = (agreed(a.sizes[i], b.sizes[j]) for i, j in zip(left.batch, right.batch))
    free = (*(a.sizes[i] for i in left.free), *(b.sizes[i] for i in right.free))
    return Spec((*common, *free), same_dtype("dot", a, b))


def _dot(a: Any, b: Any, contract: AxisPairs, batch: AxisPairs) -> Any:
    labels = list(range(a.ndim))
    others = [a.ndim + i for i in range(b.ndim)]
    for i, j in [*zip(*contract), *zip(*batch)]:
        others[j] = labels[i]
    left = _layout(a.ndim, contract[0], batch[0])
    right = _layout(b.ndim, contract[1], batch[1])
    result = [labels[i] for i in left.batch + left.free] + [others[i] for i in right.free]
    return np.einsum(a, labels, b, others, result, optimize=True)


def _dot_vjp(
    g: Tensor, y: Tensor, a: Tensor, b: Tensor, contract: AxisPairs, batch: AxisPairs
) -> tuple[Tensor, Tensor]:
    left = _layout(a.ndim, contract[0], batch[0])
    right = _layout(b.ndim, contract[1], batch[1])
    n, m = len(left.batch), len(left.batch) + len(left.free)
    shared, of_a, of_b = tuple(range(n)), tuple(range(n, m)), tuple(range(m, g.ndim))
    ga = p.dot(g, b, contract=(of_b, right.free), batch=(shared, right.batch))
    gb = p.dot(a, g, contract=(left.free, of_a), batch=(left.batch, shared))
    return (
        _arranged(ga, (*left.batch, *left.free, *_by_partner(left.contract, right.contract))),
        _arranged(gb, (*right.batch, *_by_partner(right.contract, left.contract), *right.free)),
    )


def _by_partner(axes: Sequence[int], partners: Sequence[int]) -> list[int]:
    """Contracted axes in the ascending order of the axes that they are paired with."""
    return [axis for _, axis in sorted(zip(partners, axes))]


def _arranged(x: Tensor, axes: Axes) -> Tensor:
    """`x`, whose axis i is axis `axes[i]` of the operand, in the operand's order."""
    perm = inverse_perm(axes)
    return x if perm == tuple(range(x.ndim)) else p.transpose(x, perm=perm)


def _lift_dot(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    (a, a_steps), (b, b_steps) = inputs
    contract, batch = node.params["contract"], node.params["batch"]
    if a_steps != b_steps and batch[0]:
        return None
    a_contract, a_batch = shifted(contract[0], a_steps), shifted(batch[0], a_steps)
    b_contract, b_batch = shifted(contract[1], b_steps), shifted(batch[1], b_steps)
    if a_steps and b_steps:
        a_batch, b_batch = (0, *a_batch), (0, *b_batch)
    result = p.dot(a, b, contract=(a_contract, b_contract), batch=(a_batch, b_batch))
    return result if a_steps else steps_first(result, a.ndim - len(a_contract))


def _dot_multiply_adds(node: Node) -> int | None:
    a, b = node.inputs
    summed = (agreed(a.sizes[i], b.sizes[j]) for i, j in zip(*node.params["contract"]))
    return product((*node.specs[0].shape, *shown(tuple(summed))))


def summed_product(product: Node, axes: Sequence[int]) -> Tensor | None:
    """The sum of a product over axes of the result, batch axes among them as contracted ones."""
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
    result = p.dot(*product.inputs, contract=contract, batch=batch)
    rest = [axis - sum(m < axis for m in moved) for axis in axes if axis not in moved]
    return p.reduce_sum(result, axes=tuple(rest), keepdims=False) if rest else result


dot = Primitive(
    "dot",
    _dot_shape,
    _dot,
    _dot_vjp,
    lift=_lift_dot,
    multiply_adds=_dot_multiply_adds,
    family=_FAMILY,
    doc="Sum of products over paired axes: axes batch, a's free, b's free, in this order.",
    edges=(
        "0 where the contracted axes have no elements.",
        "Without contracted axes, the outer product.",
    ),
)


def eye(rows: int, columns: int, dtype: str) -> Tensor:
    """A constant with ones on the main diagonal."""
    return Constant(np.eye(rows, columns), dtype)
