"""Arrays that are zero but for a few rows: their rows alone are worked on.

The gradient of an embedding is such a `Sparse` array. Whatever makes zeros of zeros is computed on
its rows, and added to those of a whole array, block by block.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Callable, NamedTuple

import numpy as np

from keras_core.graph.primitive import Node


class Sparse(NamedTuple):
    """The rows of an array that may be other than zero.

    Attributes:
        rows: their numbers, each once, in order.
        values: what stands there, `(len(rows), ...)`.
    """

    rows: np.ndarray
    values: np.ndarray


def fill(out: np.ndarray, x: Sparse, start: int, stop: int) -> None:
    """Writes the rows of `x` from `start` up to `stop`."""
    out[...] = 0
    first, last = _within(x, start, stop)
    out[x.rows[first:last] - start] = x.values[first:last]


def join(
    function: Callable[..., Any], out: np.ndarray, x: Sparse, start: int, stop: int
) -> np.ndarray:
    """Adds to, or subtracts from, `out` the rows of `x` from `start` up to `stop`."""
    first, last = _within(x, start, stop)
    rows = x.rows[first:last] - start
    out[rows] = function(out[rows], x.values[first:last])
    return out


def _within(x: Sparse, start: int, stop: int) -> Sequence[int]:
    return np.searchsorted(x.rows, (start, stop))  # type: ignore[return-value]


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
