"""Convolution and its two gradients by Theano's own operations, which take channels first.

These know padding that is equal on both sides; other padding is put around the tensor before. In
modes without C code Theano has no such operation worth the name: there the plain meaning runs.
Where the window is one point and channels come last, all is products of matrices as they lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

import theano.tensor as T
from theano.tensor.nnet import abstract_conv

from keras_core.graph import Node
from keras_core.plugins.authoring import Window
from keras_theano import settings
from keras_theano.lowering._common import filled, filled_with
from keras_theano.lowering._geometry import (
    Geometry,
    channels_back,
    channels_first,
    geometry,
    inner,
    is_first,
    surrounded,
)
from keras_theano.ops import reference

_FLOATS = ("float32", "float64")

_FORWARD = {2: abstract_conv.conv2d, 3: abstract_conv.conv3d}
_BY_INPUT = {2: abstract_conv.conv2d_grad_wrt_inputs, 3: abstract_conv.conv3d_grad_wrt_inputs}
_BY_KERNEL = {2: abstract_conv.conv2d_grad_wrt_weights, 3: abstract_conv.conv3d_grad_wrt_weights}


def _in_c(lower: Callable[..., Any]) -> Callable[..., Any]:
    def choose(node: Node, *inputs: Any) -> Any:
        in_c = settings.runs_c(settings.mode()) and node.specs[0].dtype in _FLOATS
        return lower(node, *inputs) if in_c else reference(node, *inputs)

    return choose


def _use(node: Node, shape: Sequence[Any], size: Sequence[Any]) -> Geometry:
    """The geometry, of one spatial axis as the second of two: Theano has no other for one."""
    use = geometry(node, shape, size)
    if len(use.sizes) > 1:
        return use
    size, strides, padding, dilation = use.window
    window = Window((1, *size), (1, *strides), padding, (1, *dilation))
    return Geometry((1, *use.sizes), window, ((0, 0), *use.pads))


def _split_padding(use: Geometry) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """Padding left to the operation, equal on both sides, and padding to put around before."""
    if all(before == after for before, after in use.pads):
        return tuple(before for before, _ in use.pads), ((0, 0),) * len(use.pads)
    return (0,) * len(use.pads), use.pads


def _options(node: Node, use: Geometry, border: tuple[int, ...]) -> dict[str, Any]:
    return {
        "border_mode": border,
        "subsample": use.window.strides,
        "filter_dilation": use.window.dilation,
        "num_groups": node.params["groups"],
        "filter_flip": False,
    }


def _flat(x: Any, use: Geometry) -> Any:
    """A tensor with channels first, with two spatial axes at least."""
    return x if x.ndim == len(use.sizes) + 2 else T.shape_padaxis(x, 2)


def _thin(x: Any, rank: int) -> Any:
    """The inverse of `_flat`."""
    return x if x.ndim == rank else x[:, :, 0]


def _filters(kernel: Any, use: Geometry) -> Any:
    """(window…, channels, filters) as (filters, channels, window…)."""
    rank = kernel.ndim
    turned = kernel.dimshuffle(rank - 1, rank - 2, *range(rank - 2))
    return _flat(turned, use)


def _kernel(filters: Any, rank: int) -> Any:
    """The inverse of `_filters`."""
    thin = _thin(filters, rank)
    return thin.dimshuffle(*range(2, rank), 1, 0)


def _is_product(node: Node, kernel_shape: Sequence[Any]) -> bool:
    """Whether a product of the channels at each point is all that there is to do."""
    is_point = all(size == 1 for size in kernel_shape[:-2])
    return is_point and node.params["groups"] == 1 and not is_first(node)


def _points(x: Any, strides: Sequence[int]) -> Any:
    """What windows of one point meet."""
    return x if set(strides) == {1} else x[(slice(None), *(slice(None, None, n) for n in strides))]


def _rows(x: Any) -> Any:
    """A matrix with the channels in its columns."""
    return x.reshape((-1, x.shape[x.ndim - 1]), ndim=2)


def _spread(rows: Any, like: Any) -> Any:
    """The inverse of `_rows`, for points as `like` has them."""
    whole = [*(like.shape[i] for i in range(like.ndim - 1)), rows.shape[1]]
    return rows.reshape(whole, ndim=like.ndim)


def _product(node: Node, x: Any, kernel: Any) -> Any:
    points = _points(x, node.params["strides"])
    return _spread(T.dot(_rows(points), _matrix(kernel)), points)


def _matrix(kernel: Any) -> Any:
    return kernel.reshape(kernel.shape[kernel.ndim - 2 :], ndim=2)


def _product_input_grad(node: Node, g: Any, kernel: Any, *dims: Any) -> Any:
    at_points = _spread(T.dot(_rows(g), _matrix(kernel).T), g)
    if set(node.params["strides"]) == {1}:
        return at_points
    space = filled_with(0, filled(node, dims), g.dtype)
    return T.set_subtensor(_points(space, node.params["strides"]), at_points)


def _product_kernel_grad(node: Node, x: Any, g: Any) -> Any:
    points = _points(x, node.params["strides"])
    return T.dot(_rows(points).T, _rows(g)).reshape(node.specs[0].shape)


def _conv(node: Node, x: Any, kernel: Any) -> Any:
    if _is_product(node, node.inputs[1].shape):
        return _product(node, x, kernel)
    source, window = node.inputs[0].shape, node.inputs[1].shape[:-2]
    use = _use(node, source, window)
    border, around = _split_padding(use)
    space = surrounded(_flat(channels_first(x, is_first(node)), use), around, 0, 2)
    y = _FORWARD[len(use.sizes)](space, _filters(kernel, use), **_options(node, use, border))
    return channels_back(_thin(y, x.ndim), is_first(node))


def _conv_input_grad(node: Node, g: Any, kernel: Any, *dims: Any) -> Any:
    if _is_product(node, node.inputs[1].shape):
        return _product_input_grad(node, g, kernel, *dims)
    first = is_first(node)
    use = _use(node, node.specs[0].shape, node.inputs[1].shape[:-2])
    border, around = _split_padding(use)
    whole = filled(node, dims)
    channels = whole[1] if first else whole[-1]
    space = [n + sum(pads) for n, pads in zip(use.sizes, around)]
    result = _BY_INPUT[len(use.sizes)](
        _flat(channels_first(g, first), use),
        _filters(kernel, use),
        (whole[0] if isinstance(whole[0], int) else None, channels, *space),
        **_options(node, use, border),
    )
    return channels_back(_thin(inner(result, around, use.sizes, 2), g.ndim), first)


def _conv_kernel_grad(node: Node, x: Any, g: Any) -> Any:
    if _is_product(node, node.specs[0].shape):
        return _product_kernel_grad(node, x, g)
    first = is_first(node)
    use = _use(node, node.inputs[0].shape, node.params["kernel_size"])
    border, around = _split_padding(use)
    depth, filters = node.specs[0].shape[-2:]
    result = _BY_KERNEL[len(use.sizes)](
        surrounded(_flat(channels_first(x, first), use), around, 0, 2),
        _flat(channels_first(g, first), use),
        (filters, depth, *use.window.size),
        **_options(node, use, border),
    )
    return _kernel(result, x.ndim)


LOWERINGS: Mapping[str, Any] = {
    "conv": _in_c(_conv),
    "conv_input_grad": _in_c(_conv_input_grad),
    "conv_kernel_grad": _in_c(_conv_kernel_grad),
}
