"""Elementwise arithmetic and functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import theano.tensor as T

from keras_core.graph import Node
from keras_theano.lowering._common import plain, scalar
from keras_theano.ops import reference


def _relu(x: Any) -> Any:
    return T.maximum(x, scalar(0, x.dtype))


def _relu_grad(y: Any, g: Any) -> Any:
    return T.switch(T.gt(y, scalar(0, y.dtype)), g, scalar(0, g.dtype))


def _one_minus(x: Any) -> Any:
    return scalar(1, x.dtype) - x


def _reciprocal(x: Any) -> Any:
    return T.true_div(scalar(1, x.dtype), x)


def _is_finite(x: Any) -> Any:
    return T.invert(T.or_(T.isnan(x), T.isinf(x)))


def _absolute(x: Any) -> Any:
    return x if x.dtype.startswith("uint") else T.abs_(x)


def _clip(node: Node, x: Any) -> Any:
    low, high = node.params["low"], node.params["high"]
    if x.dtype.startswith("float"):
        low, high = scalar(low, x.dtype), scalar(high, x.dtype)
    else:
        x, low, high = (T.cast(v, "float64") for v in (x, low, high))
    return T.maximum(T.minimum(x, high), low)


def _cast(node: Node, x: Any) -> Any:
    if "complex" in x.dtype or "complex" in node.params["dtype"]:
        return reference(node, x)
    return T.cast(x, node.params["dtype"])


def _whole(floats: Any) -> Any:
    """Division of integers by 0 stops the process in C; NumPy gives 0."""

    def lower(node: Node, a: Any, b: Any) -> Any:
        return floats(a, b) if np.dtype(a.dtype).kind == "f" else reference(node, a, b)

    return lower


LOWERINGS: Mapping[str, Any] = {
    "abs": plain(_absolute),
    "add": plain(T.add),
    "cast": _cast,
    "ceil": plain(T.ceil),
    "clip": _clip,
    "cos": plain(T.cos),
    "divide": plain(T.true_div),
    "exp": plain(T.exp),
    "expm1": plain(T.expm1),
    "floor": plain(T.floor),
    "floor_divide": _whole(lambda a, b: T.floor(T.true_div(a, b))),
    "is_finite": plain(_is_finite),
    "is_nan": plain(T.isnan),
    "log": plain(T.log),
    "log1p": plain(T.log1p),
    "maximum": plain(T.maximum),
    "minimum": plain(T.minimum),
    "modulo": _whole(T.mod),
    "multiply": plain(T.mul),
    "negative": plain(T.neg),
    "power": plain(T.pow),
    "reciprocal": plain(_reciprocal),
    "relu": plain(_relu),
    "relu_grad": plain(_relu_grad),
    "round": plain(lambda x: T.round(x, mode="half_to_even")),
    "rsqrt": plain(lambda x: _reciprocal(T.sqrt(x))),
    "sigmoid": plain(T.nnet.sigmoid),
    "sigmoid_grad": plain(lambda y, g: g * y * _one_minus(y)),
    "sign": plain(T.sgn),
    "sin": plain(T.sin),
    "softplus": plain(T.nnet.softplus),
    "sqrt": plain(T.sqrt),
    "square": plain(T.sqr),
    "subtract": plain(T.sub),
    "tanh": plain(T.tanh),
    "tanh_grad": plain(lambda y, g: g * _one_minus(T.sqr(y))),
}
