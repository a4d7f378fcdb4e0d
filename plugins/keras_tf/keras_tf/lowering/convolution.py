"""Convolution and its two gradients."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping

import tensorflow as tf

from keras_tf.lowering._sizes import as_vector, filled, sizes_of
from keras_tf.lowering._windows import Frame
from keras_tf.tracing import Lowering, Site


class _Convolution:
    """One of the three primitives, on entered tensors (channels last, two or three spatial axes).

    Padding in pairs is added around beforehand; TensorFlow knows it for two spatial axes alone.
    """

    def __init__(self, site: Site) -> None:
        rank = len(site.spec.shape)
        self.frame = Frame(site, rank)
        self.groups: int = site.params["groups"]
        self.options: Dict[str, Any] = {
            "strides": self.frame.strides,
            "padding": self.frame.padding,
            "dilations": self.frame.dilations,
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
        if self.frame.spatial == 2:
            return tf.raw_ops.Conv2D(input=x, filter=kernel, **self.options)
        return tf.raw_ops.Conv3D(input=x, filter=kernel, **self.options)

    def by_input(self, g: tf.Tensor, kernel: tf.Tensor, sizes: Any) -> tf.Tensor:
        name = "Conv2DBackpropInput" if self.frame.spatial == 2 else "Conv3DBackpropInputV2"
        operation = getattr(tf.raw_ops, name)
        vector = tf.convert_to_tensor(as_vector(sizes), tf.int32)
        return operation(input_sizes=vector, filter=kernel, out_backprop=g, **self.options)

    def by_kernel(self, x: tf.Tensor, g: tf.Tensor, sizes: List[int]) -> tf.Tensor:
        if self.frame.spatial == 2:
            return tf.raw_ops.Conv2DBackpropFilter(
                input=x, filter_sizes=sizes, out_backprop=g, **self.options
            )
        return tf.raw_ops.Conv3DBackpropFilterV2(
            input=x, filter_sizes=sizes, out_backprop=g, **self.options
        )


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
    c = _Convolution(site)
    inner, kernel = c.frame.padded(c.frame.entered(x)), c.kernel(kernel)
    if c.is_depthwise(kernel.shape):
        y = tf.raw_ops.DepthwiseConv2dNative(
            input=inner, filter=_apart(kernel, c.groups), **c.options
        )
    else:
        y = _each_group(c, c.forward, inner, kernel)
    return c.frame.left(y)


def _lower_input_grad(
    site: Site, g: tf.Tensor, kernel: tf.Tensor, *dims: tf.Tensor
) -> tf.Tensor:
    c = _Convolution(site)
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
    c = _Convolution(site)
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
    return tf.reshape(grad, shape)


LOWERINGS: Mapping[str, Lowering] = {
    "conv": _lower_conv,
    "conv_input_grad": _lower_input_grad,
    "conv_kernel_grad": _lower_kernel_grad,
}
