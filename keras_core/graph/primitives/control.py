"""Choices, barriers to gradients, the learning phase, printing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Lifted, Node, Primitive
from keras_core.graph.primitives._lifting import lift_elementwise
from keras_core.graph.primitives._rules import (
    bool_only,
    broadcast_sizes,
    same_dtype,
    scalar_only,
    unbroadcast,
)
from keras_core.graph.primitives._simplifying import first_input
from keras_core.graph.spec import Spec
from keras_core.graph.tensor import Constant, Tensor

_FAMILY = "control"


def _same_shape(x: Spec) -> Spec:
    return Spec(x.sizes, x.dtype, x.held)


identity = Primitive(
    "identity",
    _same_shape,
    lambda x: x,
    lambda g, y, x: (g,),
    lift=lift_elementwise,
    simplify=first_input,
    family=_FAMILY,
    doc="x itself.",
)
stop_gradient = Primitive(
    "stop_gradient",
    _same_shape,
    lambda x: x,
    lift=lift_elementwise,
    simplify=first_input,
    differentiable=False,
    family=_FAMILY,
    doc="x, taken as a constant by gradients.",
)


def _where_shape(condition: Spec, x: Spec, y: Spec) -> Spec:
    bool_only("where", condition)
    sizes = broadcast_sizes("where", condition.sizes, x.sizes, y.sizes)
    return Spec(sizes, same_dtype("where", x, y))


def _where_vjp(
    g: Tensor, result: Tensor, condition: Tensor, x: Tensor, y: Tensor
) -> Sequence[Tensor | None]:
    zero = p.scalar(0, g.dtype)
    gx, gy = p.where(condition, g, zero), p.where(condition, zero, g)
    return None, unbroadcast(gx, x), unbroadcast(gy, y)


def _fold_where(node: Node) -> Tensor | None:
    """The branch that is taken everywhere, if it is not broadcast."""
    branch = _fold_select(node)
    return branch if branch is not None and branch.sizes == node.specs[0].sizes else None


def _fold_select(node: Node) -> Tensor | None:
    condition, chosen, other = node.inputs
    if not isinstance(condition, Constant) or condition.value.size != 1:
        return None
    return chosen if condition.value.all() else other


where = Primitive(
    "where",
    _where_shape,
    np.where,
    _where_vjp,
    lift=lift_elementwise,
    fold=_fold_where,
    family=_FAMILY,
    doc="x where the condition holds, else y, elementwise; all three broadcast.",
    edges=("The case that is not taken has the gradient 0, whatever its value.",),
)


def _select_shape(condition: Spec, x: Spec, y: Spec) -> Spec:
    bool_only("select", condition)
    scalar_only("select", condition)
    if x.ndim != y.ndim:
        raise ValueError(f"select: both cases need one rank, not shapes {x.shape} and {y.shape}.")
    dtype = same_dtype("select", x, y)
    if condition.held is not None:
        return Spec((x if condition.held else y).sizes, dtype)
    return Spec((a if a == b else None for a, b in zip(x.sizes, y.sizes)), dtype)


def _select_vjp(
    g: Tensor, result: Tensor, condition: Tensor, x: Tensor, y: Tensor
) -> Sequence[Tensor | None]:
    gx = p.select(condition, g, p.zeros_like(x))
    gy = p.select(condition, p.zeros_like(y), g)
    return None, p.reshape_like(gx, x), p.reshape_like(gy, y)


def _lift_select(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    (condition, changes), (x, x_steps), (y, y_steps) = inputs
    return p.select(condition, x, y) if x_steps and y_steps and not changes else None


select = Primitive(
    "select",
    _select_shape,
    lambda condition, x, y: x if condition else y,
    _select_vjp,
    lift=_lift_select,
    fold=_fold_select,
    choice=True,
    family=_FAMILY,
    doc="x if the scalar condition holds, else y; sizes may differ.",
    edges=(
        "Both cases have the same rank and dtype.",
        "The case that is not taken need not be computed.",
    ),
)


def _learning_phase_reference() -> Any:
    raise ValueError("learning_phase: has no value of its own; feed 0 (test) or 1 (train) for it.")


learning_phase = Primitive(
    "learning_phase",
    lambda: Spec((), "bool"),
    _learning_phase_reference,
    differentiable=False,
    phase=True,
    pure=False,
    family=_FAMILY,
    doc="Whether the program trains; each program is compiled for one answer.",
)


def _print_shape(x: Spec, message: str) -> Spec:
    return _same_shape(x)


def _print(x: Any, message: str) -> Any:
    sys.stdout.write(f"{message}{x}\n")
    return x


def _print_vjp(g: Tensor, y: Tensor, x: Tensor, message: str) -> tuple[Tensor]:
    return (g,)


print = Primitive(
    "print",
    _print_shape,
    _print,
    _print_vjp,
    pure=False,
    family=_FAMILY,
    doc="x, printed after the message each time it is computed.",
    edges=("Never merged with an equal node, nor folded.",),
)
