"""Convolution over one to three spatial axes, and its two gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from keras_core.plugins.authoring import Window
from keras_torch.kernel import Kernel, Lowering, Site, sizes
from keras_torch.lowering._windows import Images, Sliding
from keras_torch.precision import exactly

_forward = {2: exactly(torch.conv2d), 3: exactly(torch.conv3d)}
_backward = exactly(torch.ops.aten.convolution_backward.default)


class Convolution:
    """One convolution, in each of its three directions. Kernels are (window…, depth, filters).

    Args:
        params: of the node.
        size: of the window.
    """

    def __init__(self, params: Mapping[str, Any], size: Sequence[int]) -> None:
        window = Window(tuple(size), params["strides"], params["padding"], params["dilation"])
        self.images = Images(len(size), params["data_format"])
        self.sliding = Sliding(window)
        self.groups = params["groups"]
        axes = self.images.axes
        self.run = _forward[axes]
        self.strides = self.sliding.window.strides
        self.dilation = self.sliding.window.dilation
        self.none = [0] * axes
        self._to_engine = (axes + 1, axes, *range(axes))
        self._from_engine = (*range(2, axes + 2), 1, 0)

    def forward(
        self, x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None = None
    ) -> torch.Tensor:
        dtype = x.dtype
        x, kernel, bias = _computable(x, kernel, bias)
        x, padding = self._framed(self.images.entered(x))
        y = self.run(
            x, self._weights(kernel), bias, self.strides, padding, self.dilation, self.groups
        )
        return self.images.left(y).to(dtype)

    def input_grad(
        self, g: torch.Tensor, kernel: torch.Tensor, sizes: Sequence[int]
    ) -> torch.Tensor:
        dtype = g.dtype
        g, kernel = _computable(g, kernel)
        shape = self.images.shape(sizes)
        padding = self.sliding.even(shape[2:])
        framed = shape if padding is not None else self.sliding.around(shape)
        x = self.images.empty(g, framed)
        found = self._gradient(g, x, self._weights(kernel), padding, [True, False, False])[0]
        return self.images.left(self.sliding.cropped(found, shape[2:])).to(dtype)

    def kernel_grad(self, x: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
        dtype = g.dtype
        x, g = _computable(x, g)
        x = self.images.entered(x)
        padding = self.sliding.even(x.shape[2:])
        if padding is None:
            x = self.sliding.padded(x)
        filters = g.shape[-1 if self.images.last else 1]
        shape = (filters, x.shape[1] // self.groups, *self.sliding.window.size)
        weights = g.new_empty(shape)
        found = self._gradient(g, x, weights, padding, [False, True, False])[1]
        found = found.permute(self._from_engine)
        return (found.squeeze(0) if self.images.is_flat else found).to(dtype)

    def _gradient(
        self,
        g: torch.Tensor,
        x: torch.Tensor,
        weights: torch.Tensor,
        padding: list[int] | None,
        wanted: list[bool],
    ) -> Any:
        g = self.images.entered(g)
        frame = self.none if padding is None else padding
        options = (frame, self.dilation, False, self.none, self.groups, wanted)
        return _backward(g, x, weights, None, self.strides, *options)

    def _framed(self, x: torch.Tensor) -> tuple[torch.Tensor, list[int]]:
        """Images and the padding that is still to be put around them."""
        padding = self.sliding.even(x.shape[2:])
        return (x, padding) if padding is not None else (self.sliding.padded(x), self.none)

    def _weights(self, kernel: torch.Tensor) -> torch.Tensor:
        if self.images.is_flat:
            kernel = kernel.unsqueeze(0)
        return kernel.permute(self._to_engine)


def _computable(*tensors: Any) -> tuple[Any, ...]:
    """Tensors of a dtype for which there are kernels: of halves on a CPU there may be none."""
    first = tensors[0]
    if first.dtype in (torch.float32, torch.float64):
        return tensors
    if first.dtype == torch.float16:
        return tensors if first.is_cuda else tuple(x if x is None else x.float() for x in tensors)
    if first.dtype.is_floating_point:
        return tensors
    return tuple(x if x is None else x.double() for x in tensors)


def _lower_conv(site: Site) -> Kernel:
    convolution = Convolution(site.params, site.inputs[1].shape[:-2])  # type: ignore[arg-type]
    return Kernel("{run}({0}, {1})", {"run": convolution.forward})


def _lower_input_grad(site: Site) -> Kernel:
    convolution = Convolution(site.params, site.inputs[1].shape[:-2])  # type: ignore[arg-type]
    shape = sizes(site.params["shape"], 2)
    return Kernel(f"{{run}}({{0}}, {{1}}, {shape})", {"run": convolution.input_grad})


def _lower_kernel_grad(site: Site) -> Kernel:
    convolution = Convolution(site.params, site.params["kernel_size"])
    return Kernel("{run}({0}, {1})", {"run": convolution.kernel_grad})


LOWERINGS: Mapping[str, Lowering] = {
    "conv": _lower_conv,
    "conv_input_grad": _lower_input_grad,
    "conv_kernel_grad": _lower_kernel_grad,
}
