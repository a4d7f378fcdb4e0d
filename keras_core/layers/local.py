"""Convolutions with a kernel of its own at every position."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core.engine.base_layer import InputSpec
from keras_core.families import ActivationLike, ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Shape, are_known
from keras_core.graph.windows import seems_channels_first
from keras_core.layers._axes import channel_axis, input_channels
from keras_core.layers._options import (
    KERNEL_AND_BIAS,
    KernelLayer,
    PerAxis,
    add_part,
    check_positive,
    checked_padding,
    checked_sizes,
    options_config,
    set_options,
)
from keras_core.utils import conv_utils

__all__ = ["LocallyConnected1D", "LocallyConnected2D"]

_OPTIONS = ("filters", "kernel_size", "strides", "padding", "use_bias", *KERNEL_AND_BIAS)


class _LocallyConnected(KernelLayer):
    """A convolution over `rank` spatial axes whose kernel differs from position to position.

    Args:
        options: values of `_OPTIONS`, by name.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
    """

    rank = 1
    filters: int
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str

    def __init__(self, options: Mapping[str, Any], data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        set_options(self, _OPTIONS, options)
        check_positive(self, "filters")
        self.kernel_size = checked_sizes(self, "kernel_size", self.kernel_size, self.rank)
        self.strides = checked_sizes(self, "strides", self.strides, self.rank)
        self.padding = checked_padding(self, self.padding, causal=True)
        if self.padding != "valid":
            raise ValueError(
                f"{type(self).__name__} layer {self.name!r}: `padding` must be 'valid', because "
                f"each position has its own kernel, but got {options['padding']!r}. "
                "Put a ZeroPadding layer before it."
            )
        self.data_format: str = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _channel_axis(self) -> int:
        return channel_axis(self.rank, self.data_format)

    def build(self, input_shape: Shape) -> None:
        positions = self._positions(input_shape)
        channels = input_channels(self.name, input_shape, self._channel_axis())
        self.kernel_shape: tuple[int, int, int] = (
            int(np.prod(positions)),
            int(np.prod(self.kernel_size)) * channels,
            self.filters,
        )
        add_part(self, "kernel", self.kernel_shape)
        self.bias: Variable | None = None
        if self.use_bias:
            add_part(self, "bias", (*positions, self.filters))
        self.input_spec: InputSpec = InputSpec(
            ndim=self.rank + 2, axes=dict(enumerate(input_shape[1:], start=1))
        )
        self.built = True

    def _positions(self, input_shape: Shape) -> tuple[int, ...]:
        """The output's lengths, where they are known and no axis is empty."""
        lengths = self._output_lengths(input_shape)
        if None in input_shape[1:] or not are_known(lengths) or min(lengths) < 1:
            raise ValueError(
                f"{type(self).__name__} layer {self.name!r} has a kernel of size "
                f"{self.kernel_size} for each position, so the input's sizes must be known, the "
                f"batch apart, and no smaller than that; got shape {tuple(input_shape)}."
                + self._hint_of_channels(input_shape)
            )
        return lengths

    def _hint_of_channels(self, input_shape: Shape) -> str:
        last = self._channel_axis() == self.rank + 1
        if not last or not seems_channels_first(input_shape, self.kernel_size):
            return ""
        axes = (*range(2, self.rank + 2), 1)
        return f" If axis 1 holds the channels, move it to the end by Permute({axes})."

    def _output_lengths(self, input_shape: Shape) -> Shape:
        sizes = [s for i, s in enumerate(input_shape) if i not in (0, self._channel_axis())]
        return tuple(
            conv_utils.conv_output_length(size, kernel, self.padding, stride)
            for size, kernel, stride in zip(sizes, self.kernel_size, self.strides)
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        shape = [input_shape[0], *self._output_lengths(input_shape)]
        shape.insert(self._channel_axis(), self.filters)
        return tuple(shape)

    def _convolve(self, inputs: Tensor) -> Tensor:
        raise NotImplementedError

    def call(self, inputs: Tensor) -> Tensor:
        output = self._convolve(inputs)
        if self.use_bias:
            output = K.bias_add(output, self.bias, data_format=self.data_format)
        return self.activation(output)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **options_config(self, _OPTIONS)}


class LocallyConnected1D(_LocallyConnected):
    """A 1D convolution without sharing: each window of steps has a kernel of its own.

    Args:
        filters: size of the output's channel axis, a positive int.
        kernel_size: length of the window.
        strides: step from window to window.
        padding: "valid", the only one there is.
        data_format: accepted for compatibility. As in Keras 2 the layer reads
            `(batch, steps, channels)` whatever is given here.
        activation: name of an activation, or a function of a tensor; None for none.
        use_bias: whether a bias is added.
        kernel_initializer: initializer of the kernel
            `(output steps, kernel_size * channels, filters)`.
        bias_initializer: initializer of the bias `(output steps, filters)`.
        kernel_regularizer: regularizer of the kernel, or None.
        bias_regularizer: regularizer of the bias, or None.
        activity_regularizer: regularizer of the output, or None.
        kernel_constraint: constraint of the kernel, or None.
        bias_constraint: constraint of the bias, or None.

    Input shape: `(batch, steps, channels)` of known sizes.
    Output shape: `(batch, output steps, filters)`.

    Example:
        >>> layer = layers.LocallyConnected1D(8, 3)
        >>> layer(layers.Input((10, 4))).shape
        (None, 8, 8)
        >>> layer.kernel.shape  # a kernel for each of 8 places
        (8, 12, 8)
    """

    rank = 1

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = 1,
        padding: str = "valid",
        data_format: str | None = None,
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        K.normalize_data_format(data_format)
        super().__init__(locals(), "channels_last", **kwargs)

    def _convolve(self, inputs: Tensor) -> Tensor:
        return K.local_conv1d(inputs, self.kernel, self.kernel_size, self.strides)


class LocallyConnected2D(_LocallyConnected):
    """A 2D convolution without sharing: each window of the image has a kernel of its own.

    Args:
        filters: size of the output's channel axis, a positive int.
        kernel_size: height and width of the window, or one int for both.
        strides: steps from window to window, likewise.
        padding: "valid", the only one there is.
        data_format: "channels_last", "channels_first", or None for the configured one.
        activation: name of an activation, or a function of a tensor; None for none.
        use_bias: whether a bias is added.
        kernel_initializer: initializer of the kernel
            `(output rows * columns, height * width * channels, filters)`.
        bias_initializer: initializer of the bias `(output rows, output columns, filters)`.
        kernel_regularizer: regularizer of the kernel, or None.
        bias_regularizer: regularizer of the bias, or None.
        activity_regularizer: regularizer of the output, or None.
        kernel_constraint: constraint of the kernel, or None.
        bias_constraint: constraint of the bias, or None.

    Input shape: `(batch, rows, columns, channels)`, or `(batch, channels, rows, columns)`, of
    known sizes. Output shape: the same with `filters` channels and fewer rows and columns.

    Example:
        >>> layer = layers.LocallyConnected2D(8, (3, 3))
        >>> layer(layers.Input((6, 6, 4))).shape
        (None, 4, 4, 8)
        >>> layer.kernel.shape  # a kernel for each of 16 places
        (16, 36, 8)
    """

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(locals(), data_format, **kwargs)

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        rows, columns = self._positions(input_shape)
        self.output_row: int = rows
        self.output_col: int = columns

    def _convolve(self, inputs: Tensor) -> Tensor:
        return K.local_conv2d(
            inputs,
            self.kernel,
            self.kernel_size,
            self.strides,
            (self.output_row, self.output_col),
            self.data_format,
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}
