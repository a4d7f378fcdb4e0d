"""Reductions: ufunc.reduce, and products with ones where BLAS sums faster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Any, Callable

import numpy as np

from keras_core.graph import PRIMITIVES, Node
from keras_core.plugins.authoring import made_by
from keras_numpy.compiler.schedule import BLOCK, SHARED, SHARED_BLOCK
from keras_numpy.kernel import Kernel, Lowering, Parts, scalar

# What a block of rows comes to must be so many times smaller than the block.
_MOST = 8
# Columns from which on NumPy adds rows as fast as memory gives them.
_WIDE = 32


def _reduce(function: np.ufunc) -> Lowering:
    def lower(node: Node) -> Kernel:
        axes, keepdims = node.params["axes"], node.params["keepdims"]
        pattern = f"{{reduce}}({{0}}, {axes!r}, None, {{out}}, {keepdims!r})"
        return Kernel(
            pattern,
            {"reduce": function.reduce},
            by_rows=node.inputs[0].ndim > 0 and 0 not in axes,
            parts=_parts(node),
        )

    return lower


def _parts(node: Node) -> Parts | None:
    """The reduction of a block of rows, and that of what blocks come to; where these are few."""
    shape, axes = node.inputs[0].shape, node.params["axes"]
    left: Any = tuple(length for axis, length in enumerate(shape) if axis not in axes)
    block = SHARED_BLOCK if prod(shape) >= SHARED else BLOCK  # type: ignore[arg-type]
    if 0 not in axes or prod(left) * _MOST > block:
        return None
    whole = f"{{out}}.reshape({left!r})" if node.params["keepdims"] else "{out}"
    return Parts(
        f"{{reduce}}({{0}}, {axes!r}, None, {{out}})",
        left,
        f"{{reduce}}({{0}}, 0, None, {whole})",
    )


def _extreme(function: np.ufunc) -> Lowering:
    """A reduction by a ufunc that NumPy refuses to reduce over no elements."""
    plain = _reduce(function)

    def lower(node: Node) -> Kernel:
        if all(node.inputs[0].shape[axis] for axis in node.params["axes"]):
            return plain(node)
        names = {"reference": node.primitive.reference, "params": dict(node.params)}
        return Kernel("{out}[...] = {reference}({0}, **{params})", names)

    return lower


_plain_sum = _reduce(np.add)


def _lower_sum(node: Node) -> Kernel:
    """A sum over the leading axes is the product of a row of ones with a matrix."""
    x, axes = node.inputs[0], node.params["axes"]
    leading = axes == tuple(range(len(axes))) and 0 < len(axes) < x.ndim
    if not leading or x.dtype not in ("float32", "float64") or made_by(PRIMITIVES["transpose"], x):
        return _plain_sum(node)
    rows, columns = prod(x.shape[: len(axes)]), prod(x.shape[len(axes) :])  # type: ignore[arg-type]
    if rows < 2 or columns < 2:
        return _plain_sum(node)
    names = {"dot": np.dot, "ones": np.ones(rows, x.dtype), "reduce": np.add.reduce}
    source = "{0}" if x.ndim == 2 else f"{{0}}.reshape({rows}, {columns})"
    target = "{out}" if node.specs[0].ndim == 1 else f"{{out}}.reshape({columns})"
    parts = _parts(node)
    if parts is not None and columns < _WIDE:
        block, sums = f"{{0}}.reshape(-1, {columns})", f"{{out}}.reshape({columns})"
        ones = f"{{ones}}[:{{0}}.size // {columns}]"
        parts = parts._replace(pattern=f"{{dot}}({ones}, {block}, {sums})")
    return Kernel(f"{{dot}}({{ones}}, {source}, {target})", names, parts=parts)


def _lower_mean(node: Node) -> Kernel:
    x = node.inputs[0]
    count = prod(x.shape[axis] for axis in node.params["axes"])
    total = _lower_sum(node)
    names = {**total.names, "divide": np.divide, "count": scalar(count, x.dtype)}
    divided, parts = "; {divide}({out}, {count}, {out})", total.parts
    if parts is not None:
        parts = parts._replace(finish=parts.finish + divided)
    return replace(total, pattern=total.pattern + divided, names=names, parts=parts)


def _position(method: str) -> Lowering:
    def lower(node: Node) -> Kernel:
        axis = node.params["axis"]
        return Kernel(f"{{0}}.{method}({axis}, {{out}})", by_rows=axis > 0)

    return lower


def _sum_like(g: np.ndarray, x: np.ndarray, out: np.ndarray) -> None:
    reference: Any = PRIMITIVES["sum_like"].reference
    np.copyto(out, reference(g, x))


def _running(function: Callable[..., Any], start: int) -> Lowering:
    def lower(node: Node) -> Kernel:
        return Kernel("{run}({0}, {out})", {"run": _running_kernel(function, start, **node.params)})

    return lower


def _running_kernel(
    function: Callable[..., Any],
    start: int,
    axis: int,
    reverse: bool = False,
    exclusive: bool = False,
) -> Callable[[np.ndarray, np.ndarray], None]:
    order = slice(None, None, -1) if reverse else slice(None)
    before = (slice(None),) * axis

    def run(x: np.ndarray, out: np.ndarray) -> None:
        x, out = x[(*before, order)], out[(*before, order)]
        if not exclusive:
            function(x, axis, None, out)
            return
        out[(*before, slice(0, 1))] = start
        first, rest = (*before, slice(None, -1)), (*before, slice(1, None))
        if x.shape[axis] > 1:
            function(x[first], axis, None, out[rest])

    return run


def _top_k_kernel(k: int) -> Callable[..., None]:
    def top_k(x: np.ndarray, values: np.ndarray, indices: np.ndarray) -> None:
        reference: Any = PRIMITIVES["top_k"].reference
        values[...], indices[...] = reference(x, k)

    return top_k


def _lower_top_k(node: Node) -> Kernel:
    return Kernel("{run}({0}, {out0}, {out1})", {"run": _top_k_kernel(node.params["k"])})


LOWERINGS: Mapping[str, Lowering] = {
    "argmax": _position("argmax"),
    "argmin": _position("argmin"),
    "cumprod": _running(np.multiply.accumulate, 1),
    "cumsum": _running(np.add.accumulate, 0),
    "reduce_all": _reduce(np.logical_and),
    "reduce_any": _reduce(np.logical_or),
    "reduce_max": _extreme(np.maximum),
    "reduce_mean": _lower_mean,
    "reduce_min": _extreme(np.minimum),
    "reduce_prod": _reduce(np.multiply),
    "reduce_sum": _lower_sum,
    "sum_like": lambda node: Kernel("{run}({0}, {1}, {out})", {"run": _sum_like}),
    "top_k": _lower_top_k,
}
