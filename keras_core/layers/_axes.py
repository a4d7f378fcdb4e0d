"""Where the axes of an image-like tensor are, for both data formats, and how their sizes change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras_core import backend as K
from keras_core.engine.base_layer import InputSpec, Layer
from keras_core.graph.spec import Dim, Shape
from keras_core.utils import conv_utils


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
        ValueError: if the number of channels is not known.
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
    input_shape: Shape, axes: Sequence[int], resize: Callable[[int, int], Dim]
) -> Shape:
    """The shape after each spatial axis was resized; sizes that are unknown stay unknown.

    Args:
        input_shape: the shape before.
        axes: the spatial axes.
        resize: from a known size and the position of its axis in `axes` to the new size.
    """
    shape = list(input_shape)
    for position, axis in enumerate(axes):
        size = shape[axis]
        if size is not None:
            shape[axis] = resize(size, position)
    return tuple(shape)


def with_channels(shape: Shape, axis: int, channels: Dim) -> Shape:
    """The shape with another number of channels."""
    return (*shape[:axis], channels, *shape[axis + 1 :])


def convolved_shape(layer: Any, rank: int, input_shape: Shape, channels: Dim) -> Shape:
    """The shape after a convolution.

    Args:
        layer: the layer, or cell, with the options of the convolution.
        rank: number of spatial axes.
        input_shape: the shape before.
        channels: number of output channels.
    """

    def resize(size: int, position: int) -> Dim:
        return conv_utils.conv_output_length(
            size,
            layer.kernel_size[position],
            padding=layer.padding,
            stride=layer.strides[position],
            dilation=layer.dilation_rate[position],
        )

    shape = resized_shape(input_shape, spatial_axes(rank, layer.data_format), resize)
    return with_channels(shape, channel_axis(rank, layer.data_format), channels)


class SpatialLayer(Layer):
    """A layer without weights over `rank` spatial axes, which stand where `data_format` says.

    Subclasses set `rank`, and say in `_resized` what becomes of the sizes of these axes.
    """

    rank: int

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format: str = K.normalize_data_format(data_format)
        self.input_spec: InputSpec = InputSpec(ndim=self.rank + 2)

    def _spatial_axes(self) -> range:
        return spatial_axes(self.rank, self.data_format)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return resized_shape(input_shape, self._spatial_axes(), self._resized)

    def _resized(self, size: int, position: int) -> Dim:
        """The new size along a spatial axis, given its position among them."""
        raise NotImplementedError
