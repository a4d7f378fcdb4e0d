"""Elementwise arithmetic and functions of one or two tensors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from keras_core.export.onnx.tracing import Lowering, Site
from keras_core.graph.spec import FLOATS


def plain(kind: str) -> Lowering:
    """An operation that does just this."""
    return lambda site, *inputs: site.add(kind, *inputs)


def _is_float(site: Site) -> bool:
    return site.inputs[0].dtype in FLOATS


def _lower_floor_divide(site: Site, a: str, b: str) -> str:
    if _is_float(site):
        return site.add("Floor", site.add("Div", a, b))
    # ONNX divides integers towards zero; without its remainder a is divided exactly.
    return site.add("Div", site.add("Sub", a, site.add("Mod", a, b)), b)


def _lower_modulo(site: Site, a: str, b: str) -> str:
    if not _is_float(site):
        return site.add("Mod", a, b)
    whole = site.add("Floor", site.add("Div", a, b))
    return site.add("Sub", a, site.add("Mul", whole, b))


def _lower_relu(site: Site, x: str) -> str:
    return site.add("Relu", x) if _is_float(site) else site.add("Max", x, site.scalar(0))


def _lower_clip(site: Site, x: str) -> str:
    """The upper limit first, as the primitive has it where the limits cross."""
    low, high = site.params["low"], site.params["high"]
    if np.isfinite(high):
        x = site.add("Min", x, site.scalar(high))
    return site.add("Max", x, site.scalar(low)) if np.isfinite(low) else x


def _lower_is_finite(site: Site, x: str) -> str:
    return site.add("Not", site.add("Or", site.add("IsNaN", x), site.add("IsInf", x)))


LOWERINGS: Mapping[str, Lowering] = {
    "abs": plain("Abs"),
    "add": plain("Add"),
    "cast": lambda site, x: site.writer.cast(x, site.params["dtype"]),
    "ceil": plain("Ceil"),
    "clip": _lower_clip,
    "cos": plain("Cos"),
    "divide": plain("Div"),
    "exp": plain("Exp"),
    "expm1": lambda site, x: site.add("Sub", site.add("Exp", x), site.scalar(1)),
    "floor": plain("Floor"),
    "floor_divide": _lower_floor_divide,
    "is_finite": _lower_is_finite,
    "is_nan": plain("IsNaN"),
    "log": plain("Log"),
    "log1p": lambda site, x: site.add("Log", site.add("Add", x, site.scalar(1))),
    "maximum": plain("Max"),
    "minimum": plain("Min"),
    "modulo": _lower_modulo,
    "multiply": plain("Mul"),
    "negative": plain("Neg"),
    "power": plain("Pow"),
    "reciprocal": plain("Reciprocal"),
    "relu": _lower_relu,
    "round": plain("Round"),
    "rsqrt": lambda site, x: site.add("Reciprocal", site.add("Sqrt", x)),
    "sigmoid": plain("Sigmoid"),
    "sign": plain("Sign"),
    "sin": plain("Sin"),
    "softplus": plain("Softplus"),
    "sqrt": plain("Sqrt"),
    "square": lambda site, x: site.add("Mul", x, x),
    "subtract": plain("Sub"),
    "tanh": plain("Tanh"),
}
