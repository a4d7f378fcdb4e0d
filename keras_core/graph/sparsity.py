"""Which results are zero wherever their operands are.

The gradient of a look-up is zero but for the rows that were looked up; backends need not work on
the others.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from keras_core.graph.primitive import Node


def keeps_zeros(node: Node, zeros: Collection[Any]) -> bool:
    """Whether the result is zero where the inputs with keys in `zeros` are; the others are finite,
    and nothing is divided by zero."""
    are_zero = [x.key in zeros for x in node.inputs]
    name = node.primitive.name
    if name == "multiply":
        return any(are_zero)
    if name == "divide":
        return are_zero[0] and not are_zero[1]
    return node.primitive.elementwise and all(are_zero) and _of_zeros(node) == 0


def _of_zeros(node: Node) -> Any:
    reference: Any = node.primitive.reference
    with np.errstate(all="ignore"):
        return reference(*[np.zeros((), x.dtype) for x in node.inputs], **node.params)
