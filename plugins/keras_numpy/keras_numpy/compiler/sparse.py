"""Arrays that are zero but for a few rows: their rows alone are worked on.

The gradient of an embedding is such a `Sparse` array. Whatever makes zeros of zeros is computed on
its rows, and added to those of a whole array, block by block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, NamedTuple

import numpy as np


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
