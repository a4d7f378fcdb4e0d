"""Convolution (as cross-correlation) over one to three spatial axes, and its two gradients.

All three are bilinear, and the gradients of each are the other two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Primitive
from keras_core.graph.primitives._rules import check_dims, filled, same_dtype
from keras_core.graph.tensor import Shape, Spec, Tensor
from keras_core.graph.windows import (
    Padding,
    Sizes,
    Window,
    assembled,
    channels_back,
    channels_last,
    channels_of,
    check_data_format,
    check_shape,
    check_window,
    counted,
    cropped,
    padded,
    spatial_of,
)

_FAMILY = "convolution"


def _checked(
    name: str, x: Shape, kernel: Shape, window: Window, groups: int, data_format: str
) -> Shape:
    """The shape of the convolution of `x` with `kernel`."""
    check_data_format(name, data_format)
    if len(kernel) != len(x) or None in kernel[:-2]:
        raise ValueError(
            f"{name}: a kernel of shape {kernel} (window…, channels / groups, filters) does not "
            f"fit a tensor of shape {x}."
        )
    check_window(name, len(x), window)
    _check_channels(name, channels_of(x, data_format), kernel, groups)
    spatial = counted(name, spatial_of(x, data_format), window)
    return assembled(x[0], spatial, kernel[-1], data_format)


def _check_channels(name: str, channels: Any, kernel: Shape, groups: int) -> None:
    depth, filters = kernel[-2:]
    if depth is not None and channels not in (None, depth * groups):
        raise ValueError(
            f"{name}: a kernel of shape {kernel} with {groups} group(s) takes {depth * groups} "
            f"channels, not {channels}."
        )
    if filters is not None and filters % groups:
        raise ValueError(f"{name}: {filters} filters cannot be shared by {groups} groups.")


def _conv_shape(
    x: Any,
    kernel: Any,
    strides: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    data_format: str,
) -> Spec:
    window = Window(kernel.shape[:-2], strides, padding, dilation)
    shape = _checked("conv", x.shape, kernel.shape, window, groups, data_format)
    return Spec(shape, same_dtype("conv", x, kernel))


def _conv(
    x: Any,
    kernel: Any,
    strides: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    data_format: str,
) -> Any:
    window = Window(kernel.shape[:-2], strides, padding, dilation)
    x = channels_last(x, data_format)
    sizes, space = x.shape[1:-1], padded(x, window)
    y = np.zeros((len(x), *window.counts(sizes), kernel.shape[-1]), x.dtype)
    for place, met in window.offsets(sizes):
        part = _grouped(space[(slice(None), *met)], groups)
        y += np.einsum("...gc,cgf->...gf", part, _grouped(kernel[place], groups)).reshape(y.shape)
    return channels_back(y, data_format)


def _grouped(x: Any, groups: int) -> Any:
    """The last axis apart into groups."""
    return x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups)


def _flat(x: Any) -> Any:
    """All axes before the groups as one."""
    return x.reshape(-1, *x.shape[-2:]) if x.size else x.reshape(0, *x.shape[-2:])


def _conv_vjp(
    g: Tensor, y: Tensor, x: Tensor, kernel: Tensor, **params: Any
) -> tuple[Tensor, Tensor]:
    return _input_grad(g, kernel, x, params), _kernel_grad(x, g, kernel, params)


def _input_grad(g: Tensor, kernel: Tensor, x: Tensor, params: Any) -> Tensor:
    return p.conv_input_grad(g, kernel, *p.dims_of(x), shape=x.shape, **params)


def _kernel_grad(x: Tensor, g: Tensor, kernel: Tensor, params: Any) -> Tensor:
    return p.conv_kernel_grad(x, g, kernel_size=kernel.shape[:-2], **params)


conv = Primitive(
    "conv",
    _conv_shape,
    _conv,
    _conv_vjp,
    family=_FAMILY,
    doc="x slid over by a kernel (window…, channels / groups, filters) and summed, not flipped.",
)


def _conv_input_grad_shape(
    g: Any,
    kernel: Any,
    *dims: Any,
    shape: Shape,
    strides: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    data_format: str,
) -> Spec:
    name = "conv_input_grad"
    check_dims(name, shape, dims)
    window = Window(kernel.shape[:-2], strides, padding, dilation)
    check_shape(
        name, g.shape, _checked(name, tuple(shape), kernel.shape, window, groups, data_format)
    )
    return Spec(tuple(shape), same_dtype(name, g, kernel))


def _conv_input_grad(
    g: Any,
    kernel: Any,
    *dims: Any,
    shape: Shape,
    strides: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    data_format: str,
) -> Any:
    window = Window(kernel.shape[:-2], strides, padding, dilation)
    result = channels_last(np.zeros(filled(shape, dims), g.dtype), data_format)
    sizes, space = result.shape[1:-1], padded(result, window)
    apart = _grouped(channels_last(g, data_format), groups)
    for place, met in window.offsets(sizes):
        part = np.einsum("...gf,cgf->...gc", apart, _grouped(kernel[place], groups))
        space[(slice(None), *met)] += part.reshape(*part.shape[:-2], space.shape[-1])
    return channels_back(cropped(space, window, sizes), data_format)


def _conv_input_grad_vjp(
    c: Tensor, y: Tensor, g: Tensor, kernel: Tensor, *dims: Tensor, shape: Shape, **params: Any
) -> Sequence[Tensor]:
    return p.conv(c, kernel, **params), _kernel_grad(c, g, kernel, params)


conv_input_grad = Primitive(
    "conv_input_grad",
    _conv_input_grad_shape,
    _conv_input_grad,
    _conv_input_grad_vjp,
    dims=True,
    family=_FAMILY,
    doc="The gradient of conv by x of a given shape; the transposed convolution.",
)


def _conv_kernel_grad_shape(
    x: Any,
    g: Any,
    kernel_size: Sizes,
    strides: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    data_format: str,
) -> Spec:
    name = "conv_kernel_grad"
    check_data_format(name, data_format)
    channels, filters = (channels_of(t.shape, data_format) for t in (x, g))
    if channels is None or filters is None or channels % groups:
        raise ValueError(
            f"{name}: channels of {x.shape} and {g.shape} must be known and a multiple of {groups}."
        )
    kernel = (*kernel_size, channels // groups, filters)
    window = Window(tuple(kernel_size), strides, padding, dilation)
    check_shape(name, g.shape, _checked(name, x.shape, kernel, window, groups, data_format))
    return Spec(kernel, same_dtype(name, x, g))


def _conv_kernel_grad(
    x: Any,
    g: Any,
    kernel_size: Sizes,
    strides: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    data_format: str,
) -> Any:
    window = Window(tuple(kernel_size), strides, padding, dilation)
    x, g = channels_last(x, data_format), channels_last(g, data_format)
    sizes, space, apart = x.shape[1:-1], padded(x, window), _grouped(g, groups)
    kernel = np.zeros((*kernel_size, x.shape[-1] // groups, g.shape[-1]), x.dtype)
    for place, met in window.offsets(sizes):
        part = _grouped(space[(slice(None), *met)], groups)
        by_group = np.einsum("ngc,ngf->cgf", _flat(part), _flat(apart))
        kernel[place] = by_group.reshape(kernel.shape[-2:])
    return kernel


def _conv_kernel_grad_vjp(
    c: Tensor, y: Tensor, x: Tensor, g: Tensor, kernel_size: Sizes, **params: Any
) -> Sequence[Tensor]:
    return _input_grad(g, c, x, params), p.conv(x, c, **params)


conv_kernel_grad = Primitive(
    "conv_kernel_grad",
    _conv_kernel_grad_shape,
    _conv_kernel_grad,
    _conv_kernel_grad_vjp,
    family=_FAMILY,
    doc="The gradient of conv by its kernel.",
)
