"""Where the axes of an image-like tensor are, for both data formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Optional

Size = Optional[int]
Shape = tuple[Size, ...]


def channel_axis(rank: int, data_format: str) -> int:
    """The index of the channels in a batch of `rank` spatial axes."""
    return 1 if data_format == "channels_first" else rank + 1


def spatial_axes(rank: int, data_format: str) -> range:
    """The indices of the spatial axes in a batch of `rank` of them."""
    first = 2 if data_format == "channels_first" else 1
    return range(first, first + rank)


def input_channels(layer_name: str, input_shape: Shape, axis: int) -> int:
    """The static number of channels, which a kernel's shape is made of.

    Raises:
        ValueError: If the number of channels is not known.
    """
    channels = input_shape[axis]
    if channels is None:
        raise ValueError(
            f"{layer_name} needs to know the number of channels of its inputs, axis {axis}, "
            f"but got inputs of shape {tuple(input_shape)}. Give that axis a size, for example "
            "in Input(shape=...)."
        )
    return channels


def resized_shape(
    input_shape: Shape, axes: Sequence[int], resize: Callable[[int, int], Size]
) -> Shape:
    """The shape after each spatial axis was resized; sizes that are unknown stay unknown.

    Args:
        input_shape: The shape before.
        axes: The spatial axes.
        resize: From a known size and the position of its axis in `axes` to the new size.
    """
    shape = list(input_shape)
    for position, axis in enumerate(axes):
        if shape[axis] is not None:
            shape[axis] = resize(shape[axis], position)
    return tuple(shape)
