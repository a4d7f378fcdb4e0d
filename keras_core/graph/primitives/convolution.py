"""Convolution (as cross-correlation) over one to three spatial axes, and its two gradients.

All three are bilinear, and the gradients of each are the other two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Lifted, Node, Primitive
from keras_core.graph.primitives._lifting import steps_in_batch, steps_out_of_batch
from keras_core.graph.primitives._rules import filled, same_dtype, shown, sizes_given
from keras_core.graph.spec import NamedDim, Shape, Sizes, Spec, is_known
from keras_core.graph.tensor import Tensor
from keras_core.graph.windows import (
    Counts,
    Padding,
    Window,
    assembled,
    channels_back,
    channels_last,
    channels_of,
    check_data_format,
    check_sizes,
    check_window,
    counted,
    cropped,
    padded,
    spatial_of,
)

_FAMILY = "convolution"


def _checked(
    name: str, x: Sizes, kernel: Sizes, window: Window, groups: int, data_format: str
) -> Sizes:
    """The sizes of the convolution of `x` with `kernel`."""
    check_data_format(name, data_format)
    if len(kernel) != len(x) or not all(map(is_known, kernel[:-2])):
        raise ValueError(
            f"{name}: a kernel of shape {shown(kernel)} (window…, channels / groups, filters) does "
            f"not fit a tensor of shape {shown(x)}."
        )
    check_window(name, len(x), window)
    _check_channels(name, channels_of(x, data_format), kernel, groups)
    spatial = counted(name, spatial_of(x, data_format), window)
    return assembled(x[0], spatial, kernel[-1], data_format)


def _check_channels(name: str, channels: NamedDim, kernel: Sizes, groups: int) -> None:
    depth, filters = kernel[-2:]
    if is_known(depth) and is_known(channels) and channels != depth * groups:
        raise ValueError(
            f"{name}: a kernel of shape {shown(kernel)} with {groups} group(s) takes "
            f"{depth * groups} channels, not {channels}."
        )
    if is_known(filters) and filters % groups:
        raise ValueError(f"{name}: {filters} filters cannot be shared by {groups} groups.")


def _conv_shape(
    x: Spec,
    kernel: Spec,
    strides: Counts,
    padding: Padding,
    dilation: Counts,
    groups: int,
    data_format: str,
) -> Spec:
    window = Window(kernel.shape[:-2], strides, padding, dilation)  # type: ignore[arg-type]
    sizes = _checked("conv", x.sizes, kernel.sizes, window, groups, data_format)
    return Spec(sizes, same_dtype("conv", x, kernel))


def _conv(
    x: Any,
    kernel: Any,
    strides: Counts,
    padding: Padding,
    dilation: Counts,
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


def _lift_conv(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    (x, x_steps), (kernel, kernel_steps) = inputs
    if not x_steps or kernel_steps:
        return None
    return steps_out_of_batch(p.conv(steps_in_batch(x), kernel, **node.params), x)


conv = Primitive(
    "conv",
    _conv_shape,
    _conv,
    _conv_vjp,
    lift=_lift_conv,
    family=_FAMILY,
    doc="x slid over by a kernel (window…, channels / groups, filters) and summed, not flipped.",
)


def _conv_input_grad_shape(
    g: Spec,
    kernel: Spec,
    *dims: Spec,
    shape: Shape,
    strides: Counts,
    padding: Padding,
    dilation: Counts,
    groups: int,
    data_format: str,
) -> Spec:
    name = "conv_input_grad"
    sizes = sizes_given(name, shape, dims)
    window = Window(kernel.shape[:-2], strides, padding, dilation)  # type: ignore[arg-type]
    check_sizes(name, g.sizes, _checked(name, sizes, kernel.sizes, window, groups, data_format))
    return Spec(sizes, same_dtype(name, g, kernel))


def _conv_input_grad(
    g: Any,
    kernel: Any,
    *dims: Any,
    shape: Shape,
    strides: Counts,
    padding: Padding,
    dilation: Counts,
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


def _lift_conv_input_grad(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    (g, g_steps), (kernel, kernel_steps), *dims = inputs
    if not g_steps or kernel_steps or any(has_steps for _, has_steps in dims):
        return None
    merged = steps_in_batch(g)
    given = iter(dim for dim, _ in dims)
    rest = [next(given) if n is None else n for n in node.params["shape"]][1:]
    shape, sizes = p.split_sizes([p.size_of(merged, 0), *rest])
    params = {**node.params, "shape": shape}
    return steps_out_of_batch(p.conv_input_grad(merged, kernel, *sizes, **params), g)


conv_input_grad = Primitive(
    "conv_input_grad",
    _conv_input_grad_shape,
    _conv_input_grad,
    _conv_input_grad_vjp,
    lift=_lift_conv_input_grad,
    dims=True,
    family=_FAMILY,
    doc="The gradient of conv by x of a given shape; the transposed convolution.",
)


def _conv_kernel_grad_shape(
    x: Spec,
    g: Spec,
    kernel_size: Counts,
    strides: Counts,
    padding: Padding,
    dilation: Counts,
    groups: int,
    data_format: str,
) -> Spec:
    name = "conv_kernel_grad"
    check_data_format(name, data_format)
    channels, filters = (channels_of(t.sizes, data_format) for t in (x, g))
    if not is_known(channels) or not is_known(filters) or channels % groups:
        raise ValueError(
            f"{name}: channels of {x.shape} and {g.shape} must be known and a multiple of {groups}."
        )
    kernel = (*kernel_size, channels // groups, filters)
    window = Window(tuple(kernel_size), strides, padding, dilation)
    check_sizes(name, g.sizes, _checked(name, x.sizes, kernel, window, groups, data_format))
    return Spec(kernel, same_dtype(name, x, g))


def _conv_kernel_grad(
    x: Any,
    g: Any,
    kernel_size: Counts,
    strides: Counts,
    padding: Padding,
    dilation: Counts,
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
    c: Tensor, y: Tensor, x: Tensor, g: Tensor, kernel_size: Counts, **params: Any
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
