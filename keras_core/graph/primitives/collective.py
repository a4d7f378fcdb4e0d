"""Sums over all processes that work together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import ranks
from keras_core.graph import primitives as p
from keras_core.graph.primitive import Primitive
from keras_core.graph.spec import Spec
from keras_core.graph.tensor import Tensor


def _all_reduce_shape(*xs: Spec) -> tuple[Spec, ...]:
    if not xs:
        raise ValueError("all_reduce: there is nothing to add up; give a tensor at least.")
    if any(x.dtype == "bool" for x in xs):
        raise TypeError("all_reduce: a bool has no sum; cast it first.")
    return tuple(Spec(x.sizes, x.dtype) for x in xs)


def _all_reduce(*xs: Any) -> tuple[Any, ...]:
    return tuple(ranks.current().sums(xs))


def _all_reduce_vjp(
    gs: Sequence[Tensor | None], ys: Sequence[Tensor], *xs: Tensor
) -> Sequence[Tensor]:
    """Each rank's loss depends on each rank's tensor."""
    return p.all_reduce(*(p.zeros_like(y) if g is None else g for g, y in zip(gs, ys)))


all_reduce = Primitive(
    "all_reduce",
    _all_reduce_shape,
    _all_reduce,
    _all_reduce_vjp,
    pure=False,
    several=True,
    family="collective",
    doc="The sum of each input over all processes that work together, sent as one message.",
    edges=(
        "In a process that is alone, each input as it is.",
        "All processes run the same nodes, each after the nodes before it in the program.",
        "Never merged with an equal node, nor folded.",
    ),
)
