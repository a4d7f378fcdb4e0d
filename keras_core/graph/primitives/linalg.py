"""Products of matrices and tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Primitive
from keras_core.graph.primitives._rules import check_axes, same_dtype
from keras_core.graph.primitives.shape import inverse_perm
from keras_core.graph.tensor import Constant, Spec, Tensor

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


def _dot_shape(a: Any, b: Any, contract: AxisPairs, batch: AxisPairs) -> Spec:
    for x, axes in ((a, (*batch[0], *contract[0])), (b, (*batch[1], *contract[1]))):
        check_axes("dot", axes, len(x.shape))
    pairs = [*zip(*contract), *zip(*batch)]
    paired = len(contract[0]) == len(contract[1]) and len(batch[0]) == len(batch[1])
    sizes = [(a.shape[i], b.shape[j]) for i, j in pairs]
    if not paired or any(m != n for m, n in sizes if None not in (m, n)):
        raise ValueError(
            f"dot: shapes {a.shape} and {b.shape} do not fit: sizes of the contracted axes "
            f"{contract} and of the batch axes {batch} must be equal."
        )
    left = _layout(len(a.shape), contract[0], batch[0])
    right = _layout(len(b.shape), contract[1], batch[1])
    common = (
        a.shape[i] if a.shape[i] is not None else b.shape[j]
        for i, j in zip(left.batch, right.batch)
    )
    free = (*(a.shape[i] for i in left.free), *(b.shape[i] for i in right.free))
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


dot = Primitive(
    "dot",
    _dot_shape,
    _dot,
    _dot_vjp,
    family=_FAMILY,
    doc="Sum of products over paired axes: axes batch, a's free, b's free, in this order.",
)


def eye(rows: int, columns: int, dtype: str) -> Tensor:
    """A constant with ones on the main diagonal."""
    return Constant(np.eye(rows, columns), dtype)
