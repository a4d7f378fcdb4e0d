"""Pooling over windows of images and volumes."""

from __future__ import annotations

from typing import Any

from keras_core.backend.common import normalize_data_format
from keras_core.backend.convert import tensor
from keras_core.backend.convolution import Ints, Padding, explicit_padding, per_axis, spatial_sizes
from keras_core.graph import primitives as p
from keras_core.graph.tensor import Tensor
from keras_core.legacy.calls import refusing_old_names


@refusing_old_names("backend.pool2d")
def pool2d(
    x: Any,
    pool_size: Ints,
    strides: Ints = (1, 1),
    padding: Padding = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Tensor:
    """Takes the maximum or the mean of windows of images.

    Args:
        x: float tensor `(batch, rows, columns, channels)`, or with the channels first.
        pool_size: rows and columns of a window.
        strides: rows and columns between windows.
        padding: 'valid', or 'same': windows may reach beyond the border, where nothing counts.
        data_format: 'channels_last', 'channels_first', or None for the default.
        pool_mode: 'max'; 'avg'; or 'max_shared', a maximum whose gradient goes to all places that
            hold it, where that of 'max' goes to the first of them.

    Raises:
        ValueError: another mode, padding or data format, or windows that do not fit.

    Example:
        >>> x = K.reshape(K.arange(16, dtype="float32"), (1, 4, 4, 1))
        >>> K.eval(K.pool2d(x, pool_size=(2, 2), strides=(2, 2)))[0, :, :, 0].tolist()
        [[5.0, 7.0], [13.0, 15.0]]
    """
    return _pool(2, tensor(x), pool_size, strides, padding, data_format, pool_mode)


@refusing_old_names("backend.pool3d")
def pool3d(
    x: Any,
    pool_size: Ints,
    strides: Ints = (1, 1, 1),
    padding: Padding = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Tensor:
    """Takes the maximum or the mean of windows of volumes.

    Args:
        x: float tensor `(batch, depth, rows, columns, channels)`, or with the channels first.
        pool_size: sizes of a window along the three axes.
        strides: places between windows along the three axes.
        padding: 'valid', or 'same': windows may reach beyond the border, where nothing counts.
        data_format: 'channels_last', 'channels_first', or None for the default.
        pool_mode: 'max'; 'avg'; or 'max_shared', a maximum whose gradient goes to all places that
            hold it, where that of 'max' goes to the first of them.

    Raises:
        ValueError: another mode, padding or data format, or windows that do not fit.

    Example:
        >>> K.pool3d(K.ones((1, 8, 8, 8, 2)), (2, 2, 2), strides=(2, 2, 2), pool_mode="avg").shape
        (1, 4, 4, 4, 2)
    """
    return _pool(3, tensor(x), pool_size, strides, padding, data_format, pool_mode)


def _pool(
    rank: int,
    x: Tensor,
    pool_size: Ints,
    strides: Ints,
    padding: Padding,
    data_format: str | None,
    pool_mode: str,
) -> Tensor:
    name, modes = (
        f"K.pool{rank}d",
        {"max": p.max_pool, "avg": p.avg_pool, "max_shared": p.max_pool_shared},
    )
    if pool_mode not in modes:
        raise ValueError(
            f"{name}: pool_mode must be 'max', 'avg' or 'max_shared', not {pool_mode!r}."
        )
    data_format = normalize_data_format(data_format)
    if x.ndim != rank + 2:
        raise ValueError(f"{name} needs a tensor of rank {rank + 2}, not one of shape {x.shape}.")
    size, steps = per_axis(pool_size, rank), per_axis(strides, rank)
    lengths = spatial_sizes(x.shape, data_format)
    around = explicit_padding(padding, lengths, size, steps, (1,) * len(size))
    return modes[pool_mode](x, size=size, strides=steps, padding=around, data_format=data_format)
