"""What convolution and pooling share: TensorFlow's operations want two or three spatial axes, with
channels last on a CPU, and know few kinds of padding."""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any

import numpy as np
import tensorflow as tf

from keras_core.plugins.authoring import Shape, Window, spatial_of
from keras_tf.lowering._sizes import Size
from keras_tf.tracing import Lowering, Site

Pairs = tuple[tuple[int, int], ...]


def unless_empty(lower: Lowering) -> Lowering:
    """Zeros where a tensor without elements comes in; TensorFlow's kernels fail or abort on it."""

    @wraps(lower)
    def run(site: Site, *tensors: tf.Tensor) -> tf.Tensor:
        if any(0 in tensor.shape.as_list() for tensor in tensors) and None not in site.spec.shape:
            return tf.zeros(site.spec.shape, site.spec.dtype)
        return lower(site, *tensors)

    return run


def pads_as_same(site: Site, shape: Shape, size: Shape) -> bool:
    """Whether a window of this size, over a tensor of this shape, is padded as "SAME" does it."""
    params = site.params
    strides, dilation = params["strides"], params["dilation"]
    # With steps of 1 the padding does not depend on how much there is to slide over.
    sizes = [
        1 if stride == 1 else n
        for n, stride in zip(spatial_of(shape, params["data_format"]), strides)
    ]
    if None in sizes:
        return False
    usual = Window(size, strides, "same", dilation).pads(sizes)  # type: ignore[arg-type]
    return params["padding"] == usual


class Frame:
    """The window of one node, in the form that TensorFlow's operations take.

    One spatial axis is made two by an axis of size 1 in front of it.

    Args:
        site: of a node with the parameters of a window.
        rank: of the tensor that the window slides over.
        same: whether pairs of padding are those that TensorFlow itself adds by the name "SAME".
    """

    def __init__(self, site: Site, rank: int, same: bool = False) -> None:
        params = site.params
        self.flat = rank == 3
        self.spatial = max(rank - 2, 2)
        self.first = params["data_format"] == "channels_first"
        self.strides = self._along(params["strides"])
        self.dilations = self._along(params.get("dilation", (1,) * (rank - 2)))
        self.is_same = same or params["padding"] == "same"
        self.pads: Pairs = self._pairs(params["padding"])
        # Padding by name where that is possible; explicit pairs are added around beforehand.
        self.padding = "SAME" if self.is_same else "VALID"

    def _along(self, sizes: Sequence[int]) -> list[int]:
        return [1, *((1,) if self.flat else ()), *sizes, 1]

    def _pairs(self, padding: Any) -> Pairs:
        if self.is_same:
            return ((0, 0),) * (self.spatial + 2)
        return ((0, 0), *(((0, 0),) if self.flat else ()), *padding, (0, 0))

    @property
    def is_padded(self) -> bool:
        return any(pair != (0, 0) for pair in self.pads)

    def ksize(self, size: Sequence[int]) -> list[int]:
        return self._along(size)

    def entered(self, x: tf.Tensor) -> tf.Tensor:
        """A tensor of the program with channels last and at least two spatial axes."""
        if self.first:
            x = tf.transpose(x, [0, *range(2, x.shape.rank), 1])
        return tf.expand_dims(x, 1) if self.flat else x

    def left(self, x: tf.Tensor) -> tf.Tensor:
        """The inverse of `entered`."""
        x = tf.squeeze(x, 1) if self.flat else x
        if self.first:
            x = tf.transpose(x, [0, x.shape.rank - 1, *range(1, x.shape.rank - 1)])
        return x

    def inner_sizes(self, sizes: Sequence[Size]) -> list[Size]:
        """Sizes in the program's order as those of the entered tensor."""
        sizes = list(sizes)
        if self.first:
            sizes = [sizes[0], *sizes[2:], sizes[1]]
        return [sizes[0], 1, *sizes[1:]] if self.flat else sizes

    def padded(self, x: tf.Tensor, value: float = 0.0) -> tf.Tensor:
        """An entered tensor with the explicit padding around."""
        if not self.is_padded:
            return x
        outside = np.array(value).astype(x.dtype.as_numpy_dtype)
        return tf.pad(x, self.pads, constant_values=outside)

    def padded_sizes(self, sizes: Sequence[Size]) -> list[Size]:
        return [size + sum(pair) for size, pair in zip(sizes, self.pads)]

    def cropped(self, x: tf.Tensor, sizes: Sequence[Size]) -> tf.Tensor:
        """The inverse of `padded`, given the sizes before it."""
        if not self.is_padded:
            return x
        ranges = zip(self.pads, sizes)
        return x[tuple(slice(before, before + size) for (before, _), size in ranges)]
