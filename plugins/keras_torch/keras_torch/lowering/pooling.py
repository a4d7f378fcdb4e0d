"""Maximum and average over windows, and their gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from keras_core.plugins.authoring import Window
from keras_torch.kernel import Kernel, Lowering, Site, sizes
from keras_torch.lowering._windows import Images, Sliding

_aten = torch.ops.aten


class Pooling:
    """Pooling over windows, in all its directions.

    Args:
        params: of the node.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        size = tuple(params["size"])
        window = Window(size, tuple(params["strides"]), params["padding"], (1,) * len(size))
        self.images = Images(len(size), params["data_format"])
        self.sliding = Sliding(window)
        self.size, self.strides = self.sliding.window.size, self.sliding.window.strides
        self.ones = self.sliding.window.dilation
        self.none = (0,) * self.images.axes
        self.most = [n // 2 for n in self.size]
        flat = self.images.axes == 2
        self._max = (
            _aten.max_pool2d_with_indices if flat else _aten.max_pool3d_with_indices
        ).default
        self._max_backward = (
            _aten.max_pool2d_with_indices_backward
            if flat
            else _aten.max_pool3d_with_indices_backward
        ).default
        self._avg = (_aten.avg_pool2d if flat else _aten.avg_pool3d).default
        self._avg_backward = (
            _aten.avg_pool2d_backward if flat else _aten.avg_pool3d_backward
        ).default

    # Maximum

    def maximum(self, x: torch.Tensor) -> torch.Tensor:
        return self.maximum_with_places(x)[0]

    def maximum_with_places(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The maximum, and where each window has it, for the gradient."""
        dtype = x.dtype
        framed, padding = self._framed(self.images.entered(_computable(x)), -math.inf)
        if not framed.numel():
            return self._none_of(x, framed), framed
        y, places = self._max(framed, self.size, self.strides, padding, self.ones, False)
        return self.images.left(y).to(dtype), places

    def maximum_grad(
        self, x: torch.Tensor, g: torch.Tensor, places: torch.Tensor | None = None
    ) -> torch.Tensor:
        if not x.numel():
            return torch.zeros_like(x)
        places = self.maximum_with_places(x)[1] if places is None else places
        framed, padding = self._framed(self.images.entered(_computable(x)), -math.inf)
        g = self.images.entered(_computable(g))
        options = (self.size, self.strides, padding, self.ones, False, places)
        found = self._max_backward(g, framed, *options)
        return self._out_of_frame(found, x)

    def select(self, x: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        if not x.numel():
            return self.maximum(x)
        places = self.maximum_with_places(x)[1]
        framed, _ = self._framed(self.images.entered(v), 0)
        picked = framed.flatten(2).gather(2, places.flatten(2))
        return self.images.left(picked.reshape(places.shape))

    # Average

    def average(self, x: torch.Tensor) -> torch.Tensor:
        entered = self.images.entered(_computable(x))
        if not entered.numel():
            return self._none_of(x, self.sliding.padded(entered))
        padding = self.sliding.even(entered.shape[2:], self.most)
        if padding is not None:
            y = self._avg(entered, self.size, self.strides, padding, False, False)
            return self.images.left(y).to(x.dtype)
        y = self._avg(self.sliding.padded(entered), self.size, self.strides)
        return self.images.left(y / self._share_inside(entered)).to(x.dtype)

    def average_grad(self, g: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
        entered, inner = self.images.entered(_computable(g)), self.images.shape(shape)
        if not entered.numel():
            return g.new_zeros(shape)
        padding = self.sliding.even(inner[2:], self.most)
        x = self.images.empty(entered, inner if padding is not None else self.sliding.around(inner))
        if padding is None:
            entered = entered / self._share_inside(entered.new_empty(inner))
        frame = self.none if padding is None else padding
        options = (self.size, self.strides, frame, False, False, None)
        found = self._avg_backward(entered, x, *options)
        return self.images.left(self.sliding.cropped(found, inner[2:])).to(g.dtype)

    def _share_inside(self, x: torch.Tensor) -> torch.Tensor:
        """The part of each window that is no padding, (1, 1, spatial…)."""
        ones = x.new_ones((1, 1, *x.shape[2:]))
        return self._avg(self.sliding.padded(ones), self.size, self.strides)

    # The frame

    def _framed(self, x: torch.Tensor, value: float) -> tuple[torch.Tensor, Sequence[int]]:
        """Images and the padding that is still to be put around them."""
        padding = self.sliding.even(x.shape[2:], self.most)
        return (x, padding) if padding is not None else (self.sliding.padded(x, value), self.none)

    def _out_of_frame(self, found: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        sizes = self.images.shape(x.shape)[2:]
        return self.images.left(self.sliding.cropped(found, sizes)).to(x.dtype)

    def _none_of(self, x: torch.Tensor, framed: torch.Tensor) -> torch.Tensor:
        """The result of images without elements; PyTorch refuses those without channels."""
        counts = self.sliding.window.counts(self.images.entered(x).shape[2:])
        return self.images.left(x.new_empty((*framed.shape[:2], *counts)))


def _computable(x: torch.Tensor) -> torch.Tensor:
    """A tensor of a dtype for which there are kernels: of halves on a CPU there may be none."""
    return x.float() if x.dtype == torch.float16 and not x.is_cuda else x


def _lower(method: str) -> Lowering:
    def lower(site: Site) -> Kernel:
        run = getattr(Pooling(site.params), method)
        count = len(site.inputs)
        if method != "average_grad":
            return Kernel(f"{{run}}({', '.join(f'{{{i}}}' for i in range(count))})", {"run": run})
        return Kernel(f"{{run}}({{0}}, {sizes(site.params['shape'], 1)})", {"run": run})

    return lower


LOWERINGS: Mapping[str, Lowering] = {
    "avg_pool": _lower("average"),
    "avg_pool_grad": _lower("average_grad"),
    "max_pool": _lower("maximum"),
    "max_pool_grad": _lower("maximum_grad"),
    "max_pool_select": _lower("select"),
}
