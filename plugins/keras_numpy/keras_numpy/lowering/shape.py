"""Rearrangements: views where NumPy has them, else one copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_core.graph import PRIMITIVES, Node
from keras_numpy.kernel import Kernel, Lowering, places


def _lower_reshape(node: Node) -> Kernel:
    return Kernel(f"{{0}}.reshape({node.specs[0].shape!r})", view=True)


def _lower_transpose(node: Node) -> Kernel:
    return Kernel(f"{{0}}.transpose({tuple(node.params['perm'])!r})", view=True)


def _lower_broadcast(node: Node) -> Kernel:
    return Kernel("{copyto}({out}, {0})", {"copyto": np.copyto})


def _lower_reverse(node: Node) -> Kernel:
    axes = node.params["axes"]
    parts = ["::-1" if i in axes else ":" for i in range(len(node.specs[0].shape))]
    return Kernel(f"{{0}}[{', '.join(parts)}]" if parts else "{0}", view=True)


def _lower_pad(node: Node) -> Kernel:
    widths = node.params["widths"]
    inner = [f"{before}:{before + n}" for (before, _), n in zip(widths, node.inputs[0].shape)]
    pattern = f"{{out}}[...] = {{value}}; {{out}}[{', '.join(inner) or '...'}] = {{0}}"
    return Kernel(pattern, {"value": node.params["value"]})


def _lower_concat(node: Node) -> Kernel:
    pattern = f"{{join}}(({places(len(node.inputs))}), {node.params['axis']}, {{out}})"
    return Kernel(pattern, {"join": np.concatenate})


def _lower_stack(node: Node) -> Kernel:
    before = ":, " * node.params["axis"]
    lines = [f"{{out}}[{before}{i}] = {{{i}}}" for i in range(len(node.inputs))]
    return Kernel("; ".join(lines))


def _lower_repeat(node: Node) -> Kernel:
    """The result seen with an axis for the repetitions, which the input is copied along."""
    x, axis, repeats = node.inputs[0], node.params["axis"], node.params["repeats"]
    apart = (*x.shape[: axis + 1], repeats, *x.shape[axis + 1 :])
    source = (*x.shape[: axis + 1], 1, *x.shape[axis + 1 :])
    return _spread(apart, source)


def _lower_tile(node: Node) -> Kernel:
    sizes, reps = node.inputs[0].shape, node.params["reps"]
    apart = tuple(n for pair in zip(reps, sizes) for n in pair)
    source = tuple(n for size in sizes for n in (1, size))
    return _spread(apart, source)


def _spread(apart: tuple[Any, ...], source: tuple[Any, ...]) -> Kernel:
    pattern = f"{{copyto}}({{out}}.reshape({apart!r}), {{0}}.reshape({source!r}))"
    return Kernel(pattern, {"copyto": np.copyto})


def _lower_size(node: Node) -> Kernel:
    reference: Any = PRIMITIVES[node.primitive.name].reference
    names = {"size": reference, "params": dict(node.params)}
    return Kernel("{size}({0}, **{params})", names, value=True)


LOWERINGS: Mapping[str, Lowering] = {
    "broadcast_to": _lower_broadcast,
    "concat": _lower_concat,
    "dim": _lower_size,
    # Sizes are known where this runs, and its shape rule has compared them.
    "ensure_shape": lambda node: Kernel("{0}", view=True),
    "pad": _lower_pad,
    "repeat": _lower_repeat,
    "reshape": _lower_reshape,
    "reverse": _lower_reverse,
    "shape_of": _lower_size,
    "stack": _lower_stack,
    "tile": _lower_tile,
    "transpose": _lower_transpose,
}
