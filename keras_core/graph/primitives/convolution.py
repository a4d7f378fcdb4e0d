"""Convolution (as cross-correlation) over one to three spatial axes, and its two gradients.

All three are bilinear, and the gradients of each are the other two.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Lifted, Node, Primitive
from keras_core.graph.primitives._lifting import (
    lift_batch_to_shape,
    steps_in_batch,
    steps_out_of_batch,
)
from keras_core.graph.primitives._rules import filled, same_dtype, sizes_given
from keras_core.graph.spec import NamedDim, Shape, Sizes, Spec, agreed, clash, is_known, shown
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
)
from keras_core.graph.work import product

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
    spatial = counted(name, x, window, data_format)
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


def _multiply_adds(result: Spec | Tensor, kernel: Spec | Tensor) -> int | None:
    """Each number of the convolution's result is a sum over the window and a group's channels.

    Where the window reaches into the padding counts as well.
    """
    return product((*result.shape, *kernel.shape[:-1]))


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
    multiply_adds=lambda node: _multiply_adds(node.specs[0], node.inputs[1]),
    family=_FAMILY,
    doc="x slid over by a kernel (window…, channels / groups, filters) and summed, not flipped.",
    edges=(
        "Channels of a group, and its filters, stand next to each other.",
        "A batch of size 0 gives one of size 0; a window that does not fit is refused.",
    ),
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


conv_input_grad = Primitive(
    "conv_input_grad",
    _conv_input_grad_shape,
    _conv_input_grad,
    _conv_input_grad_vjp,
    lift=lift_batch_to_shape,
    multiply_adds=lambda node: _multiply_adds(*node.inputs[:2]),
    dims=True,
    family=_FAMILY,
    doc="The gradient of conv by x of a given shape; the transposed convolution.",
    edges=("Elements of x that no window met get 0.",),
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


def _lift_conv_kernel_grad(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    (x, x_steps), (g, g_steps) = inputs
    if not x_steps or not g_steps or x.shape[0] is None:
        return None
    return p.conv_kernel_grads(x, g, **node.params)


conv_kernel_grad = Primitive(
    "conv_kernel_grad",
    _conv_kernel_grad_shape,
    _conv_kernel_grad,
    _conv_kernel_grad_vjp,
    lift=_lift_conv_kernel_grad,
    multiply_adds=lambda node: _multiply_adds(node.inputs[1], node.specs[0]),
    family=_FAMILY,
    doc="The gradient of conv by its kernel.",
    edges=("0 over a batch of size 0.",),
)


# The kernel's gradient for each of several batches


@wraps(_conv_kernel_grad_shape)
def _conv_kernel_grads_shape(x: Spec, g: Spec, **params: Any) -> Spec:
    count = agreed(x.sizes[0], g.sizes[0])
    if not is_known(count) or clash(x.sizes[0], g.sizes[0]):
        raise ValueError(
            f"conv_kernel_grads: {x.shape} and {g.shape} need one and the same known number of "
            "batches."
        )
    one_x, one_g = (Spec(t.sizes[1:], t.dtype) for t in (x, g))
    kernel = _conv_kernel_grad_shape(one_x, one_g, **params)
    return Spec((count, *kernel.sizes), kernel.dtype)


def _conv_kernel_grads(x: Any, g: Any, **params: Any) -> Any:
    return np.stack([_conv_kernel_grad(*pair, **params) for pair in zip(x, g)])


def _conv_kernel_grads_parts(
    x: Tensor, g: Tensor, groups: int, data_format: str, **params: Any
) -> Tensor:
    """The batches become groups of channels."""
    count, window = x.sizes[0], params["kernel_size"]
    assert is_known(count)
    apart = [_batches_in_channels(t, data_format) for t in (x, g)]
    options = {"groups": groups * count, "data_format": "channels_last", **params}
    kernel = p.conv_kernel_grad(*apart, **options)
    depth, filters = kernel.sizes[-2:]
    assert is_known(filters)
    parts = p.reshape(kernel, shape=(*window, depth, count, filters // count))
    rank = len(window)
    return p.transpose(parts, perm=(rank + 1, *range(rank + 1), rank + 2))


def _batches_in_channels(x: Tensor, data_format: str) -> Tensor:
    """`(count, batch, spatial..., channels)` as `(batch, spatial..., count * channels)`."""
    channels = 2 if data_format == "channels_first" else x.ndim - 1
    spatial = [axis for axis in range(2, x.ndim) if axis != channels]
    moved = p.transpose(x, perm=(1, *spatial, 0, channels))
    sizes = [p.size_of(moved, axis) for axis in range(moved.ndim)]
    return p.reshape_to_sizes(moved, [*sizes[:-2], p.product_of_sizes(sizes[-2:])])


conv_kernel_grads = Primitive(
    "conv_kernel_grads",
    _conv_kernel_grads_shape,
    _conv_kernel_grads,
    decomposition=_conv_kernel_grads_parts,
    family=_FAMILY,
    doc="conv_kernel_grad for each pair of batches along axis 0 of x and g. Loops leave it to be "
    "summed, which makes it one conv_kernel_grad.",
)


def summed_kernel_grads(node: Node) -> Tensor:
    """The sum of `conv_kernel_grads` over the batches: all of them are one batch."""
    return p.conv_kernel_grad(*map(steps_in_batch, node.inputs), **node.params)
