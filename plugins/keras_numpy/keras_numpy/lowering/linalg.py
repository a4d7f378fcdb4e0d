"""The general product: reshaped to matrices for BLAS, to stacks of them where there is a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from keras_core.graph import Node
from keras_numpy.blas import is_large, product
from keras_numpy.kernel import Kernel, Lowering, Steady


def _lower_dot(node: Node) -> Kernel:
    a, b = node.inputs
    contract, batch = node.params["contract"], node.params["batch"]
    free_a = _free(a, contract[0], batch[0])
    free_b = _free(b, contract[1], batch[1])
    m, n = _size(a, free_a), _size(b, free_b)
    k = _size(a, contract[0])
    if k == 0:
        return Kernel("{out}[...] = 0")
    if batch[0]:
        return _batched(node, free_a, free_b, m, k, n)
    left = _matrix("{0}", a, free_a, contract[0], m, k)
    right = _matrix("{1}", b, contract[1], free_b, k, n)
    target = "{out}" if node.specs[0].shape == (m, n) else f"{{out}}.reshape({m}, {n})"
    large = is_large(m, k, n)
    function = product if large else np.dot
    steady = None
    if right.endswith(".T"):
        # BLAS lays a transposed matrix out anew in each product, which takes it as long as 16 rows.
        steady = Steady(1, _matrix("{0}", b, contract[1], free_b, k, n), (k, n))
        right = "{steady}"
    names = {"dot": function}
    return Kernel(f"{{dot}}({left}, {right}, {target})", names, either=large, steady=steady)


def _free(x: Any, contract: Sequence[int], batch: Sequence[int]) -> tuple[int, ...]:
    return tuple(i for i in range(x.ndim) if i not in contract and i not in batch)


def _size(x: Any, axes: Sequence[int]) -> int:
    return prod(x.shape[axis] for axis in axes)


def _matrix(
    source: str, x: Any, rows: Sequence[int], columns: Sequence[int], m: int, n: int
) -> str:
    """Code for `x` as an m by n matrix; a transposed view of it where that avoids a copy."""
    order = (*rows, *columns)
    if order == tuple(range(x.ndim)):
        return source if x.shape == (m, n) else f"{source}.reshape({m}, {n})"
    if (*columns, *rows) == tuple(range(x.ndim)):
        return f"{source}.T" if x.ndim == 2 else f"{source}.reshape({n}, {m}).T"
    return f"{source}.transpose({order!r}).reshape({m}, {n})"


def _batched(
    node: Node, free_a: Sequence[int], free_b: Sequence[int], m: int, k: int, n: int
) -> Kernel:
    a, b = node.inputs
    contract, batch = node.params["contract"], node.params["batch"]
    sizes = tuple(a.shape[axis] for axis in batch[0])
    left = _stack("{0}", a, (*batch[0], *free_a, *contract[0]), (*sizes, m, k))
    right = _stack("{1}", b, (*batch[1], *contract[1], *free_b), (*sizes, k, n))
    full = (*sizes, m, n)
    target = "{out}" if node.specs[0].shape == full else f"{{out}}.reshape({full!r})"
    return Kernel(f"{{matmul}}({left}, {right}, {target})", {"matmul": np.matmul})


def _stack(source: str, x: Any, order: Sequence[int], shape: Sequence[Any]) -> str:
    moved = source if tuple(order) == tuple(range(x.ndim)) else f"{source}.transpose({order!r})"
    ordered = tuple(x.shape[i] for i in order)
    return moved if ordered == tuple(shape) else f"{moved}.reshape({tuple(shape)!r})"


LOWERINGS: Mapping[str, Lowering] = {"dot": _lower_dot}
