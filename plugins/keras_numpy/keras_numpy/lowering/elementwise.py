"""Elementwise arithmetic: a ufunc, or a few of them in one buffer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from keras_core.graph import Node
from keras_numpy.kernel import Kernel, Lowering, scalar, ufunc


def _with_scalar(pattern: str, value: float, inplace: tuple = (0,)) -> Lowering:
    """A pattern with `{c}`, a constant in the dtype of the result."""

    def lower(node: Node) -> Kernel:
        names = {"c": scalar(value, node.specs[0].dtype), **_UFUNCS}
        return Kernel(pattern, names, elementwise=True, inplace=inplace)

    return lower


_UFUNCS = {
    "add": np.add,
    "divide": np.divide,
    "greater": np.greater,
    "logaddexp": np.logaddexp,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "multiply": np.multiply,
    "sqrt": np.sqrt,
    "square": np.square,
    "subtract": np.subtract,
    "tanh": np.tanh,
}


def _lower_clip(node: Node) -> Kernel:
    """The finite ones of the two limits."""
    dtype = node.specs[0].dtype
    limits = {"minimum": node.params["high"], "maximum": node.params["low"]}
    finite = {name: value for name, value in limits.items() if np.isfinite(value)}
    if not finite:
        return Kernel("{copyto}({out}, {0})", {"copyto": np.copyto}, elementwise=True, inplace=(0,))
    parts, source = [], "{0}"
    for name in finite:
        parts.append(f"{{{name}}}({source}, {{{name}_limit}}, out={{out}})")
        source = "{out}"
    names = {f"{name}_limit": scalar(value, dtype) for name, value in finite.items()}
    return Kernel("; ".join(parts), {**_UFUNCS, **names}, elementwise=True, inplace=(0,))


def _copy_cast(out: np.ndarray, x: np.ndarray) -> None:
    np.copyto(out, x, casting="unsafe")


_CAST = Kernel("{copy}({out}, {0})", {"copy": _copy_cast}, elementwise=True)


# 1 / (1 + e ** -x) as a tanh: one transcendental, no overflow.
_SIGMOID = (
    "{multiply}({0}, {c}, {out}); {tanh}({out}, {out}); "
    "{multiply}({out}, {c}, {out}); {add}({out}, {c}, {out})"
)

LOWERINGS: Mapping[str, Lowering] = {
    "abs": ufunc(np.absolute),
    "add": ufunc(np.add),
    "cast": lambda node: _CAST,
    "ceil": ufunc(np.ceil),
    "clip": _lower_clip,
    "cos": ufunc(np.cos),
    "divide": ufunc(np.divide),
    "exp": ufunc(np.exp),
    "expm1": ufunc(np.expm1),
    "floor": ufunc(np.floor),
    "floor_divide": ufunc(np.floor_divide),
    "is_finite": ufunc(np.isfinite),
    "is_nan": ufunc(np.isnan),
    "log": ufunc(np.log),
    "log1p": ufunc(np.log1p),
    "maximum": ufunc(np.maximum),
    "minimum": ufunc(np.minimum),
    "modulo": ufunc(np.mod),
    "multiply": ufunc(np.multiply),
    "negative": ufunc(np.negative),
    "power": ufunc(np.power),
    "reciprocal": _with_scalar("{divide}({c}, {0}, {out})", 1),
    "relu": _with_scalar("{maximum}({0}, {c}, out={out})", 0),
    "relu_grad": _with_scalar("{greater}({0}, {c}, {out}); {multiply}({out}, {1}, {out})", 0),
    "round": ufunc(np.rint),
    "rsqrt": _with_scalar("{sqrt}({0}, {out}); {divide}({c}, {out}, {out})", 1),
    "sigmoid": _with_scalar(_SIGMOID, 0.5),
    "sigmoid_grad": _with_scalar(
        "{subtract}({c}, {0}, {out}); {multiply}({out}, {0}, {out}); {multiply}({out}, {1}, {out})",
        1,
        inplace=(),
    ),
    "sign": ufunc(np.sign),
    "sin": ufunc(np.sin),
    "softplus": _with_scalar("{logaddexp}({0}, {c}, {out})", 0),
    "sqrt": ufunc(np.sqrt),
    "square": ufunc(np.square),
    "subtract": ufunc(np.subtract),
    "tanh": ufunc(np.tanh),
    "tanh_grad": _with_scalar(
        "{square}({0}, {out}); {subtract}({c}, {out}, {out}); {multiply}({out}, {1}, {out})", 1
    ),
}
