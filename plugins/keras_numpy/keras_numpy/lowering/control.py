"""Choices, views of the same value, printing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_core.graph.primitive import PRIMITIVES, Node
from keras_numpy.kernel import Kernel, Lowering

_SAME = Kernel("{0}", view=True)

_WHERE = Kernel(
    "{copyto}({out}, {2}); {copyto}({out}, {1}, 'same_kind', {0})",
    {"copyto": np.copyto},
    elementwise=True,
)


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
    "where": lambda node: _WHERE,
}
