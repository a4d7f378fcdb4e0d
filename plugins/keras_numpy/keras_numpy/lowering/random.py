"""Draws, straight into the buffer, from the node's own generator."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from keras_core.graph import PRIMITIVES, Node
from keras_numpy.compiler.schedule import SHARED, SHARED_BLOCK
from keras_numpy.kernel import Kernel, Lowering
from keras_numpy.threads import share

_DIRECT = ("float32", "float64")


def _lower_normal(node: Node) -> Kernel:
    dtype = node.specs[0].dtype
    if dtype not in _DIRECT:
        return _lower_reference(node)
    return Kernel(f"{{rng}}.standard_normal(None, {dtype!r}, {{out}})")


def _lower_uniform(node: Node) -> Kernel:
    """Each uniform number takes as many bits, so that those of a block can be drawn alone."""
    shape: Any = node.specs[0].shape
    if node.specs[0].dtype not in _DIRECT:
        return _lower_reference(node)
    row = prod(shape[1:])
    names = {"draw": _draw, "draw_from": _draw_from}
    pattern = "{draw_from}({rng}, {out}, {start} * " + f"{row})"
    return Kernel("{draw}({rng}, {out})", names, rows=pattern if shape else "")


def _draw(rng: np.random.Generator, out: np.ndarray) -> None:
    """Fills an array with uniform numbers; a large one on several threads."""
    if out.size < SHARED or not out.flags.c_contiguous:
        rng.random(None, out.dtype, out)
        return
    flat = out.reshape(-1)

    def piece(start: int, stop: int, place: int) -> None:
        _draw_from(rng, flat[start:stop], start)

    share(piece, flat.size, SHARED_BLOCK)


def _draw_from(rng: np.random.Generator, out: np.ndarray, start: int) -> None:
    """Fills an array with the uniform numbers that `rng` would draw from number `start` on, and
    leaves it as it is; two of float32 take the bits of one of float64."""
    bits: Any = np.random.PCG64(0)
    bits.state = rng.bit_generator.state
    own = np.random.Generator(bits)
    if out.dtype == np.float64:
        bits.advance(start)
    else:
        bits.advance(start // 2)
        own.random(start % 2, np.float32)
    own.random(None, out.dtype, out)


def _lower_reference(node: Node) -> Kernel:
    reference: Any = PRIMITIVES[node.primitive.name].reference
    params = dict(node.params, shape=node.specs[0].shape)
    names = {"copyto": np.copyto, "draw": reference, "params": params}
    return Kernel("{copyto}({out}, {draw}({rng}, **{params}))", names)


LOWERINGS: Mapping[str, Lowering] = {
    "random_normal": _lower_normal,
    "random_truncated_normal": _lower_reference,
    "random_uniform": _lower_uniform,
}
