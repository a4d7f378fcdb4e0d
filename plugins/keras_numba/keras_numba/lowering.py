"""Which nodes are served, and how: arrays with channels last, copied to where the windows lie
within them, and blocks of images shared out to the backend's threads.

Each function returns None where the backend's own kernel is to serve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from math import prod
from typing import Any

import numpy as np

from keras_core.graph.windows import Window
from keras_numba import loops
from keras_numba.compiled import lanes
from keras_numpy.kernel import Kernel
from keras_numpy.lowering._geometry import Geometry
from keras_numpy.threads import add_in_order, each_block, share

# Into how many blocks a batch is cut at most.
BLOCKS = 64
# The same where each block has a kernel's gradient of its own, and how long a row of results must
# be at least: sums are read and written once a row.
PARTS, LEAST_ROW = 16, 8


class _Layout:
    """Where windows lie in a padded image with channels last, in elements from its start.

    Attributes:
        rows: of the windows of each row of results (of each place along all axes but the last).
        taps: of each stretch of memory in a window, from the window's start.
        reach: elements of a stretch.
        step: from one window of a row to the next.
        beside: from one place of a window to the next, along the last axis.
        length: results of a row.
    """

    def __init__(self, geometry: Geometry, by_channel: bool) -> None:
        channels, window = geometry.channels, geometry.window
        jumps = [prod(geometry.space[i + 1 :]) * channels for i in range(len(geometry.space))]
        strides = [jump * n for jump, n in zip(jumps, window.strides)]
        apart = [jump * n for jump, n in zip(jumps, window.dilation)]
        sizes = list(window.size)
        self.rows = _offsets(geometry.counts[:-1], strides[:-1])
        self.length, self.step, self.beside = geometry.counts[-1], strides[-1], apart[-1]
        self.reach = channels
        if not by_channel and window.dilation[-1] == 1:
            self.reach = sizes.pop() * channels
        elif by_channel:
            sizes.pop()
        self.taps = _offsets(sizes, apart)


def _offsets(counts: Any, jumps: Any) -> np.ndarray:
    places = product(*map(range, counts))
    return np.array([sum(map(int.__mul__, at, jumps)) for at in places], np.intp)


class _Convolution:
    """A convolution of known sizes that the compiled loops can do.

    Args:
        node: one of the three primitives.
        x: shape of what the kernel slides over.
        kernel: shape (window…, channels / groups, filters).
    """

    def __init__(self, node: Any, x: Any, kernel: Any) -> None:
        params = node.params
        window = Window(
            tuple(kernel[:-2]), params["strides"], params["padding"], params["dilation"]
        )
        self.geometry = Geometry(x, window, params.get("data_format", "channels_last"))
        self.filters = kernel[-1]
        groups = params.get("groups", 1)
        self.by_channel = groups == self.geometry.channels == self.filters > 1
        dtype = np.dtype(node.specs[0].dtype)
        self.is_served = (
            (groups == 1 or self.by_channel)
            and dtype in (np.float32, np.float64)
            and 0 not in (*x, *kernel, *self.geometry.counts)
        )
        self.lanes = lanes(dtype.itemsize)

    def flat(self, x: np.ndarray) -> np.ndarray:
        """Images in the order of their format as rows of numbers, padded, channels last."""
        space = self.geometry.padded(self.geometry.seen(x))
        return np.ascontiguousarray(space).reshape(len(x), -1)

    def results(self, y: np.ndarray) -> np.ndarray:
        """What is as large as the convolution's result, as rows of numbers, channels last."""
        return np.ascontiguousarray(self.geometry.seen(y)).reshape(len(y), -1)


def _filled(geometry: Geometry, out: np.ndarray, run: Callable[[np.ndarray], None]) -> None:
    """Has `run` fill rows of numbers, channels last: `out` itself where it lies that way."""
    seen = geometry.seen(out)
    lies_so = seen.flags.c_contiguous
    target = seen if lies_so else np.empty(seen.shape, out.dtype)
    run(target.reshape(len(out), -1))
    if not lies_so:
        seen[...] = target


def _each_block(run: Callable[..., None], *arrays: np.ndarray) -> None:
    """Calls `run` with a block of images of each array, on several threads."""
    count = len(arrays[0])

    def piece(start: int, stop: int, place: int) -> None:
        run(*(array[start:stop] for array in arrays))

    share(piece, count, -(-count // BLOCKS))


def _forward(layout: _Layout, by_channel: bool, filters: int) -> Callable[..., None]:
    """A function of (space, kernel, out), each of rows of numbers."""
    where = layout.rows, layout.taps, layout.reach, layout.step, layout.length
    if by_channel:
        return lambda space, kernel, out: loops.slide_by_channel(
            space, kernel, out, *where, layout.beside
        )
    return lambda space, kernel, out: loops.slide(space, kernel, out, *where, filters)


def _lower_conv(node: Any) -> Kernel | None:
    c = _Convolution(node, *(x.shape for x in node.inputs))
    if not c.is_served or c.filters % c.lanes:
        return None
    slide = _forward(_Layout(c.geometry, c.by_channel), c.by_channel, c.filters)

    def run(x: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
        weights = np.ascontiguousarray(kernel).reshape(-1)

        def block(x: np.ndarray, out: np.ndarray) -> None:
            _filled(c.geometry, out, lambda y: slide(c.flat(x), weights, y))

        _each_block(block, x, out)

    return Kernel("{conv}({0}, {1}, {out})", {"conv": run}, shared=True)


def _lower_input_grad(node: Any) -> Kernel | None:
    """The convolution of the padded cotangent with the kernel turned round."""
    c = _Convolution(node, node.specs[0].shape, node.inputs[1].shape)
    if not c.is_served or c.geometry.channels % c.lanes:
        return None
    back = _turned_round(c.geometry, c.filters)
    if back is None:
        return None
    slide = _forward(_Layout(back, c.by_channel), c.by_channel, c.geometry.channels)
    axes = tuple(range(len(c.geometry.sizes)))

    def run(g: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
        turned = np.flip(kernel, axes)
        if not c.by_channel:
            turned = np.swapaxes(turned, -1, -2)
        weights = np.ascontiguousarray(turned).reshape(-1)

        def block(g: np.ndarray, out: np.ndarray) -> None:
            space = np.ascontiguousarray(back.padded(back.seen(g))).reshape(len(g), -1)
            _filled(c.geometry, out, lambda x: slide(space, weights, x))

        _each_block(block, g, out)

    return Kernel("{grad}({0}, {1}, {out})", {"grad": run}, shared=True)


def _turned_round(geometry: Geometry, filters: int) -> Geometry | None:
    """The geometry of the convolution over the cotangent; None where a stride leaves gaps in it."""
    window = geometry.window
    if set(window.strides) != {1}:
        return None
    reach = [window.extent(axis) - 1 for axis in range(len(window.size))]
    pads = tuple((n - before, n - after) for n, (before, after) in zip(reach, geometry.pads))
    if min(map(min, pads)) < 0:
        return None
    shape = (geometry.batch, *geometry.counts, filters)
    if geometry.data_format == "channels_first":
        shape = (geometry.batch, filters, *geometry.counts)
    return Geometry(shape, window._replace(padding=pads), geometry.data_format)


def _lower_kernel_grad(node: Any) -> Kernel | None:
    c = _Convolution(node, node.inputs[0].shape, node.specs[0].shape)
    if not c.is_served or c.filters % c.lanes or c.geometry.counts[-1] < LEAST_ROW:
        return None
    layout = _Layout(c.geometry, c.by_channel)
    where = layout.rows, layout.taps, layout.reach, layout.step, layout.length
    last = layout.beside if c.by_channel else c.filters
    add = loops.add_products_by_channel if c.by_channel else loops.add_products
    step = -(-c.geometry.batch // PARTS)

    def run(x: np.ndarray, g: np.ndarray, out: np.ndarray) -> None:
        parts: dict[int, np.ndarray] = {}

        def block(images: slice, number: int) -> None:
            part = np.zeros(out.size, out.dtype)
            add(c.flat(x[images]), c.results(g[images]), part, *where, last)
            parts[number] = part.reshape(out.shape)

        each_block(block, c.geometry.batch, step)
        add_in_order(parts, out)

    return Kernel("{grad}({0}, {1}, {out})", {"grad": run}, shared=True)


class _Pooling:
    def __init__(self, node: Any) -> None:
        params, x = node.params, node.inputs[0]
        size = tuple(params["size"])
        window = Window(size, params["strides"], params["padding"], (1,) * len(size))
        self.geometry = Geometry(x.shape, window, params.get("data_format", "channels_last"))
        nothing = 0 in (*x.shape, *self.geometry.counts)
        self.is_served = not nothing and x.dtype in ("float32", "float64")
        if self.is_served:
            layout = _Layout(self.geometry, False)
            taps = _offsets(size, self._jumps())
            channels = self.geometry.channels
            self.where = layout.rows, taps, layout.step, layout.length, channels

    def _jumps(self) -> list[int]:
        space, channels = self.geometry.space, self.geometry.channels
        return [prod(space[i + 1 :]) * channels for i in range(len(space))]

    def flat(self, x: np.ndarray) -> np.ndarray:
        space = self.geometry.padded(self.geometry.seen(x), -np.inf)
        return np.ascontiguousarray(space).reshape(len(x), -1)


def _lower_max_pool(node: Any) -> Kernel | None:
    pooling = _Pooling(node)
    if not pooling.is_served:
        return None
    geometry = pooling.geometry

    def block(x: np.ndarray, out: np.ndarray) -> None:
        _filled(geometry, out, lambda y: loops.maximum(pooling.flat(x), y, *pooling.where))

    run = lambda x, out: _each_block(block, x, out)  # noqa: E731
    return Kernel("{pool}({0}, {out})", {"pool": run})


def _lower_max_pool_grad(node: Any) -> Kernel | None:
    pooling = _Pooling(node)
    if not pooling.is_served:
        return None
    geometry = pooling.geometry

    def block(x: np.ndarray, g: np.ndarray, out: np.ndarray) -> None:
        space = pooling.flat(x)
        given = np.ascontiguousarray(geometry.seen(g)).reshape(len(g), -1)
        target = np.zeros(space.shape, out.dtype)
        loops.give_to_maximum(space, given, target, *pooling.where)
        shape = (len(x), *geometry.space, geometry.channels)
        geometry.seen(out)[...] = geometry.cropped(target.reshape(shape))

    run = lambda x, g, out: _each_block(block, x, g, out)  # noqa: E731
    return Kernel("{grad}({0}, {1}, {out})", {"grad": run})


LOWERINGS: Mapping[str, Callable[[Any], Kernel | None]] = {
    "conv": _lower_conv,
    "conv_input_grad": _lower_input_grad,
    "conv_kernel_grad": _lower_kernel_grad,
    "max_pool": _lower_max_pool,
    "max_pool_grad": _lower_max_pool_grad,
}
