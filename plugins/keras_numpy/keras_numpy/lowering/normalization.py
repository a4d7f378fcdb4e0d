"""Composites with a shorter way than their decomposition.

The sums of batch normalization read memory once: what a block of rows needs twice stays in cache,
and blocks are shared out to threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from keras_core.graph import Node
from keras_core.plugins.authoring import only_where
from keras_numpy.compiler.schedule import rows_of_blocks
from keras_numpy.kernel import Buffer, Kernel, Lowering
from keras_numpy.threads import each_block

# Elements a block of rows.
BLOCK = 1 << 16

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
    return Kernel(pattern, _NAMES, inplace=(0,), scratch=(_reduced(node),), by_rows=axis > 0)


def _lower_log_softmax(node: Node) -> Kernel:
    if 0 in node.specs[0].shape:
        return _NOTHING
    axis = node.params["axis"]
    pattern = (
        f"{{max_reduce}}({{0}}, {axis}, None, {{s0}}, True); {{subtract}}({{0}}, {{s0}}, {{out}}); "
        f"{{exp}}({{out}}, {{s1}}); {{add_reduce}}({{s1}}, {axis}, None, {{s0}}, True); "
        "{log}({s0}, {s0}); {subtract}({out}, {s0}, {out})"
    )
    scratch = (_reduced(node), _whole(node))
    return Kernel(pattern, _NAMES, inplace=(0,), scratch=scratch, by_rows=axis > 0)


def _whole(node: Node) -> Buffer:
    shape: Any = node.specs[0].shape
    return shape, node.specs[0].dtype


def _reduced(node: Node) -> Buffer:
    """Shape and dtype of the input with the axis reduced to 1."""
    shape, dtype = _whole(node)
    axis = node.params["axis"]
    return (*shape[:axis], 1, *shape[axis + 1 :]), dtype


def _has_channels_last(node: Node) -> bool:
    """Sums over all axes but the last, of numbers that products of matrices can sum."""
    x, axes = node.inputs[0].spec, node.params["axes"]
    every = None not in x.shape and prod(x.shape) > 0  # type: ignore[arg-type]
    return every and axes == tuple(range(x.ndim - 1)) and x.dtype in ("float32", "float64")


@only_where(_has_channels_last)
def _lower_moments(node: Node) -> Kernel:
    return Kernel("{moments}({0}, {out0}, {out1})", {"moments": _moments})


def _moments(x: np.ndarray, mean: np.ndarray, var: np.ndarray) -> None:
    """Means of blocks and sums of squares around them, joined as in Chan, Golub and LeVeque,
    "Updating formulae and a pairwise algorithm for computing sample variances", 1979."""
    rows = x.reshape(-1, x.shape[-1])
    count, step = len(rows), rows_of_blocks(rows.shape, BLOCK)
    blocks = -(-count // step)
    means = np.empty((blocks, rows.shape[1]))
    squares, sizes = np.empty_like(means), np.empty((blocks, 1))

    def piece(some: slice, number: int) -> None:
        block = rows[some]
        ones = np.ones(len(block), x.dtype)
        sizes[number] = len(block)
        middle = np.dot(ones, block) / x.dtype.type(len(block))
        centred = block - middle
        means[number] = middle
        squares[number] = np.dot(ones, np.square(centred, centred))

    each_block(piece, count, step)
    whole = (sizes * means).sum(axis=0) / count
    apart = np.square(means - whole)
    mean[...] = whole
    var[...] = (squares + sizes * apart).sum(axis=0) / count


@only_where(_has_channels_last)
def _lower_centred_sums(node: Node) -> Kernel:
    pattern = "{sums}({0}, {1}, {2}, {out0}, {out1})"
    return Kernel(pattern, {"sums": _centred_sums})


def _centred_sums(
    g: np.ndarray, x: np.ndarray, mean: np.ndarray, of_g: np.ndarray, of_both: np.ndarray
) -> None:
    rows, given = x.reshape(-1, x.shape[-1]), g.reshape(-1, x.shape[-1])
    step = rows_of_blocks(rows.shape, BLOCK)
    sums = np.empty((2, -(-len(rows) // step), rows.shape[1]))

    def piece(some: slice, number: int) -> None:
        block = given[some]
        ones = np.ones(len(block), x.dtype)
        sums[0, number] = np.dot(ones, block)
        both = rows[some] - mean
        sums[1, number] = np.dot(ones, np.multiply(both, block, both))

    each_block(piece, len(rows), step)
    of_g[...], of_both[...] = sums.sum(axis=1)


LOWERINGS: Mapping[str, Lowering] = {
    "centred_sums": _lower_centred_sums,
    "log_softmax": _lower_log_softmax,
    "moments": _lower_moments,
    "softmax": _lower_softmax,
}
