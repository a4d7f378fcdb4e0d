"""Draws, straight into the buffer, from the node's own generator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_core.graph.primitive import PRIMITIVES, Node
from keras_numpy.kernel import Kernel, Lowering

_DIRECT = ("float32", "float64")


def _draw(method: str) -> Lowering:
    def lower(node: Node) -> Kernel:
        dtype = node.specs[0].dtype
        if dtype not in _DIRECT:
            return _lower_reference(node)
        return Kernel(f"{{rng}}.{method}(None, {dtype!r}, {{out}})")

    return lower


def _lower_reference(node: Node) -> Kernel:
    reference: Any = PRIMITIVES[node.primitive.name].reference
    params = dict(node.params, shape=node.specs[0].shape)
    names = {"copyto": np.copyto, "draw": reference, "params": params}
    return Kernel("{copyto}({out}, {draw}({rng}, **{params}))", names)


LOWERINGS: Mapping[str, Lowering] = {
    "random_normal": _draw("standard_normal"),
    "random_truncated_normal": _lower_reference,
    "random_uniform": _draw("random"),
}
