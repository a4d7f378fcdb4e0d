"""Convolutions (cross-correlations, as everywhere in this field) of one to three spatial axes.

Kernels are `(..., input channels, output channels)` after one axis for each spatial one. 'same'
padding is TensorFlow's: the result has ceil(size / stride) places, and of an odd number of zeros
the greater part comes after.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Union

from keras_core.attempt import take_calls
from keras_core.backend.common import normalize_data_format
from keras_core.backend.convert import pair, sizes
from keras_core.graph import primitives as p
from keras_core.graph.tensor import Dim, Tensor
from keras_core.legacy.calls import refusing_old_names

Ints = Union[int, Sequence[int]]
Padding = Union[str, tuple[tuple[int, int], ...]]


@refusing_old_names("backend.conv1d")
def conv1d(
    x: Any,
    kernel: Any,
    strides: int = 1,
    padding: Padding = "valid",
    data_format: str | None = None,
    dilation_rate: int = 1,
) -> Tensor:
    """Convolves sequences.

    Args:
        x: float tensor `(batch, steps, channels)`, or with the channels first.
        kernel: float tensor `(size, input channels, output channels)`.
        strides: steps between results.
        padding: 'valid'; 'same'; or 'causal': zeros before the first step, so that no result
            depends on later steps; or a pair (before, after).
        data_format: 'channels_last', 'channels_first', or None for the default.
        dilation_rate: steps between the taps of the kernel.

    Raises:
        ValueError: another padding or data format, or shapes that do not fit.

    Example:
        >>> x, kernel = K.constant([[[1.0], [2.0], [3.0], [4.0]]]), K.constant([[[1.0]], [[-1.0]]])
        >>> K.eval(K.conv1d(x, kernel))[0, :, 0].tolist()
        [-1.0, -1.0, -1.0]
        >>> K.conv1d(x, kernel, strides=2, padding="same").shape
        (1, 2, 1)
    """
    x, kernel = pair(x, kernel)
    if padding == "causal":
        before = int(per_axis(dilation_rate, 1)[0]) * ((kernel.shape[0] or 1) - 1)
        return _conv(x, kernel, strides, ((before, 0),), data_format, dilation_rate)
    return _conv(x, kernel, strides, padding, data_format, dilation_rate)


@refusing_old_names("backend.conv2d")
def conv2d(
    x: Any,
    kernel: Any,
    strides: Ints = (1, 1),
    padding: Padding = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1),
) -> Tensor:
    """Convolves images.

    Args:
        x: float tensor `(batch, rows, columns, channels)`, or with the channels first.
        kernel: float tensor `(rows, columns, input channels, output channels)`.
        strides: rows and columns between results.
        padding: 'valid' or 'same'; or a pair (before, after) for each spatial axis.
        data_format: 'channels_last', 'channels_first', or None for the default.
        dilation_rate: rows and columns between the taps of the kernel.

    Raises:
        ValueError: another padding or data format, or shapes that do not fit.

    Example:
        >>> images = K.placeholder((None, 28, 28, 3))
        >>> K.conv2d(images, K.ones((5, 5, 3, 8))).shape
        (None, 24, 24, 8)
        >>> K.conv2d(images, K.ones((5, 5, 3, 8)), strides=(2, 2), padding="same").shape
        (None, 14, 14, 8)
    """
    return _conv(*pair(x, kernel), strides, padding, data_format, dilation_rate)


@refusing_old_names("backend.conv3d")
def conv3d(
    x: Any,
    kernel: Any,
    strides: Ints = (1, 1, 1),
    padding: Padding = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1, 1),
) -> Tensor:
    """Convolves volumes.

    Args:
        x: float tensor `(batch, depth, rows, columns, channels)`, or with the channels first.
        kernel: float tensor `(depth, rows, columns, input channels, output channels)`.
        strides: places between results, along each axis.
        padding: 'valid' or 'same'; or a pair (before, after) for each spatial axis.
        data_format: 'channels_last', 'channels_first', or None for the default.
        dilation_rate: places between the taps of the kernel, along each axis.

    Raises:
        ValueError: another padding or data format, or shapes that do not fit.

    Example:
        >>> volumes = K.placeholder((None, 16, 16, 16, 2))
        >>> K.conv3d(volumes, K.ones((3, 3, 3, 2, 4))).shape
        (None, 14, 14, 14, 4)
    """
    return _conv(*pair(x, kernel), strides, padding, data_format, dilation_rate)


def depthwise_conv2d(
    x: Any,
    depthwise_kernel: Any,
    strides: Ints = (1, 1),
    padding: Padding = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1),
) -> Tensor:
    """Convolves each channel of images by itself.

    Args:
        x: float tensor `(batch, rows, columns, channels)`, or with the channels first.
        depthwise_kernel: float tensor `(rows, columns, channels, multiplier)`; result
            `channel * multiplier + i` comes from column i of a channel's kernel.
        strides: rows and columns between results.
        padding: 'valid' or 'same'; or a pair (before, after) for each spatial axis.
        data_format: 'channels_last', 'channels_first', or None for the default.
        dilation_rate: rows and columns between the taps of the kernel.

    Raises:
        ValueError: another padding or data format, or shapes that do not fit.

    Example:
        >>> images = K.placeholder((None, 28, 28, 3))
        >>> K.depthwise_conv2d(images, K.ones((3, 3, 3, 2))).shape  # 2 kernels a channel
        (None, 26, 26, 6)
    """
    x, kernel = pair(x, depthwise_kernel)
    return _depthwise(x, kernel, strides, padding, data_format, dilation_rate)


def separable_conv1d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Ints = 1,
    padding: Padding = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Tensor:
    """Convolves each channel of sequences by itself, then mixes the channels.

    Args:
        x: float tensor `(batch, steps, channels)`, or with the channels first.
        depthwise_kernel: float tensor `(size, channels, multiplier)`.
        pointwise_kernel: float tensor `(1, channels * multiplier, output channels)`.
        strides: steps between results.
        padding: 'valid' or 'same'; or a pair (before, after) for each spatial axis.
        data_format: 'channels_last', 'channels_first', or None for the default.
        dilation_rate: steps between the taps of the kernel.

    Raises:
        ValueError: another padding or data format, or shapes that do not fit.

    Example:
        >>> K.separable_conv1d(K.ones((1, 9, 2)), K.ones((3, 2, 4)), K.ones((1, 8, 5))).shape
        (1, 7, 5)
    """
    x, kernel = pair(x, depthwise_kernel)
    each = _depthwise(x, kernel, strides, padding, data_format, dilation_rate)
    return _conv(*pair(each, pointwise_kernel), 1, "valid", data_format, 1)


@refusing_old_names("backend.separable_conv2d")
def separable_conv2d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Ints = (1, 1),
    padding: Padding = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1),
) -> Tensor:
    """Convolves each channel of images by itself, then mixes the channels.

    Args:
        x: float tensor `(batch, rows, columns, channels)`, or with the channels first.
        depthwise_kernel: float tensor `(rows, columns, channels, multiplier)`.
        pointwise_kernel: float tensor `(1, 1, channels * multiplier, output channels)`.
        strides: rows and columns between results.
        padding: 'valid' or 'same'; or a pair (before, after) for each spatial axis.
        data_format: 'channels_last', 'channels_first', or None for the default.
        dilation_rate: rows and columns between the taps of the kernel.

    Raises:
        ValueError: another padding or data format, or shapes that do not fit.

    Example:
        >>> images, pointwise = K.ones((1, 9, 9, 2)), K.ones((1, 1, 8, 5))
        >>> K.separable_conv2d(images, K.ones((3, 3, 2, 4)), pointwise).shape
        (1, 7, 7, 5)
    """
    x, kernel = pair(x, depthwise_kernel)
    each = _depthwise(x, kernel, strides, padding, data_format, dilation_rate)
    return _conv(*pair(each, pointwise_kernel), 1, "valid", data_format, 1)


def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Ints = (1, 1),
    padding: Padding = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = (1, 1),
) -> Tensor:
    """Spreads images: the gradient of `conv2d` by its input, for a result of a given shape.

    Args:
        x: float tensor `(batch, rows, columns, channels)`, or with the channels first.
        kernel: float tensor `(rows, columns, output channels, input channels)`.
        output_shape: whole shape of the result: ints, scalar int tensors, None for that of `x`.
        strides: those of the convolution.
        padding: that of the convolution, 'valid', 'same', or a pair for each spatial axis.
        data_format: 'channels_last', 'channels_first', or None for the default.
        dilation_rate: that of the convolution.

    Raises:
        ValueError: another padding or data format, or shapes that do not fit.

    Example:
        >>> x, kernel = K.ones((1, 7, 7, 8)), K.ones((3, 3, 16, 8))
        >>> shape = (1, 14, 14, 16)
        >>> K.conv2d_transpose(x, kernel, shape, strides=(2, 2), padding="same").shape
        (1, 14, 14, 16)
    """
    x, kernel = pair(x, kernel)
    return _transposed(x, kernel, output_shape, strides, padding, data_format, dilation_rate)


def conv3d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Ints = (1, 1, 1),
    padding: Padding = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Spreads volumes: the gradient of `conv3d` by its input, for a result of a given shape.

    Args:
        x: float tensor `(batch, depth, rows, columns, channels)`, or with the channels first.
        kernel: float tensor `(depth, rows, columns, output channels, input channels)`.
        output_shape: whole shape of the result: ints, scalar int tensors, None for that of `x`.
        strides: those of the convolution.
        padding: that of the convolution, 'valid', 'same', or a pair for each spatial axis.
        data_format: 'channels_last', 'channels_first', or None for the default.

    Raises:
        ValueError: another padding or data format, or shapes that do not fit.

    Example:
        >>> x, kernel = K.ones((1, 4, 4, 4, 2)), K.ones((3, 3, 3, 5, 2))
        >>> K.conv3d_transpose(x, kernel, (1, 8, 8, 8, 5), strides=(2, 2, 2), padding="same").shape
        (1, 8, 8, 8, 5)
    """
    x, kernel = pair(x, kernel)
    return _transposed(x, kernel, output_shape, strides, padding, data_format, 1)


def local_conv1d(
    inputs: Any,
    kernel: Any,
    kernel_size: Sequence[int],
    strides: Sequence[int],
    data_format: str | None = None,
) -> Tensor:
    """Convolves sequences with a kernel of its own for each place.

    Args:
        inputs: float tensor `(batch, steps, channels)`, the number of steps known.
        kernel: float tensor `(places, size * channels, output channels)`.
        kernel_size: one int.
        strides: one int, steps between results.
        data_format: 'channels_last', or None for the default, which must be that.

    Raises:
        ValueError: the channels are first, or shapes do not fit.

    Example:
        >>> x, kernel = K.ones((1, 6, 2)), K.ones((4, 3 * 2, 5))  # a kernel for each of 4 places
        >>> K.local_conv1d(x, kernel, kernel_size=(3,), strides=(1,)).shape
        (1, 4, 5)
    """
    if normalize_data_format(data_format) != "channels_last":
        raise ValueError(
            "K.local_conv1d takes the channels last; bring them there with "
            "K.permute_dimensions(x, (0, 2, 1))."
        )
    inputs, kernel = pair(inputs, kernel)
    window = _windows(inputs, 1, kernel_size, strides, kernel.shape[:1])
    return _places_last(_local_dot(p.concat(*window, axis=2), kernel, places=1, taps=2), 1)


def local_conv2d(
    inputs: Any,
    kernel: Any,
    kernel_size: Sequence[int],
    strides: Sequence[int],
    output_shape: Sequence[int],
    data_format: str | None = None,
) -> Tensor:
    """Convolves images with a kernel of its own for each place.

    Args:
        inputs: float tensor `(batch, rows, columns, channels)`, or with the channels first.
        kernel: float tensor `(places, taps, output channels)`: places row by row, taps in the order
            of the axes of a sample.
        kernel_size: rows and columns.
        strides: rows and columns between results.
        output_shape: rows and columns of the result.
        data_format: 'channels_last', 'channels_first', or None for the default.

    Raises:
        ValueError: another data format, or shapes that do not fit.

    Example:
        >>> x, kernel = K.ones((1, 6, 6, 2)), K.ones((16, 3 * 3 * 2, 5))
        >>> K.local_conv2d(x, kernel, kernel_size=(3, 3), strides=(1, 1), output_shape=(4, 4)).shape
        (1, 4, 4, 5)
    """
    inputs, kernel = pair(inputs, kernel)
    if normalize_data_format(data_format) == "channels_first":
        return _local_conv2d_first(inputs, kernel, kernel_size, strides, tuple(output_shape))
    rows, columns = output_shape
    windows = _windows(inputs, 1, kernel_size, strides, (rows, columns))
    taps = p.concat(*windows, axis=3)
    flat = p.reshape(taps, shape=(-1, rows * columns, taps.shape[3]))
    result = _places_last(_local_dot(flat, kernel, places=1, taps=2), 1)
    return p.reshape(result, shape=(-1, rows, columns, kernel.shape[2]))


def _local_conv2d_first(
    x: Tensor, kernel: Tensor, size: Sequence[int], strides: Sequence[int], out: tuple[int, ...]
) -> Tensor:
    windows = p.stack(*_windows(x, 2, size, strides, out), axis=2)
    flat = p.reshape(windows, shape=(-1, kernel.shape[1], out[0] * out[1]))
    result = p.transpose(_local_dot(flat, kernel, places=2, taps=1), perm=(1, 2, 0))
    return p.reshape(result, shape=(-1, kernel.shape[2], *out))


def _windows(
    x: Tensor, first: int, size: Sequence[int], strides: Sequence[int], out: Sequence[Dim]
) -> list[Tensor]:
    """For each tap of a kernel, in order, the elements of `x` that it meets at all places."""
    take_calls(math.prod(size), lambda: "A kernel that differs from place to place")
    whole = (None, None, 1)
    offsets: list[tuple[int, ...]] = [()]
    for taps in size:
        offsets = [(*offset, tap) for offset in offsets for tap in range(taps)]
    windows = []
    for offset in offsets:
        cuts = [
            (start, start + (count or 0) * step - step + 1, step)
            for start, count, step in zip(offset, out, strides)
        ]
        tail = [whole] * (x.ndim - first - len(cuts))
        windows.append(p.slice(x, index=tuple([whole] * first + cuts + tail)))
    return windows


def _local_dot(x: Tensor, kernel: Tensor, places: int, taps: int) -> Tensor:
    """A product for each place: `(places, batch, output channels)`."""
    return p.dot(x, kernel, contract=((taps,), (1,)), batch=((places,), (0,)))


def _places_last(x: Tensor, axis: int) -> Tensor:
    """`(places, batch, channels)` as `(batch, places, channels)`."""
    return p.transpose(x, perm=(axis, 0, 2))


def _conv(
    x: Tensor,
    kernel: Tensor,
    strides: Ints,
    padding: Padding,
    data_format: str | None,
    dilation: Ints,
    groups: int = 1,
) -> Tensor:
    data_format = normalize_data_format(data_format)
    rank = x.ndim - 2
    if kernel.ndim != x.ndim or rank < 1:
        raise ValueError(
            f"Convolution: a kernel of shape {kernel.shape} does not fit a tensor of shape "
            f"{x.shape}; both need the same rank."
        )
    steps, spread = per_axis(strides, rank), per_axis(dilation, rank)
    sizes_in = spatial_sizes(x.shape, data_format)
    return p.conv(
        x,
        kernel,
        strides=steps,
        padding=explicit_padding(padding, sizes_in, kernel.shape[:rank], steps, spread),
        dilation=spread,
        groups=groups,
        data_format=data_format,
    )


def _depthwise(
    x: Tensor,
    kernel: Tensor,
    strides: Ints,
    padding: Padding,
    data_format: str | None,
    dilation: Ints,
) -> Tensor:
    """A convolution of as many groups as there are channels."""
    channels = kernel.shape[-2]
    if channels is None:
        raise ValueError(f"Convolution: {kernel!r} needs a known number of input channels.")
    *taps, _, multiplier = (p.size_of(kernel, axis) for axis in range(kernel.ndim))
    grouped = p.reshape_to_sizes(kernel, [*taps, 1, p.product_of_sizes([channels, multiplier])])
    return _conv(x, grouped, strides, padding, data_format, dilation, groups=channels)


def _transposed(
    x: Tensor,
    kernel: Tensor,
    output_shape: Any,
    strides: Ints,
    padding: Padding,
    data_format: str | None,
    dilation: Ints,
) -> Tensor:
    data_format = normalize_data_format(data_format)
    rank = x.ndim - 2
    if not isinstance(output_shape, Tensor):
        output_shape = [p.size_of(x, 0) if n is None else n for n in output_shape]
    shape, dims = p.split_sizes(sizes(output_shape))
    steps, spread = per_axis(strides, rank), per_axis(dilation, rank)
    sizes_out = spatial_sizes(shape, data_format)
    return p.conv_input_grad(
        x,
        kernel,
        *dims,
        shape=shape,
        strides=steps,
        padding=explicit_padding(padding, sizes_out, kernel.shape[:rank], steps, spread),
        dilation=spread,
        groups=1,
        data_format=data_format,
    )


def spatial_sizes(shape: Sequence[Dim], data_format: str) -> tuple[Dim, ...]:
    """The sizes of the spatial axes."""
    return tuple(shape[1:-1] if data_format == "channels_last" else shape[2:])


def explicit_padding(
    padding: Padding,
    lengths: Sequence[Dim],
    taps: Sequence[Dim],
    strides: Sequence[int],
    dilation: Sequence[int],
) -> Padding:
    """(before, after) for each spatial axis; 'same' by name where a size is unknown.

    Raises:
        ValueError: `padding` is neither 'valid' nor 'same'.
    """
    if not isinstance(padding, str):
        return padding
    if padding == "valid":
        return ((0, 0),) * len(lengths)
    if padding != "same":
        raise ValueError(f"padding must be 'valid' or 'same', not {padding!r}.")
    if None in lengths:
        return padding
    return tuple(map(_same, lengths, taps, strides, dilation))  # type: ignore[arg-type]


def _same(length: int, taps: int, stride: int, dilation: int) -> tuple[int, int]:
    """TensorFlow's rule for one axis."""
    places = -(-length // stride)
    missing = max((places - 1) * stride + (taps - 1) * dilation + 1 - length, 0)
    return missing // 2, missing - missing // 2


def per_axis(value: Ints, rank: int) -> tuple[int, ...]:
    """One int for each of `rank` spatial axes."""
    listed = (value,) * rank if isinstance(value, int) else tuple(int(n) for n in value)
    if len(listed) != rank:
        raise ValueError(f"{value} is not one int for each of {rank} spatial axes.")
    return listed
