"""Convolution and its two gradients."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Callable

import tensorflow as tf

from keras_core.plugins.authoring import Shape
from keras_tf.lowering._sizes import as_vector, filled, reshape
from keras_tf.lowering._windows import Frame, pads_as_same, unless_empty
from keras_tf.tracing import Lowering, Site


class _Convolution:
    """One of the three primitives, on entered tensors (channels last, two or three spatial axes).

    Padding in pairs is added around beforehand, unless it is that which TensorFlow calls "SAME".

    Args:
        site: of the node.
        shape: of what the kernel slides over.
        kernel: its shape.
    """

    def __init__(self, site: Site, shape: Shape, kernel: Shape) -> None:
        rank = len(site.spec.shape)
        self.frame = Frame(site, rank, pads_as_same(site, shape, kernel[:-2]))
        self.groups: int = site.params["groups"]
        known = knows_dilation(self.frame.spatial, site.spec.dtype)
        undilated = [1] * (self.frame.spatial + 2)
        self.dilations = undilated if known else self.frame.dilations
        self.options: dict[str, Any] = {
            "strides": self.frame.strides,
            "padding": self.frame.padding,
            "dilations": self.frame.dilations if known else undilated,
        }

    def kernel(self, kernel: tf.Tensor) -> tf.Tensor:
        return tf.expand_dims(kernel, 0) if self.frame.flat else kernel

    def is_depthwise(self, kernel_sizes: Any) -> bool:
        """Whether each channel is a group, which has operations of its own over two axes."""
        equal_strides = len(set(self.frame.strides[1:-1])) == 1
        undilated = set(self.frame.dilations) == {1}
        apart = self.groups > 1 and kernel_sizes[-2] == 1 and self.frame.spatial == 2
        return apart and equal_strides and undilated

    def forward(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        kernel = self._dilated(kernel)
        return self._op("Conv2D", "Conv3D")(input=x, filter=kernel, **self.options)

    def by_input(self, g: tf.Tensor, kernel: tf.Tensor, sizes: Any) -> tf.Tensor:
        operation = self._op("Conv2DBackpropInput", "Conv3DBackpropInputV2")
        vector, kernel = tf.convert_to_tensor(as_vector(sizes), tf.int32), self._dilated(kernel)
        return operation(input_sizes=vector, filter=kernel, out_backprop=g, **self.options)

    def by_kernel(self, x: tf.Tensor, g: tf.Tensor, sizes: list[int]) -> tf.Tensor:
        operation = self._op("Conv2DBackpropFilter", "Conv3DBackpropFilterV2")
        stretched = self._stretched(sizes)
        grad = operation(input=x, filter_sizes=stretched, out_backprop=g, **self.options)
        return grad if stretched == sizes else grad[self._taps()]

    def _op(self, flat: str, deep: str) -> Any:
        """An operation by its name for two or for three spatial axes."""
        return getattr(tf.raw_ops, flat if self.frame.spatial == 2 else deep)

    # Where TensorFlow has no dilated kernels, zeros stand between the taps.

    def _taps(self) -> Any:
        return tuple(slice(None, None, step) for step in self.dilations[1:-1])

    def _stretched(self, sizes: list[int]) -> list[int]:
        steps = zip(sizes, self.dilations[1:-1])
        return [*((size - 1) * step + 1 for size, step in steps), *sizes[-2:]]

    def _dilated(self, kernel: tf.Tensor) -> tf.Tensor:
        sizes = kernel.shape.as_list()
        stretched = self._stretched(sizes)
        if stretched == sizes:
            return kernel
        begin, end = [0] * len(sizes), stretched
        strides = [*self.dilations[1:-1], 1, 1]
        return tf.raw_ops.StridedSliceGrad(
            shape=stretched, begin=begin, end=end, strides=strides, dy=kernel
        )


@cache
def knows_dilation(spatial: int, dtype: str) -> bool:
    """Tries whether TensorFlow has gradients of dilated convolutions here; not all builds do."""
    if spatial == 3:
        return False
    try:
        with tf.init_scope():
            x = tf.ones([1, 4, 4, 1], dtype)
            tf.raw_ops.Conv2DBackpropFilter(
                input=x,
                filter_sizes=[2, 2, 1, 1],
                out_backprop=x,
                strides=[1, 1, 1, 1],
                padding="SAME",
                dilations=[1, 2, 2, 1],
            )
    except tf.errors.OpError:
        return False
    return True


def _each_group(c: _Convolution, run: Callable[..., tf.Tensor], *tensors: tf.Tensor) -> tf.Tensor:
    """Runs `run` on each group's part of the last axis of all tensors."""
    if c.groups == 1:
        return run(*tensors)
    parts = zip(*(tf.split(tensor, c.groups, axis=-1) for tensor in tensors))
    return tf.concat([run(*part) for part in parts], axis=-1)


def _apart(kernel: tf.Tensor, channels: int) -> tf.Tensor:
    """A kernel (rows, columns, 1, filters) as (rows, columns, channels, filters / channels)."""
    rows, columns, _, filters = kernel.shape
    return tf.reshape(kernel, [rows, columns, channels, filters // channels])


def _lower_conv(site: Site, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    c = _Convolution(site, site.inputs[0].shape, site.inputs[1].shape)
    inner, kernel = c.frame.padded(c.frame.entered(x)), c.kernel(kernel)
    if c.is_depthwise(kernel.shape):
        y = tf.raw_ops.DepthwiseConv2dNative(
            input=inner, filter=_apart(kernel, c.groups), **c.options
        )
    else:
        y = _each_group(c, c.forward, inner, kernel)
    return c.frame.left(y)


def _lower_input_grad(site: Site, g: tf.Tensor, kernel: tf.Tensor, *dims: tf.Tensor) -> tf.Tensor:
    c = _Convolution(site, site.spec.shape, site.inputs[1].shape)
    sizes = c.frame.inner_sizes(filled(site.params["shape"], dims))
    around, kernel = c.frame.padded_sizes(sizes), c.kernel(kernel)
    inner = c.frame.entered(g)
    if c.is_depthwise(kernel.shape):
        grad = tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
            input_sizes=tf.convert_to_tensor(as_vector(around), tf.int32),
            filter=_apart(kernel, c.groups),
            out_backprop=inner,
            **c.options,
        )
    else:
        part = [*around[:-1], kernel.shape[-2]]
        grad = _each_group(c, lambda a, b: c.by_input(a, b, part), inner, kernel)
    return c.frame.left(c.frame.cropped(grad, sizes))


def _lower_kernel_grad(site: Site, x: tf.Tensor, g: tf.Tensor) -> tf.Tensor:
    c = _Convolution(site, site.inputs[0].shape, site.spec.shape)
    inner, g = c.frame.padded(c.frame.entered(x)), c.frame.entered(g)
    shape = [int(size) for size in site.spec.shape]
    sizes = [1, *shape] if c.frame.flat else shape
    if c.is_depthwise(sizes):
        apart = [*sizes[:-2], c.groups, sizes[-1] // c.groups]
        grad = tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
            input=inner, filter_sizes=apart, out_backprop=g, **c.options
        )
    else:
        part = [*sizes[:-1], sizes[-1] // c.groups]
        grad = _each_group(c, lambda a, b: c.by_kernel(a, b, part), inner, g)
    return reshape(grad, shape)


LOWERINGS: Mapping[str, Lowering] = {
    "conv": unless_empty(_lower_conv),
    "conv_input_grad": unless_empty(_lower_input_grad),
    "conv_kernel_grad": unless_empty(_lower_kernel_grad),
}
