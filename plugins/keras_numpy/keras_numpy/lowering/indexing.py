"""Parts of arrays: slices are views, look-ups np.take, their gradients sums of sorted rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, Callable

import numpy as np

from keras_core.graph import Node, Spec
from keras_numpy.compiler.schedule import BLOCK, SHARED, rows_of_blocks
from keras_numpy.compiler.sparse import Sparse, fill
from keras_numpy.kernel import Kernel, Lowering
from keras_numpy.threads import share


def _text(index: Sequence[Any]) -> str:
    """Python's notation of a slice an axis."""
    parts = []
    for start, stop, step in index:
        part = f"{'' if start is None else start}:{'' if stop is None else stop}"
        parts.append(part if step == 1 else f"{part}:{step}")
    return ", ".join(parts) or "..."


def _lower_slice(node: Node) -> Kernel:
    return Kernel(f"{{0}}[{_text(node.params['index'])}]", view=True)


def _lower_unslice(node: Node) -> Kernel:
    return Kernel(f"{{out}}[...] = 0; {{out}}[{_text(node.params['index'])}] = {{0}}")


def _block(starts: Sequence[int], sizes: Sequence[int]) -> str:
    parts = [f"{{{i}}}:{{{i}}} + {size}" for i, size in zip(starts, sizes)]
    return ", ".join(parts) or "..."


def _lower_dynamic_slice(node: Node) -> Kernel:
    sizes = node.params["sizes"]
    return Kernel(f"{{0}}[{_block(range(1, len(sizes) + 1), sizes)}]", view=True)


def _lower_dynamic_unslice(node: Node) -> Kernel:
    sizes = node.inputs[0].shape
    block = _block(range(1, len(sizes) + 1), sizes)  # type: ignore[arg-type]
    return Kernel(f"{{out}}[...] = 0; {{out}}[{block}] = {{0}}")


def _refuse_outside(indices: np.ndarray, size: int) -> None:
    if indices.size and (indices.min() < 0 or indices.max() >= size):
        bad = indices[(indices < 0) | (indices >= size)].flat[0]
        raise IndexError(f"index {bad} is outside of [0, {size})")


def _lower_gather(node: Node) -> Kernel:
    axis = node.params["axis"]
    size = node.inputs[0].shape[axis]
    # Checked first, so that 'clip', the mode that needs no buffer of its own, changes nothing.
    pattern = f"{{check}}({{1}}, {size}); {{take}}({{0}}, {{1}}, {axis}, {{out}}, 'clip')"
    shared = axis == 0 and _is_large(node.specs[0])
    take = _take_rows if shared else np.take
    return Kernel(pattern, {"check": _refuse_outside, "take": take})


def _is_large(spec: Spec) -> bool:
    return len(spec.shape) > 1 and prod(spec.shape) >= SHARED  # type: ignore[arg-type]


def _take_rows(x: np.ndarray, indices: np.ndarray, axis: int, out: np.ndarray, mode: Any) -> None:
    """`np.take` along axis 0, on several threads."""
    flat = indices.reshape(-1)
    rows = out.reshape(flat.size, -1)
    table = x.reshape(len(x), rows.shape[-1])

    def piece(start: int, stop: int, place: int) -> None:
        np.take(table, flat[start:stop], 0, rows[start:stop], mode)

    share(piece, flat.size, rows_of_blocks(rows.shape, BLOCK))


def _totals(axis: int, size: int) -> Callable[[np.ndarray, np.ndarray], Sparse]:
    """Sums the parts of g that have one index: sorted, each is one sum."""

    def totals(g: np.ndarray, indices: np.ndarray) -> Sparse:
        _refuse_outside(indices, size)
        flat = indices.reshape(-1)
        shape = (*g.shape[:axis], flat.size, *g.shape[axis + indices.ndim :])
        parts = np.moveaxis(g.reshape(shape), axis, 0)
        if not flat.size:
            return Sparse(flat, parts)
        order = np.argsort(flat, kind="stable")
        found = flat[order]
        starts = np.flatnonzero(np.concatenate(([True], found[1:] != found[:-1])))
        return Sparse(found[starts], np.add.reduceat(parts[order], starts, axis=0))

    return totals


def _lower_gather_grad(node: Node) -> Kernel:
    axis = node.params["axis"]
    size: Any = node.specs[0].shape[axis]
    names = {"totals": _totals(axis, size), "fill": fill, "moveaxis": np.moveaxis}
    totals = "{totals}({0}, {1})"
    pattern = f"{{fill}}({{moveaxis}}({{out}}, {axis}, 0), {totals}, 0, {size})"
    return Kernel(pattern, names, sparse="" if axis else totals)


def _lower_one_hot(node: Node) -> Kernel:
    numbers = np.arange(node.params["depth"])
    return Kernel(
        "{out}[...] = {equal}({0}[..., None], {numbers})",
        {"equal": np.equal, "numbers": numbers},
    )


def _lower_arange(node: Node) -> Kernel:
    dtype = node.params["dtype"]
    return Kernel(f"{{arange}}({{0}}, {{1}}, {{2}}, {dtype!r})", {"arange": np.arange}, value=True)


LOWERINGS: Mapping[str, Lowering] = {
    "arange": _lower_arange,
    "dynamic_slice": _lower_dynamic_slice,
    "dynamic_unslice": _lower_dynamic_unslice,
    "gather": _lower_gather,
    "gather_grad": _lower_gather_grad,
    "one_hot": _lower_one_hot,
    "slice": _lower_slice,
    "unslice": _lower_unslice,
}
