"""Convolution by windows: copied block by block into rows of a matrix, and one product a block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, Callable

import numpy as np

from keras_core.graph.primitive import Node
from keras_core.graph.windows import Window
from keras_numpy.kernel import Kernel, Lowering
from keras_numpy.lowering._geometry import Geometry

# Bytes of windows a block; measured: smaller blocks lose in BLAS, larger ones leave the cache.
FORWARD_BLOCK = 16 << 20
BACKWARD_BLOCK = 5 << 20


class _Convolution:
    """One convolution of known sizes, in each of its three directions.

    Args:
        node: one of the three primitives.
        shape: of the tensor that the kernel slides over.
        kernel: shape (window…, channels / groups, filters).
    """

    def __init__(self, node: Node, shape: Any, kernel: Any) -> None:
        params = node.params
        size = tuple(kernel[:-2])
        window = Window(size, params["strides"], params["padding"], params["dilation"])
        data_format = params.get("data_format", "channels_last")
        self.geometry = Geometry(shape, window, data_format)
        self.groups: int = params.get("groups", 1)
        self.filters: int = kernel[-1]
        self.depth: int = kernel[-2]
        self.places = prod(self.geometry.counts)
        self.columns = prod(size) * self.depth
        self.dtype = np.dtype(node.specs[0].dtype)
        self.is_pointwise = (
            prod(size) == 1 and not self.geometry.is_padded and set(window.strides) == {1}
        )

    def blocks(self, nbytes: int) -> Iterator[slice]:
        """Ranges of images whose windows take about `nbytes`."""
        one = max(1, self.places * self.columns * self.dtype.itemsize)
        step = max(1, nbytes // one)
        for start in range(0, self.geometry.batch, step):
            yield slice(start, min(start + step, self.geometry.batch))

    def rows(self, windows: np.ndarray, block: slice) -> np.ndarray:
        """The windows of a block of images as rows of a matrix."""
        count = (block.stop - block.start) * self.places
        return windows[block].reshape(count, self.columns)

    def forward(self, x: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
        """x (batch, space…, channels), kernel (columns, filters), out (batch, places, filters)."""
        if self.is_pointwise:
            np.copyto(out, np.dot(x.reshape(-1, self.columns), kernel).reshape(out.shape))
            return
        windows = self.geometry.windows(self.geometry.padded(x))
        for block in self.blocks(FORWARD_BLOCK):
            rows = self.rows(windows, block)
            np.dot(rows, kernel, out[block].reshape(len(rows), kernel.shape[-1]))

    def kernel_grad(self, x: np.ndarray, g: np.ndarray, out: np.ndarray) -> None:
        """x and g (batch, places, filters) to the gradient (columns, filters)."""
        windows = self.geometry.windows(self.geometry.padded(x))
        out[...] = 0
        for block in self.blocks(BACKWARD_BLOCK):
            rows = self.rows(windows, block)
            out += np.dot(rows.T, g[block].reshape(len(rows), g.shape[-1]))

    def input_grad(self, g: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
        """g (batch, places, filters) and a kernel (columns, filters) to out like x.

        What each place gives to its window is added up in two stages, over all spatial axes but the
        last and then over the last: long rows of memory instead of single pixels.
        """
        geometry = self.geometry
        *leading, last = geometry.window.size
        parts = kernel.reshape(prod(leading), last * self.depth, kernel.shape[-1])
        for block in self.blocks(BACKWARD_BLOCK):
            count = block.stop - block.start
            rows = np.zeros(
                (count, *geometry.space[:-1], geometry.counts[-1], last * self.depth), self.dtype
            )
            flat = g[block].reshape(count * self.places, g.shape[-1])
            for part, met in zip(parts, geometry.leading_taps):
                given = np.dot(flat, part.T).reshape(count, *geometry.counts, len(part))
                place = rows[(slice(None), *met)]
                np.add(place, given, place)
            self._add_columns(rows, out[block])

    def _add_columns(self, rows: np.ndarray, out: np.ndarray) -> None:
        """The second stage: rows (batch, space…, counts, window · channels) to out."""
        geometry = self.geometry
        space = out
        if geometry.is_padded:
            space = np.empty((len(out), *geometry.space, self.depth), self.dtype)
        space[...] = 0
        for tap, met in enumerate(geometry.last_taps):
            place = space[(..., met, slice(None))]
            np.add(place, rows[..., tap * self.depth : (tap + 1) * self.depth], place)
        if geometry.is_padded:
            np.copyto(out, geometry.cropped(space))


Run = Callable[[np.ndarray, np.ndarray, np.ndarray], None]


def _each_group(run: Run, c: _Convolution, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> Any:
    """Runs one direction group by group; a kernel's groups share its last axis."""
    if c.groups == 1:
        return run(a, b, out)
    for i in range(c.groups):
        result = np.empty((*out.shape[:-1], out.shape[-1] // c.groups), out.dtype)
        run(_group(a, i, c.groups), _group(b, i, c.groups), result)
        _group(out, i, c.groups)[...] = result


def _group(x: np.ndarray, i: int, groups: int) -> np.ndarray:
    size = x.shape[-1] // groups
    return x[..., i * size : (i + 1) * size]


def _in_place(c: _Convolution, shape: tuple[int, ...], out: np.ndarray, run: Any) -> None:
    """Has `run` fill a channels-last array of `shape`: `out` itself where it lies that way."""
    if c.geometry.data_format == "channels_last":
        run(out.reshape(shape))
        return
    result = np.empty(shape, out.dtype)
    run(result)
    spatial = c.geometry.seen(out).shape
    np.copyto(out, c.geometry.back(result.reshape(spatial)))


def _flat(c: _Convolution, g: np.ndarray) -> np.ndarray:
    """A result of the convolution as (batch, places, filters)."""
    return c.geometry.seen(g).reshape(len(g), c.places, c.filters)


def _lower_conv(node: Node) -> Kernel:
    x, kernel = (t.shape for t in node.inputs)
    c = _Convolution(node, x, kernel)
    if _is_depthwise(c):
        return _lower_depthwise(c)

    def run(x: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
        seen, matrix = c.geometry.seen(x), _matrix_of(c, kernel)
        shape = (c.geometry.batch, c.places, c.filters)
        _in_place(c, shape, out, lambda y: _each_group(c.forward, c, seen, matrix, y))

    return Kernel("{conv}({0}, {1}, {out})", {"conv": run})


def _matrix_of(c: _Convolution, kernel: np.ndarray) -> np.ndarray:
    return kernel.reshape(c.columns, c.filters)


def _lower_input_grad(node: Node) -> Kernel:
    c = _Convolution(node, node.specs[0].shape, node.inputs[1].shape)

    def run(g: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
        flat, matrix = _flat(c, g), _matrix_of(c, kernel)
        shape = (c.geometry.batch, *c.geometry.sizes, c.geometry.channels)
        _in_place(c, shape, out, lambda y: _each_group(c.input_grad, c, flat, matrix, y))

    return Kernel("{grad}({0}, {1}, {out})", {"grad": run})


def _lower_kernel_grad(node: Node) -> Kernel:
    c = _Convolution(node, node.inputs[0].shape, node.specs[0].shape)

    def run(x: np.ndarray, g: np.ndarray, out: np.ndarray) -> None:
        matrix = out.reshape(c.columns, c.filters)
        _each_group(c.kernel_grad, c, c.geometry.seen(x), _flat(c, g), matrix)

    return Kernel("{grad}({0}, {1}, {out})", {"grad": run})


def _is_depthwise(c: _Convolution) -> bool:
    return c.groups == c.geometry.channels > 1


def _lower_depthwise(c: _Convolution) -> Kernel:
    """One channel a group: products would be tiny, so taps are multiplied and added as they are."""
    channels = c.geometry.channels
    shape = (c.geometry.batch, *c.geometry.counts, channels, c.filters // channels)

    def taps(x: np.ndarray, kernel: np.ndarray, y: np.ndarray) -> None:
        space = c.geometry.padded(c.geometry.seen(x))
        weights = kernel.reshape(-1, channels, c.filters // channels)
        y[...] = 0
        part = np.empty_like(y)
        for tap, met in enumerate(c.geometry.taps):
            np.multiply(space[(slice(None), *met)][..., None], weights[tap], part)
            np.add(y, part, y)

    def run(x: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
        _in_place(c, shape, out, lambda y: taps(x, kernel, y))

    return Kernel("{conv}({0}, {1}, {out})", {"conv": run})


LOWERINGS: Mapping[str, Lowering] = {
    "conv": _lower_conv,
    "conv_input_grad": _lower_input_grad,
    "conv_kernel_grad": _lower_kernel_grad,
}
