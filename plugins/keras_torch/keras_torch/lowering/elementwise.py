"""Elementwise arithmetic and functions of one or two tensors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch.nn import functional

from keras_core.plugins.authoring import FLOATS
from keras_torch.dtypes import dtype_of
from keras_torch.kernel import Kernel, Lowering, Site, elementwise

_aten = torch.ops.aten


def _lower_relu(site: Site) -> Kernel:
    names = {"relu": torch.relu, "clamp": torch.clamp_min}
    return Kernel("{relu}({0})", names, into="{clamp}({0}, 0, out={out})", inplace=(0,))


def _derivative(name: str, *options: float) -> Lowering:
    """The gradient g of a function as PyTorch has it, by the function's result y."""
    operation = getattr(_aten, name)
    more = "".join(f", {option!r}" for option in options)
    kernel = Kernel(
        f"{{fn}}({{1}}, {{0}}{more})",
        {"fn": operation.default, "into": operation.grad_input},
        into=f"{{into}}({{1}}, {{0}}{more}, grad_input={{out}})",
        inplace=(0, 1),
    )
    return lambda site: kernel


def _lower_clip(site: Site) -> Kernel:
    low, high, dtype = site.params["low"], site.params["high"], site.spec.dtype
    if low > high:
        high = low
    if dtype not in FLOATS:
        pattern = "{0}.clamp({low}, {high}).to({dtype})"
        return Kernel(pattern, {"low": low, "high": high, "dtype": dtype_of(dtype)})
    texts = ["min={low}"] * (low != -math.inf) + ["max={high}"] * (high != math.inf)
    if not texts:
        return Kernel("{0}", view=(0,))
    names = {"clamp": torch.clamp, "low": low, "high": high}
    bounds = ", ".join(texts)
    return Kernel(
        f"{{clamp}}({{0}}, {bounds})",
        names,
        into=f"{{clamp}}({{0}}, {bounds}, out={{out}})",
        inplace=(0,),
    )


def _lower_sign(site: Site) -> Kernel:
    """PyTorch's own sign of NaN is 0."""
    if site.spec.dtype not in FLOATS:
        return Kernel("{sign}({0})", {"sign": torch.sign})
    names = {"sign": torch.sign, "where": torch.where, "isnan": torch.isnan}
    return Kernel("{where}({isnan}({0}), {0}, {sign}({0}))", names)


def _extreme(name: str, compare: Any) -> Lowering:
    """`maximum` or `minimum`; autograd would share the gradient of a tie, which goes to a."""
    plain = elementwise(getattr(torch, name), 2)

    def lower(site: Site) -> Kernel:
        if not site.pure or site.spec.dtype not in FLOATS:
            return plain(site)
        names = {"where": torch.where, "compare": compare, "isnan": torch.isnan}
        return Kernel("{where}({compare}({0}, {1}) | {isnan}({0}), {0}, {1})", names)

    return lower


def _lower_softplus(site: Site) -> Kernel:
    """Beyond 40, 1 + e ** x is e ** x in float64 too."""
    return Kernel("{softplus}({0}, 1, 40)", {"softplus": functional.softplus})


def _lower_cast(site: Site) -> Kernel:
    return Kernel("{0}.to({dtype})", {"dtype": dtype_of(site.params["dtype"])})


LOWERINGS: Mapping[str, Lowering] = {
    "abs": elementwise(torch.abs, 1),
    "add": elementwise(torch.add, 2),
    "cast": _lower_cast,
    "ceil": elementwise(torch.ceil, 1),
    "clip": _lower_clip,
    "cos": elementwise(torch.cos, 1),
    "divide": elementwise(torch.div, 2),
    "exp": elementwise(torch.exp, 1),
    "expm1": elementwise(torch.expm1, 1),
    "floor": elementwise(torch.floor, 1),
    "floor_divide": elementwise(torch.floor_divide, 2),
    "is_finite": lambda site: Kernel("{fn}({0})", {"fn": torch.isfinite}),
    "is_nan": lambda site: Kernel("{fn}({0})", {"fn": torch.isnan}),
    "log": elementwise(torch.log, 1),
    "log1p": elementwise(torch.log1p, 1),
    "maximum": _extreme("maximum", torch.ge),
    "minimum": _extreme("minimum", torch.le),
    "modulo": elementwise(torch.remainder, 2),
    "multiply": elementwise(torch.mul, 2),
    "negative": elementwise(torch.neg, 1),
    "power": elementwise(torch.pow, 2),
    "reciprocal": elementwise(torch.reciprocal, 1),
    "relu": _lower_relu,
    "relu_grad": _derivative("threshold_backward", 0),
    "round": elementwise(torch.round, 1),
    "rsqrt": elementwise(torch.rsqrt, 1),
    "sigmoid": elementwise(torch.sigmoid, 1),
    "sigmoid_grad": _derivative("sigmoid_backward"),
    "sign": _lower_sign,
    "sin": elementwise(torch.sin, 1),
    "softplus": _lower_softplus,
    "sqrt": elementwise(torch.sqrt, 1),
    "square": elementwise(torch.square, 1),
    "subtract": elementwise(torch.sub, 2),
    "tanh": elementwise(torch.tanh, 1),
    "tanh_grad": _derivative("tanh_backward"),
}
