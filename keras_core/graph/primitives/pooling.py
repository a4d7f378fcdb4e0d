"""Maximum and average over windows, and their gradients."""

from __future__ import annotations

import math
from typing import Any, Callable

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Primitive
from keras_core.graph.primitives._lifting import lift_batch, lift_batch_to_shape
from keras_core.graph.primitives._rules import filled, float_only, same_dtype, sizes_given
from keras_core.graph.spec import Shape, Sizes, Spec
from keras_core.graph.tensor import Constant, Tensor
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

_FAMILY = "pooling"


def _window(size: Counts, strides: Counts, padding: Padding) -> Window:
    return Window(tuple(size), strides, padding, (1,) * len(size))


def _pooled(name: str, x: Sizes, window: Window, data_format: str) -> Sizes:
    check_data_format(name, data_format)
    check_window(name, len(x), window)
    spatial = counted(name, x, window, data_format)
    return assembled(x[0], spatial, channels_of(x, data_format), data_format)


def _pool_shape(name: str) -> Callable[..., Spec]:
    def shape(x: Spec, size: Counts, strides: Counts, padding: Padding, data_format: str) -> Spec:
        float_only(name, x)
        return Spec(_pooled(name, x.sizes, _window(size, strides, padding), data_format), x.dtype)

    return shape


def _stacked(x: Any, window: Window, outside: float) -> Any:
    """What each place in the window meets, (places, batch, spatial…, channels)."""
    space = padded(x, window, outside)
    return np.stack([space[(slice(None), *met)] for _, met in window.offsets(x.shape[1:-1])])


# Maximum


def _max_pool(x: Any, size: Counts, strides: Counts, padding: Padding, data_format: str) -> Any:
    window = _window(size, strides, padding)
    stacked = _stacked(channels_last(x, data_format), window, -np.inf)
    return channels_back(stacked.max(axis=0), data_format)


def _max_pool_vjp(g: Tensor, y: Tensor, x: Tensor, **params: Any) -> tuple[Tensor]:
    return (p.max_pool_grad(x, g, **params),)


max_pool = Primitive(
    "max_pool",
    _pool_shape("max_pool"),
    _max_pool,
    _max_pool_vjp,
    lift=lift_batch,
    family=_FAMILY,
    doc="The maximum in each window; padding never wins.",
    edges=(
        "-inf where a window meets padding alone.",
        "Of equal elements, the first in row-major order has the gradient.",
    ),
)


def _max_pool_grad_shape(
    x: Spec,
    g: Spec,
    size: Counts,
    strides: Counts,
    padding: Padding,
    data_format: str,
) -> Spec:
    name = "max_pool_grad"
    expected = _pooled(name, x.sizes, _window(size, strides, padding), data_format)
    check_sizes(name, g.sizes, expected)
    return Spec(x.sizes, same_dtype(name, x, g))


def _max_pool_grad(
    x: Any,
    g: Any,
    size: Counts,
    strides: Counts,
    padding: Padding,
    data_format: str,
) -> Any:
    window = _window(size, strides, padding)
    x, g = channels_last(x, data_format), channels_last(g, data_format)
    first = _stacked(x, window, -np.inf).argmax(axis=0)
    space = padded(np.zeros_like(x), window)
    for number, (_, met) in enumerate(window.offsets(x.shape[1:-1])):
        space[(slice(None), *met)] += np.where(first == number, g, np.zeros_like(g))
    return channels_back(cropped(space, window, x.shape[1:-1]), data_format)


def _max_pool_grad_vjp(
    c: Tensor, y: Tensor, x: Tensor, g: Tensor, **params: Any
) -> tuple[None, Tensor]:
    return None, p.max_pool_select(x, c, **params)


max_pool_grad = Primitive(
    "max_pool_grad",
    _max_pool_grad_shape,
    _max_pool_grad,
    _max_pool_grad_vjp,
    lift=lift_batch,
    family=_FAMILY,
    doc="Each window's g, added where x has its first maximum, in row-major order.",
    edges=("Where windows overlap, what they give is added up.",),
)


def _max_pool_select_shape(
    x: Spec,
    v: Spec,
    size: Counts,
    strides: Counts,
    padding: Padding,
    data_format: str,
) -> Spec:
    name = "max_pool_select"
    check_sizes(name, v.sizes, x.sizes)
    pooled = _pooled(name, x.sizes, _window(size, strides, padding), data_format)
    return Spec(pooled, same_dtype(name, x, v))


def _max_pool_select(
    x: Any,
    v: Any,
    size: Counts,
    strides: Counts,
    padding: Padding,
    data_format: str,
) -> Any:
    window = _window(size, strides, padding)
    first = _stacked(channels_last(x, data_format), window, -np.inf).argmax(axis=0)
    stacked = _stacked(channels_last(v, data_format), window, 0)
    picked = np.take_along_axis(stacked, first[None], 0)[0]
    return channels_back(picked, data_format)


def _max_pool_select_vjp(
    g: Tensor, y: Tensor, x: Tensor, v: Tensor, **params: Any
) -> tuple[None, Tensor]:
    return None, p.max_pool_grad(x, g, **params)


max_pool_select = Primitive(
    "max_pool_select",
    _max_pool_select_shape,
    _max_pool_select,
    _max_pool_select_vjp,
    lift=lift_batch,
    family=_FAMILY,
    doc="The element of v where x has its first maximum in each window.",
)


# Maximum whose gradient all places share that hold it, as on Theano


def _max_pool_shared_parts(x: Tensor, **params: Any) -> Tensor:
    return p.max_pool(x, **params)


def _max_pool_shared_vjp(
    g: Tensor,
    y: Tensor,
    x: Tensor,
    size: Counts,
    strides: Counts,
    padding: Padding,
    data_format: str,
) -> tuple[Tensor]:
    """What each place in a window meets is a channel of a convolution with ones and zeros."""
    places = math.prod(size)
    kernel = Constant(np.eye(places, dtype=x.dtype).reshape(*size, 1, places))
    options: dict[str, Any] = {
        "strides": strides,
        "padding": padding,
        "dilation": (1,) * len(size),
        "groups": 1,
        "data_format": "channels_last",
    }
    alone, largest, share = (_channels_apart(t, data_format) for t in (x, y, g))
    met = p.conv(alone, kernel, **options)
    inside = p.conv(p.ones_like(alone), kernel, **options)
    zero = p.scalar(0, x.dtype)
    holds = p.logical_and(p.equal(met, largest), p.greater(inside, zero))
    spread = p.where(holds, share, zero)
    back = p.conv_input_grad(spread, kernel, *p.dims_of(alone), shape=alone.shape, **options)
    return (_channels_together(back, x, data_format),)


def _channels_apart(x: Tensor, data_format: str) -> Tensor:
    """Each channel as a sample of its own, `(batch * channels, spatial…, 1)`."""
    if data_format == "channels_last":
        x = p.transpose(x, perm=(0, x.ndim - 1, *range(1, x.ndim - 1)))
    batch, channels, *spatial = (p.size_of(x, axis) for axis in range(x.ndim))
    return p.reshape_to_sizes(x, [p.product_of_sizes([batch, channels]), *spatial, 1])


def _channels_together(x: Tensor, like: Tensor, data_format: str) -> Tensor:
    """The inverse."""
    sizes = [p.size_of(like, axis) for axis in range(like.ndim)]
    if data_format == "channels_first":
        return p.reshape_to_sizes(x, sizes)
    batch, *spatial, channels = sizes
    first = p.reshape_to_sizes(x, [batch, channels, *spatial])
    return p.transpose(first, perm=(0, *range(2, like.ndim), 1))


max_pool_shared = Primitive(
    "max_pool_shared",
    _pool_shape("max_pool_shared"),
    _max_pool,
    _max_pool_shared_vjp,
    decomposition=_max_pool_shared_parts,
    lift=lift_batch,
    family=_FAMILY,
    doc="The maximum in each window; every place that holds it has the whole of the gradient.",
    edges=("-inf where a window meets padding alone.",),
)


# Average


def _covered(sizes: Counts, window: Window, dtype: Any) -> Any:
    """How many elements, padding apart, each window covers: (1, spatial…, 1)."""
    return _stacked(np.ones((1, *sizes, 1), dtype), window, 0).sum(axis=0, dtype=dtype)


def _avg_pool(x: Any, size: Counts, strides: Counts, padding: Padding, data_format: str) -> Any:
    window = _window(size, strides, padding)
    x = channels_last(x, data_format)
    total = _stacked(x, window, 0).sum(axis=0, dtype=x.dtype)
    return channels_back(total / _covered(x.shape[1:-1], window, x.dtype), data_format)


def _avg_pool_vjp(g: Tensor, y: Tensor, x: Tensor, **params: Any) -> tuple[Tensor]:
    return (p.avg_pool_grad(g, *p.dims_of(x), shape=x.shape, **params),)


avg_pool = Primitive(
    "avg_pool",
    _pool_shape("avg_pool"),
    _avg_pool,
    _avg_pool_vjp,
    lift=lift_batch,
    family=_FAMILY,
    doc="The average of each window; padding is not counted.",
    edges=("NaN where a window meets padding alone.",),
)


def _avg_pool_grad_shape(
    g: Spec,
    *dims: Spec,
    shape: Shape,
    size: Counts,
    strides: Counts,
    padding: Padding,
    data_format: str,
) -> Spec:
    name = "avg_pool_grad"
    sizes = sizes_given(name, shape, dims)
    check_sizes(name, g.sizes, _pooled(name, sizes, _window(size, strides, padding), data_format))
    return Spec(sizes, g.dtype)


def _avg_pool_grad(
    g: Any,
    *dims: Any,
    shape: Shape,
    size: Counts,
    strides: Counts,
    padding: Padding,
    data_format: str,
) -> Any:
    window = _window(size, strides, padding)
    result = channels_last(np.zeros(filled(shape, dims), g.dtype), data_format)
    sizes, space = result.shape[1:-1], padded(result, window)
    share = channels_last(g, data_format) / _covered(sizes, window, g.dtype)
    for _, met in window.offsets(sizes):
        space[(slice(None), *met)] += share
    return channels_back(cropped(space, window, sizes), data_format)


def _avg_pool_grad_vjp(
    c: Tensor, y: Tensor, g: Tensor, *dims: Tensor, shape: Shape, **params: Any
) -> tuple[Tensor]:
    return (p.avg_pool(c, **params),)


avg_pool_grad = Primitive(
    "avg_pool_grad",
    _avg_pool_grad_shape,
    _avg_pool_grad,
    _avg_pool_grad_vjp,
    lift=lift_batch_to_shape,
    dims=True,
    family=_FAMILY,
    doc="The gradient of avg_pool by its input of a given shape.",
)
