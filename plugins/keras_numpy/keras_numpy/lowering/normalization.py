"""Composites with a shorter way than their decomposition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_core.graph.primitive import Node
from keras_numpy.kernel import Buffer, Kernel, Lowering

_NAMES = {
    "add_reduce": np.add.reduce,
    "divide": np.divide,
    "exp": np.exp,
    "log": np.log,
    "max_reduce": np.maximum.reduce,
    "subtract": np.subtract,
}


# For results without elements: a maximum over none is refused.
_NOTHING = Kernel("pass")


def _lower_softmax(node: Node) -> Kernel:
    if 0 in node.specs[0].shape:
        return _NOTHING
    axis = node.params["axis"]
    pattern = (
        f"{{max_reduce}}({{0}}, {axis}, None, {{s0}}, True); {{subtract}}({{0}}, {{s0}}, {{out}}); "
        f"{{exp}}({{out}}, {{out}}); {{add_reduce}}({{out}}, {axis}, None, {{s0}}, True); "
        "{divide}({out}, {s0}, {out})"
    )
    return Kernel(pattern, _NAMES, inplace=(0,), scratch=(_reduced(node),))


def _lower_log_softmax(node: Node) -> Kernel:
    if 0 in node.specs[0].shape:
        return _NOTHING
    axis = node.params["axis"]
    pattern = (
        f"{{max_reduce}}({{0}}, {axis}, None, {{s0}}, True); {{subtract}}({{0}}, {{s0}}, {{out}}); "
        f"{{exp}}({{out}}, {{s1}}); {{add_reduce}}({{s1}}, {axis}, None, {{s0}}, True); "
        "{log}({s0}, {s0}); {subtract}({out}, {s0}, {out})"
    )
    return Kernel(pattern, _NAMES, inplace=(0,), scratch=(_reduced(node), _whole(node)))


def _whole(node: Node) -> Buffer:
    shape: Any = node.specs[0].shape
    return shape, node.specs[0].dtype


def _reduced(node: Node) -> Buffer:
    """Shape and dtype of the input with the axis reduced to 1."""
    shape, dtype = _whole(node)
    axis = node.params["axis"]
    return (*shape[:axis], 1, *shape[axis + 1 :]), dtype


LOWERINGS: Mapping[str, Lowering] = {
    "log_softmax": _lower_log_softmax,
    "softmax": _lower_softmax,
}
