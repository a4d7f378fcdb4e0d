"""Convolution by windows: copied block by block into rows of a matrix, and one product a block.

Blocks are shared out to threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any, Callable

import numpy as np

from keras_core.graph import Node
from keras_core.plugins.authoring import Window
from keras_numpy import blas
from keras_numpy.kernel import Blocks, Kernel, Lowering
from keras_numpy.lowering._depthwise import Depthwise, is_depthwise
from keras_numpy.lowering._geometry import Geometry
from keras_numpy.lowering._input_grad import InputGrad
from keras_numpy.threads import add_in_order, each_block

# Bytes of windows a block; measured: smaller blocks lose in BLAS, larger ones leave the cache.
BLOCK = 4 << 20
# How many times the gradient of a kernel a block's windows are: each block has one of its own.
PARTS = 4


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

    def each_block(self, images: int, run: Callable[[slice, int], None], least: int = 0) -> None:
        """Calls `run(images, number)` for blocks of images, on several threads.

        Blocks are of one size, and an even number, so that threads end at one time. Where one block
        is all, its product is cut into pieces.

        Args:
            images: how many there are.
            run: what to do.
            least: bytes of windows that a block must have.
        """
        one = max(1, self.places * self.columns * self.dtype.itemsize)
        count = max(1, -(-images // max(1, max(BLOCK, least) // one)))
        even = count + count % 2 if count > 1 else 1
        each_block(run, images, max(1, -(-images // even)))

    @property
    def is_shared(self) -> bool:
        """Whether there is enough to do for several threads."""
        filters = self.filters // self.groups
        return blas.is_large(self.geometry.batch * self.places, self.columns, filters)

    def _product(self, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        (blas.product if self.is_shared else np.dot)(a, b, out)

    def rows(self, x: np.ndarray) -> np.ndarray:
        """The windows of some images as rows of a matrix."""
        windows = self.geometry.windows(self.geometry.padded(x))
        return windows.reshape(len(x) * self.places, self.columns)

    def forward(self, x: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
        """x (batch, space…, channels), kernel (columns, filters), out (batch, places, filters)."""
        if self.is_pointwise:
            self._product(x.reshape(-1, self.columns), kernel, out.reshape(-1, kernel.shape[-1]))
            return

        def block(images: slice, number: int) -> None:
            rows = self.rows(x[images])
            self._product(rows, kernel, out[images].reshape(len(rows), kernel.shape[-1]))

        self.each_block(len(x), block)

    def kernel_grad(self, x: np.ndarray, g: np.ndarray, out: np.ndarray) -> None:
        """x and g (batch, places, filters) to the gradient (columns, filters)."""
        if self.is_pointwise:
            self._product(x.reshape(-1, self.columns).T, g.reshape(-1, g.shape[-1]), out)
            return
        parts: dict[int, np.ndarray] = {}

        def block(images: slice, number: int) -> None:
            rows = self.rows(x[images])
            part = parts[number] = np.empty(out.shape, out.dtype)
            self._product(rows.T, g[images].reshape(len(rows), g.shape[-1]), part)

        self.each_block(len(x), block, PARTS * out.nbytes)
        add_in_order(parts, out)

    @cached_property
    def _grad(self) -> InputGrad:
        filters = self.filters // self.groups
        return InputGrad(self.geometry, self.depth, filters, self._product)

    def laid_out(self, kernel: np.ndarray) -> list[np.ndarray]:
        """A kernel (columns, filters) as `input_grad` takes it."""
        return [kernel] if self.is_pointwise else self._grad.matrices(kernel)

    def input_grad(self, g: np.ndarray, kernel: list[np.ndarray], out: np.ndarray) -> None:
        """g (batch, places, filters) and a kernel, laid out, to out like x."""
        if self.is_pointwise:
            self._product(g.reshape(-1, g.shape[-1]), kernel[0].T, out.reshape(-1, self.columns))
            return

        def block(images: slice, number: int) -> None:
            self._grad.give(g[images], kernel, out[images])

        self.each_block(len(g), block)


Run = Callable[[np.ndarray, Any, np.ndarray], None]


def _each_group(
    run: Run, c: _Convolution, a: np.ndarray, parts: Sequence[Any], out: np.ndarray
) -> Any:
    """Runs one direction group by group; a kernel's groups share its last axis."""
    if c.groups == 1:
        return run(a, parts[0], out)
    for i, part in enumerate(parts):
        result = np.empty((*out.shape[:-1], out.shape[-1] // c.groups), out.dtype)
        run(_group(a, i, c.groups), part, result)
        _group(out, i, c.groups)[...] = result


def _group(x: np.ndarray, i: int, groups: int) -> np.ndarray:
    size = x.shape[-1] // groups
    return x[..., i * size : (i + 1) * size]


def _parts(x: np.ndarray, c: _Convolution) -> list[np.ndarray]:
    return [_group(x, i, c.groups) for i in range(c.groups)]


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
    if is_depthwise(c.geometry, c.groups):
        apart = Depthwise(c.geometry, c.filters)
        return _by_images("{run}({0}, {1}, {out})", {"run": apart.forward})

    def run(x: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
        seen, matrices = c.geometry.seen(x), _parts(_matrix_of(c, kernel), c)
        shape = (len(x), c.places, c.filters)
        _in_place(c, shape, out, lambda y: _each_group(c.forward, c, seen, matrices, y))

    pattern, names = "{conv}({0}, {1}, {out})", {"conv": run}
    return _by_images(pattern, names) if c.is_shared else Kernel(pattern, names)


def _by_images(pattern: str, names: Mapping[str, Any], ready: str = "") -> Kernel:
    """A kernel in threads of ours, each image of whose result depends on one image of input 0.

    Args:
        pattern: with `{ready}` for what is made of other inputs beforehand.
        names: what it refers to.
        ready: the expression for that.
    """
    whole = pattern.replace("{ready}", ready)
    return Kernel(whole, names, shared=True, blocks=Blocks(pattern, (0,), ready))


def _matrix_of(c: _Convolution, kernel: np.ndarray) -> np.ndarray:
    return kernel.reshape(c.columns, c.filters)


def _lower_input_grad(node: Node) -> Kernel:
    c = _Convolution(node, node.specs[0].shape, node.inputs[1].shape)
    if is_depthwise(c.geometry, c.groups):
        apart = Depthwise(c.geometry, c.filters)
        return _by_images("{run}({0}, {1}, {out})", {"run": apart.input_grad})

    def laid_out(kernel: np.ndarray) -> list[list[np.ndarray]]:
        return [c.laid_out(part) for part in _parts(_matrix_of(c, kernel), c)]

    def run(g: np.ndarray, kernel: list[list[np.ndarray]], out: np.ndarray) -> None:
        flat, shape = _flat(c, g), (len(g), *c.geometry.sizes, c.geometry.channels)
        _in_place(c, shape, out, lambda y: _each_group(c.input_grad, c, flat, kernel, y))

    names, ready = {"grad": run, "laid_out": laid_out}, "{laid_out}({1})"
    if c.is_shared:
        return _by_images("{grad}({0}, {ready}, {out})", names, ready)
    return Kernel(f"{{grad}}({{0}}, {ready}, {{out}})", names)


def _lower_kernel_grad(node: Node) -> Kernel:
    c = _Convolution(node, node.inputs[0].shape, node.specs[0].shape)
    if is_depthwise(c.geometry, c.groups):
        apart = Depthwise(c.geometry, c.filters)
        return Kernel("{grad}({0}, {1}, {out})", {"grad": apart.kernel_grad}, shared=True)

    def run(x: np.ndarray, g: np.ndarray, out: np.ndarray) -> None:
        matrix = out.reshape(c.columns, c.filters)
        _each_group(c.kernel_grad, c, c.geometry.seen(x), _parts(_flat(c, g), c), matrix)

    return Kernel("{grad}({0}, {1}, {out})", {"grad": run}, shared=c.is_shared)


LOWERINGS: Mapping[str, Lowering] = {
    "conv": _lower_conv,
    "conv_input_grad": _lower_input_grad,
    "conv_kernel_grad": _lower_kernel_grad,
}
