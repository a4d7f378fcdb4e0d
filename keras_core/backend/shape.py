"""Rearranging, joining, repeating, padding and resizing."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.attempt import take_numbers
from keras_core.backend import convert
from keras_core.backend.common import normalize_data_format
from keras_core.backend.convert import one_axis, sizes, tensor
from keras_core.backend.variables import is_sparse, mark_sparse
from keras_core.graph import primitives as p
from keras_core.graph.tensor import Constant, Tensor
from keras_core.legacy.calls import refusing_old_names

Pair = tuple[int, int]


def reshape(x: Any, shape: Any) -> Tensor:
    """Gives the elements another shape.

    Args:
        x: tensor of any shape.
        shape: ints (one may be -1: what is left over) and scalar int tensors, or a vector tensor.

    Raises:
        ValueError: the known sizes contradict each other.

    Example:
        >>> K.reshape(K.placeholder((None, 4, 6)), (-1, 3, 8)).shape
        (None, 3, 8)
    """
    x, wanted = tensor(x), sizes(shape)
    if builtins.any(isinstance(size, int) and size == -1 for size in wanted):
        static, dims = p.split_sizes(wanted)
        return p.reshape(x, *dims, shape=static)
    return p.reshape_to_sizes(x, wanted)


def flatten(x: Any) -> Tensor:
    """Gives all elements in one axis.

    Args:
        x: tensor of any shape.

    Example:
        >>> K.eval(K.flatten([[1.0, 2.0], [3.0, 4.0]])).tolist()
        [1.0, 2.0, 3.0, 4.0]
    """
    return p.reshape(tensor(x), shape=(-1,))


def batch_flatten(x: Any) -> Tensor:
    """Gives the elements of each sample in one axis.

    Args:
        x: tensor `(batch, ...)`.

    Returns:
        Tensor `(batch, elements)`.

    Example:
        >>> K.batch_flatten(K.placeholder((None, 2, 3, 4))).shape
        (None, 24)
    """
    x = tensor(x)
    each = p.product_of_sizes([p.size_of(x, i) for i in range(1, x.ndim)])
    return p.reshape_to_sizes(x, [p.size_of(x, 0) if x.ndim else 1, each])


def pattern_broadcast(x: Any, broadcastable: Any) -> Tensor:
    """Returns `x`. Axes of size 1 broadcast without being told.

    Args:
        x: tensor of any shape.
        broadcastable: of no effect.

    Example:
        >>> K.pattern_broadcast(K.ones((3, 1)), [False, True]).shape
        (3, 1)
    """
    return tensor(x)


def permute_dimensions(x: Any, pattern: Sequence[int]) -> Tensor:
    """Orders the axes anew.

    Args:
        x: tensor of any shape.
        pattern: for each axis of the result, which axis of `x` it is.

    Example:
        >>> K.permute_dimensions(K.placeholder((None, 28, 28, 3)), (0, 3, 1, 2)).shape
        (None, 3, 28, 28)
    """
    x = tensor(x)
    return p.transpose(x, perm=tuple(one_axis("K.permute_dimensions", x, i) for i in pattern))


@refusing_old_names("backend.expand_dims")
def expand_dims(x: Any, axis: int = -1) -> Tensor:
    """Adds an axis of size 1.

    Args:
        x: tensor of any shape.
        axis: its place in the result.

    Example:
        >>> K.expand_dims(K.ones((3, 4)), axis=1).shape
        (3, 1, 4)
    """
    return p.expand_dims(tensor(x), axis)


def squeeze(x: Any, axis: int) -> Tensor:
    """Removes an axis of size 1.

    Args:
        x: tensor of any shape.
        axis: the one to remove.

    Raises:
        ValueError: its size is known and not 1.

    Example:
        >>> K.squeeze(K.ones((3, 1, 4)), axis=1).shape
        (3, 4)
    """
    return p.squeeze(tensor(x), axis)


def concatenate(tensors: Sequence[Any], axis: int = -1) -> Tensor:
    """Joins tensors along an axis.

    Args:
        tensors: tensors of one rank, equal in size except along `axis`.
        axis: int.

    Raises:
        ValueError: there is none, or their shapes do not fit.

    Example:
        >>> K.eval(K.concatenate([[[1.0], [2.0]], [[3.0], [4.0]]])).tolist()
        [[1.0, 3.0], [2.0, 4.0]]
    """
    parts = convert.tensors("K.concatenate", tensors)
    joined = p.concat(*parts, axis=one_axis("K.concatenate", parts[0], axis))
    return mark_sparse(joined) if builtins.all(map(is_sparse, tensors)) else joined


def stack(x: Sequence[Any], axis: int = 0) -> Tensor:
    """Puts tensors side by side along a new axis.

    Args:
        x: tensors of one shape.
        axis: place of the new axis in the result.

    Raises:
        ValueError: there is none, or their shapes differ.

    Example:
        >>> K.eval(K.stack([[1.0, 2.0], [3.0, 4.0]], axis=1)).tolist()
        [[1.0, 3.0], [2.0, 4.0]]
    """
    parts = convert.tensors("K.stack", x)
    rank = parts[0].ndim + 1
    if not -rank <= axis < rank:
        raise ValueError(f"K.stack: axis {axis} is outside of a result of rank {rank}.")
    return p.stack(*parts, axis=axis % rank)


def repeat(x: Any, n: int) -> Tensor:
    """Repeats each sample along a new axis.

    Args:
        x: tensor `(batch, features)`.
        n: int.

    Returns:
        Tensor `(batch, n, features)`.

    Raises:
        ValueError: `x` has not rank 2.

    Example:
        >>> K.eval(K.repeat([[1.0, 2.0]], 3)).tolist()
        [[[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]]
    """
    x = tensor(x)
    if x.ndim != 2:
        raise ValueError(f"K.repeat needs a tensor (batch, features), not one of shape {x.shape}.")
    return p.repeat(p.expand_dims(x, 1), repeats=int(n), axis=1)


def repeat_elements(x: Any, rep: int, axis: int) -> Tensor:
    """Repeats each element in place.

    Args:
        x: tensor of any shape.
        rep: how often.
        axis: along which axis.

    Example:
        >>> K.eval(K.repeat_elements([1.0, 2.0], 2, axis=0)).tolist()
        [1.0, 1.0, 2.0, 2.0]
    """
    x = tensor(x)
    return p.repeat(x, repeats=int(rep), axis=one_axis("K.repeat_elements", x, axis))


def tile(x: Any, n: Any) -> Tensor:
    """Repeats the whole tensor.

    Args:
        x: tensor of any shape.
        n: how often along each axis: an int for the last axis, else an int or scalar int tensor for
            each axis.

    Example:
        >>> K.eval(K.tile([[1.0, 2.0]], (2, 2))).tolist()
        [[1.0, 2.0, 1.0, 2.0], [1.0, 2.0, 1.0, 2.0]]
    """
    x, counts = tensor(x), sizes(n)
    counts = [*([1] * (x.ndim - len(counts))), *counts]
    if not builtins.any(isinstance(count, Tensor) for count in counts):
        return p.tile(x, reps=tuple(counts))
    return _tile_by_tensors(x, counts)


def _tile_by_tensors(x: Tensor, counts: Sequence[Any]) -> Tensor:
    """Tiles through a new axis before each axis, along which `x` is broadcast."""
    own = [p.size_of(x, i) for i in range(x.ndim)]
    apart = p.reshape_to_sizes(x, [size for n in own for size in (1, n)])
    static, dims = p.split_sizes([size for pair in zip(counts, own) for size in pair])
    spread = p.broadcast_to(apart, *dims, shape=static)
    return p.reshape_to_sizes(spread, [p.product_of_sizes(pair) for pair in zip(counts, own)])


def reverse(x: Any, axes: Any) -> Tensor:
    """Reverses the order of elements.

    Args:
        x: tensor of any shape.
        axes: int or ints, along which.

    Example:
        >>> K.eval(K.reverse([[1.0, 2.0], [3.0, 4.0]], axes=0)).tolist()
        [[3.0, 4.0], [1.0, 2.0]]
    """
    x = tensor(x)
    return p.reverse(x, axes=convert.axes("K.reverse", x, axes))


def temporal_padding(x: Any, padding: Pair = (1, 1)) -> Tensor:
    """Adds steps of zeros.

    Args:
        x: tensor `(batch, steps, features)`.
        padding: how many before and after.

    Example:
        >>> K.eval(K.temporal_padding([[[1.0], [2.0]]], padding=(1, 2)))[0, :, 0].tolist()
        [0.0, 1.0, 2.0, 0.0, 0.0]
    """
    return _zero_padded(tensor(x), [padding], "channels_last")


@refusing_old_names("backend.spatial_2d_padding")
def spatial_2d_padding(
    x: Any, padding: tuple[Pair, Pair] = ((1, 1), (1, 1)), data_format: str | None = None
) -> Tensor:
    """Adds rows and columns of zeros.

    Args:
        x: tensor `(batch, rows, columns, channels)`, or with the channels first.
        padding: how many rows before and after, and how many columns.
        data_format: 'channels_last', 'channels_first', or None for the default.

    Raises:
        ValueError: another data format.

    Example:
        >>> K.spatial_2d_padding(K.ones((1, 5, 5, 3)), padding=((1, 1), (2, 0))).shape
        (1, 7, 7, 3)
    """
    return _zero_padded(tensor(x), padding, normalize_data_format(data_format))


@refusing_old_names("backend.spatial_3d_padding")
def spatial_3d_padding(
    x: Any,
    padding: tuple[Pair, Pair, Pair] = ((1, 1), (1, 1), (1, 1)),
    data_format: str | None = None,
) -> Tensor:
    """Adds zeros around volumes.

    Args:
        x: tensor `(batch, depth, rows, columns, channels)`, or with the channels first.
        padding: how many before and after along each of the three axes.
        data_format: 'channels_last', 'channels_first', or None for the default.

    Raises:
        ValueError: another data format.

    Example:
        >>> K.spatial_3d_padding(K.ones((1, 5, 5, 5, 3)), padding=((1, 1), (2, 2), (0, 0))).shape
        (1, 7, 9, 5, 3)
    """
    return _zero_padded(tensor(x), padding, normalize_data_format(data_format))


def _zero_padded(x: Tensor, padding: Sequence[Sequence[int]], data_format: str) -> Tensor:
    spatial = [(int(before), int(after)) for before, after in padding]
    if x.ndim != len(spatial) + 2:
        raise ValueError(
            f"Padding {tuple(padding)} is for tensors of rank {len(spatial) + 2}; "
            f"the tensor has the shape {x.shape}."
        )
    none = (0, 0)
    last = data_format == "channels_last"
    widths = (none, *spatial, none) if last else (none, none, *spatial)
    return p.pad(x, widths=widths, value=0.0)


@refusing_old_names("backend.resize_images")
def resize_images(
    x: Any,
    height_factor: int,
    width_factor: int,
    data_format: str,
    interpolation: str = "nearest",
) -> Tensor:
    """Enlarges images by whole factors.

    Args:
        x: tensor `(batch, rows, columns, channels)`, or with the channels first.
        height_factor: int of at least 1.
        width_factor: int of at least 1.
        data_format: 'channels_last' or 'channels_first'.
        interpolation: 'nearest' repeats pixels; 'bilinear' goes straight from each pixel to the
            next one, and repeats the last; 'bilinear_half_pixel' goes from centre to centre, as
            TensorFlow 2 does.

    Raises:
        ValueError: another data format or interpolation.

    Example:
        >>> x = K.constant([[[[1.0], [2.0]]]])  # one row of two pixels
        >>> K.eval(K.resize_images(x, 1, 2, "channels_last"))[0, 0, :, 0].tolist()
        [1.0, 1.0, 2.0, 2.0]
        >>> K.eval(K.resize_images(x, 1, 2, "channels_last", interpolation="bilinear")).shape
        (1, 1, 4, 1)
    """
    if interpolation not in _ENLARGED:
        raise ValueError(
            f"K.resize_images: interpolation is one of {list(_ENLARGED)}, not {interpolation!r}."
        )
    x, enlarged = tensor(x), _ENLARGED[interpolation]
    for axis, factor in _spatial(data_format, [height_factor, width_factor]):
        x = enlarged(x, factor, axis)
    return x


@refusing_old_names("backend.resize_volumes")
def resize_volumes(
    x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str
) -> Tensor:
    """Enlarges volumes by whole factors, repeating their elements.

    Args:
        x: tensor `(batch, depth, rows, columns, channels)`, or with the channels first.
        depth_factor: int of at least 1.
        height_factor: int of at least 1.
        width_factor: int of at least 1.
        data_format: 'channels_last' or 'channels_first'.

    Raises:
        ValueError: another data format.

    Example:
        >>> K.resize_volumes(K.ones((1, 4, 4, 4, 2)), 2, 2, 3, "channels_last").shape
        (1, 8, 8, 12, 2)
    """
    x = tensor(x)
    for axis, factor in _spatial(data_format, [depth_factor, height_factor, width_factor]):
        x = _repeated(x, factor, axis)
    return x


def _spatial(data_format: str, factors: Sequence[int]) -> list[Pair]:
    """Axis and factor, where a factor changes anything."""
    first = 1 if normalize_data_format(data_format) == "channels_last" else 2
    return [(first + i, int(factor)) for i, factor in enumerate(factors) if factor != 1]


def _repeated(x: Tensor, factor: int, axis: int) -> Tensor:
    return p.repeat(x, repeats=factor, axis=axis)


def _interpolated(x: Tensor, factor: int, axis: int) -> Tensor:
    """Puts `factor` elements on the way from each element to the next (from the last to itself)."""
    take_numbers((factor,), lambda: "An enlargement")
    return _between(x, axis, [i / factor for i in range(factor)])


def _interpolated_between_centres(x: Tensor, factor: int, axis: int) -> Tensor:
    """Divides each element into `factor`, whose centres lie on the way to the elements beside."""
    take_numbers((factor,), lambda: "An enlargement")
    return _between(x, axis, [(i + 0.5) / factor - 0.5 for i in range(factor)])


def _between(x: Tensor, axis: int, shares: list[float]) -> Tensor:
    """For each element, values at shares of the way to the next, or, below 0, to the one before."""
    following = p.concat(_cut(x, 1, None, axis), _cut(x, -1, None, axis), axis=axis)
    previous = p.concat(_cut(x, 0, 1, axis), _cut(x, 0, -1, axis), axis=axis)
    fine = p.expand_dims(x, axis + 1)
    for other, sign in ((following, 1), (previous, -1)):
        along = (1,) * (axis + 1) + (len(shares),) + (1,) * (x.ndim - axis - 1)
        share = np.reshape([max(sign * s, 0.0) for s in shares], along)
        if share.any():
            step = p.expand_dims(p.subtract(other, x), axis + 1)
            fine = p.add(fine, p.multiply(step, Constant(share, x.dtype)))
    own = [p.size_of(x, i) for i in range(x.ndim)]
    own[axis] = p.product_of_sizes([own[axis], len(shares)])
    return p.reshape_to_sizes(fine, own)


_ENLARGED = {
    "nearest": _repeated,
    "bilinear": _interpolated,
    "bilinear_half_pixel": _interpolated_between_centres,
}


def _cut(x: Tensor, start: int, stop: int | None, axis: int) -> Tensor:
    whole = (None, None, 1)
    return p.slice(x, index=tuple((start, stop, 1) if i == axis else whole for i in range(x.ndim)))
