"""Choices, views of the same value, printing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_core.graph import PRIMITIVES, Constant, Node, Tensor
from keras_numpy.kernel import Kernel, Lowering

_SAME = Kernel("{0}", view=True)

# A choice by arithmetic on the bits: copies under a mask wait at each branch that is not foreseen.
_BITS = {"multiply": np.multiply, "xor": np.bitwise_xor}


def _lower_where(node: Node) -> Kernel:
    _, x, y = node.inputs
    bits = f".view('i{np.dtype(x.dtype).itemsize}')"
    words = {"x": "{1}" + bits, "y": "{2}" + bits, "to": "{out}" + bits, "m": "{0}.view('i1')"}
    if _is_nothing(y):
        lines = ["{multiply}(%(x)s, %(m)s, %(to)s)"]
    elif _is_nothing(x):
        lines = ["{multiply}(%(y)s, %(m)s, %(to)s)", "{xor}(%(to)s, %(y)s, %(to)s)"]
    else:
        lines = [
            "{xor}(%(x)s, %(y)s, %(to)s)",
            "{multiply}(%(to)s, %(m)s, %(to)s)",
            "{xor}(%(to)s, %(y)s, %(to)s)",
        ]
    inplace = () if _is_nothing(x) else (1,)
    return Kernel("; ".join(lines) % words, _BITS, elementwise=True, inplace=inplace)


def _is_nothing(x: Tensor) -> bool:
    """A constant number all of whose bits are 0."""
    return isinstance(x, Constant) and x.value.size == 1 and not any(x.value.tobytes())


def _lower_print(node: Node) -> Kernel:
    reference: Any = PRIMITIVES["print"].reference
    message = node.params["message"]
    return Kernel("{show}({0}, {text})", {"show": reference, "text": message}, view=True)


def _lower_select(node: Node) -> Kernel:
    return Kernel("{copyto}({out}, {1} if {0} else {2})", {"copyto": np.copyto})


LOWERINGS: Mapping[str, Lowering] = {
    "identity": lambda node: _SAME,
    "print": _lower_print,
    "select": _lower_select,
    "stop_gradient": lambda node: _SAME,
    "where": _lower_where,
}
