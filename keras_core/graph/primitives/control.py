"""Choices, barriers to gradients, the learning phase, printing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Primitive
from keras_core.graph.primitives._rules import (
    bool_only,
    broadcast_shapes,
    same_dtype,
    scalar_only,
    unbroadcast,
)
from keras_core.graph.tensor import Spec, Tensor

_FAMILY = "control"


def _same_shape(x: Any, **_: Any) -> Spec:
    return Spec(x.shape, x.dtype)


identity = Primitive(
    "identity",
    _same_shape,
    lambda x: x,
    lambda g, y, x: (g,),
    family=_FAMILY,
    doc="x itself.",
)
stop_gradient = Primitive(
    "stop_gradient",
    _same_shape,
    lambda x: x,
    differentiable=False,
    family=_FAMILY,
    doc="x, taken as a constant by gradients.",
)


def _where_shape(condition: Any, x: Any, y: Any) -> Spec:
    bool_only("where", condition)
    return Spec(
        broadcast_shapes("where", condition.shape, x.shape, y.shape), same_dtype("where", x, y)
    )


def _where_vjp(
    g: Tensor, result: Tensor, condition: Tensor, x: Tensor, y: Tensor
) -> Sequence[Tensor | None]:
    zero = p.scalar(0, g.dtype)
    gx, gy = p.where(condition, g, zero), p.where(condition, zero, g)
    return None, unbroadcast(gx, x, condition, y), unbroadcast(gy, y, condition, x)


where = Primitive(
    "where",
    _where_shape,
    np.where,
    _where_vjp,
    family=_FAMILY,
    doc="x where the condition holds, else y, elementwise; all three broadcast.",
)


def _select_shape(condition: Any, x: Any, y: Any) -> Spec:
    bool_only("select", condition)
    scalar_only("select", condition)
    if len(x.shape) != len(y.shape):
        raise ValueError(f"select: both cases need one rank, not shapes {x.shape} and {y.shape}.")
    shape = tuple(a if a == b else None for a, b in zip(x.shape, y.shape))
    return Spec(shape, same_dtype("select", x, y))


def _select_vjp(
    g: Tensor, result: Tensor, condition: Tensor, x: Tensor, y: Tensor
) -> Sequence[Tensor | None]:
    gx = p.select(condition, g, p.zeros_like(x))
    gy = p.select(condition, p.zeros_like(y), g)
    return None, p.reshape_like(gx, x), p.reshape_like(gy, y)


select = Primitive(
    "select",
    _select_shape,
    lambda condition, x, y: x if condition else y,
    _select_vjp,
    family=_FAMILY,
    doc="x if the scalar condition holds, else y; sizes may differ.",
)


def _learning_phase_reference() -> Any:
    raise ValueError("learning_phase: has no value of its own; feed 0 (test) or 1 (train) for it.")


learning_phase = Primitive(
    "learning_phase",
    lambda: Spec((), "bool"),
    _learning_phase_reference,
    differentiable=False,
    family=_FAMILY,
    doc="Whether the program trains; each program is compiled for one answer.",
)


def _print(x: Any, message: str) -> Any:
    sys.stdout.write(f"{message}{x}\n")
    return x


def _print_vjp(g: Tensor, y: Tensor, x: Tensor, message: str) -> tuple[Tensor]:
    return (g,)


print = Primitive(
    "print",
    _same_shape,
    _print,
    _print_vjp,
    family=_FAMILY,
    doc="x, printed after the message each time it is computed.",
)
