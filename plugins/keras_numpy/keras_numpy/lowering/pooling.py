"""Pooling: one elementwise operation a place in the window, on strided views.

Blocks of images are shared out to threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Callable

import numpy as np

from keras_core.graph import Node
from keras_core.plugins.authoring import Window
from keras_numpy.kernel import Blocks, Kernel, Lowering
from keras_numpy.lowering._geometry import Geometry
from keras_numpy.threads import share

# Bytes of images a block.
BLOCK = 1 << 20


def _geometry(node: Node, shape: tuple) -> Geometry:
    params = node.params
    size = tuple(params["size"])
    window = Window(size, params["strides"], params["padding"], (1,) * len(size))
    return Geometry(shape, window, params.get("data_format", "channels_last"))


def _by_images(run: Callable[..., None], node: Node) -> Callable[..., None]:
    """The same function of arrays whose first axis is the batch, done block by block."""
    x = node.inputs[0].spec
    image = prod(x.shape[1:]) * np.dtype(x.dtype).itemsize  # type: ignore[arg-type]
    step = max(1, BLOCK // max(1, image))

    def each_block(*arrays: np.ndarray) -> None:
        def piece(start: int, stop: int, place: int) -> None:
            run(*(array[start:stop] for array in arrays))

        share(piece, len(arrays[0]), step)

    return each_block


def _met(space: np.ndarray, where: tuple) -> np.ndarray:
    return space[(slice(None), *where)]


def _maximum(geometry: Geometry, space: np.ndarray, out: np.ndarray) -> None:
    """The maximum of each window of a padded channels-last array."""
    first, *others = geometry.taps
    np.copyto(out, _met(space, first))
    for where in others:
        np.maximum(out, _met(space, where), out=out)


def _lower_max_pool(node: Node) -> Kernel:
    geometry = _geometry(node, node.inputs[0].shape)

    def run(x: np.ndarray, out: np.ndarray) -> None:
        space = geometry.padded(geometry.seen(x), -np.inf)
        _maximum(geometry, space, geometry.seen(out))

    return Kernel("{pool}({0}, {out})", {"pool": _by_images(run, node)}, by_rows=True)


def _first_maxima(
    geometry: Geometry, x: np.ndarray, visit: Callable[[tuple, np.ndarray], None]
) -> None:
    """Calls `visit(place, mask)` for each place in the window: where it is the first maximum."""
    space = geometry.padded(x, -np.inf)
    best = np.empty((len(x), *geometry.counts, x.shape[-1]), x.dtype)
    _maximum(geometry, space, best)
    free = np.ones(best.shape, bool)
    for where in geometry.taps:
        mask = np.equal(_met(space, where), best)
        np.logical_and(mask, free, mask)
        np.logical_xor(free, mask, free)
        visit(where, mask)


def _overlaps(geometry: Geometry) -> bool:
    return any(n > s for n, s in zip(geometry.window.size, geometry.window.strides))


def _lower_max_pool_grad(node: Node) -> Kernel:
    geometry = _geometry(node, node.inputs[0].shape)
    overlaps = _overlaps(geometry)

    def run(x: np.ndarray, g: np.ndarray, out: np.ndarray) -> None:
        seen, cotangent = geometry.seen(x), geometry.seen(g)
        space = geometry.padded(np.zeros(seen.shape, x.dtype))

        def add(where: tuple, mask: np.ndarray) -> None:
            place = _met(space, where)
            if overlaps:
                place += mask * cotangent
            else:
                np.multiply(mask, cotangent, place)

        _first_maxima(geometry, seen, add)
        np.copyto(geometry.seen(out), geometry.cropped(space))

    pattern = "{grad}({0}, {1}, {out})"
    return Kernel(pattern, {"grad": _by_images(run, node)}, blocks=Blocks(pattern, (0, 1)))


def _lower_max_pool_select(node: Node) -> Kernel:
    geometry = _geometry(node, node.inputs[0].shape)

    def run(x: np.ndarray, v: np.ndarray, out: np.ndarray) -> None:
        values, picked = geometry.padded(geometry.seen(v)), geometry.seen(out)

        def pick(where: tuple, mask: np.ndarray) -> None:
            np.copyto(picked, _met(values, where), where=mask)

        _first_maxima(geometry, geometry.seen(x), pick)

    return Kernel("{select}({0}, {1}, {out})", {"select": _by_images(run, node)})


def _covered(geometry: Geometry, dtype: str) -> np.ndarray:
    """How many elements, padding apart, each window covers: (1, counts…, 1)."""
    space = geometry.padded(np.ones((1, *geometry.sizes, 1), dtype))
    total = np.zeros((1, *geometry.counts, 1), dtype)
    for where in geometry.taps:
        total += _met(space, where)
    return total


def _lower_avg_pool(node: Node) -> Kernel:
    geometry = _geometry(node, node.inputs[0].shape)
    covered = _covered(geometry, node.specs[0].dtype)

    def run(x: np.ndarray, out: np.ndarray) -> None:
        space, total = geometry.padded(geometry.seen(x)), geometry.seen(out)
        first, *others = geometry.taps
        np.copyto(total, _met(space, first))
        for where in others:
            np.add(total, _met(space, where), total)
        np.divide(total, covered, total)

    return Kernel("{pool}({0}, {out})", {"pool": _by_images(run, node)}, by_rows=True)


def _lower_avg_pool_grad(node: Node) -> Kernel:
    geometry = _geometry(node, node.specs[0].shape)
    covered = _covered(geometry, node.specs[0].dtype)

    def run(g: np.ndarray, out: np.ndarray) -> None:
        share = geometry.seen(g) / covered
        target = geometry.seen(out)
        space = geometry.padded(np.zeros(target.shape, out.dtype))
        for where in geometry.taps:
            place = _met(space, where)
            np.add(place, share, place)
        np.copyto(target, geometry.cropped(space))

    pattern = "{grad}({0}, {out})"
    return Kernel(pattern, {"grad": _by_images(run, node)}, blocks=Blocks(pattern, (0,)))


LOWERINGS: Mapping[str, Lowering] = {
    "avg_pool": _lower_avg_pool,
    "avg_pool_grad": _lower_avg_pool_grad,
    "max_pool": _lower_max_pool,
    "max_pool_grad": _lower_max_pool_grad,
    "max_pool_select": _lower_max_pool_select,
}
