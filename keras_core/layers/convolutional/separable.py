"""Convolutions of each channel on its own, which mix the channels afterwards or not at all."""

from __future__ import annotations

from typing import Any

from keras_core import backend as K
from keras_core.families import ActivationLike, ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Dim, Shape
from keras_core.layers._axes import (
    channel_axis,
    convolved_shape,
    input_channels,
    resized_shape,
    spatial_axes,
    with_channels,
)
from keras_core.layers._convention import Pairs, half_around
from keras_core.layers._options import (
    Function,
    PerAxis,
    Training,
    add_part,
    check_positive,
    pick,
    set_options,
)
from keras_core.layers.convolutional.conv import CONV_OPTIONS, Conv2D, _Conv

_KERNEL_OPTIONS = ("kernel_initializer", "kernel_regularizer", "kernel_constraint")

# What is left of a convolution's options where the kernels and the output channels are others.
_SHARED_OPTIONS = tuple(name for name in CONV_OPTIONS if name not in ("filters", *_KERNEL_OPTIONS))
_DEPTHWISE_OPTIONS = (
    "depth_multiplier",
    "depthwise_initializer",
    "depthwise_regularizer",
    "depthwise_constraint",
)
_SEPARABLE_OPTIONS = (
    "depth_multiplier",
    "depthwise_initializer",
    "pointwise_initializer",
    "depthwise_regularizer",
    "pointwise_regularizer",
    "depthwise_constraint",
    "pointwise_constraint",
)
_OPTIONS = ("filters", *_SHARED_OPTIONS, *_SEPARABLE_OPTIONS)


class _SeparableConv(_Conv):
    """A depthwise convolution followed by a pointwise one over `rank` spatial axes.

    Args:
        rank: number of spatial axes, 1 or 2.
        depth_multiplier: number of channels made of each input channel before they are mixed.
        depthwise_initializer, pointwise_initializer: how the kernels start.
        depthwise_regularizer, pointwise_regularizer: penalties on the kernels, or None.
        depthwise_constraint, pointwise_constraint: projections of the kernels, or None.
        The rest: as in `_Conv`.

    Raises:
        ValueError: if an option is out of its range, or options contradict each other.
    """

    depth_multiplier: int
    depthwise_initializer: Function
    pointwise_initializer: Function
    depthwise_regularizer: Function | None
    pointwise_regularizer: Function | None
    depthwise_constraint: Function | None
    pointwise_constraint: Function | None
    depthwise_kernel: Variable
    pointwise_kernel: Variable

    _config_options = ("rank", *_OPTIONS)

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: PerAxis = 1,
        depth_multiplier: int = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = "glorot_uniform",
        pointwise_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        depthwise_regularizer: RegularizerLike = None,
        pointwise_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        depthwise_constraint: ConstraintLike = None,
        pointwise_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        if padding == "causal":
            raise ValueError(
                f"{type(self).__name__} has no causal padding. Pad with ZeroPadding1D on the left "
                "and write padding='valid'."
            )
        super().__init__(rank, filters, **pick(locals(), _SHARED_OPTIONS), **kwargs)
        set_options(self, _SEPARABLE_OPTIONS, locals())
        check_positive(self, "depth_multiplier")

    def build(self, input_shape: Shape) -> None:
        channels = self._fix_channels(input_shape)
        add_part(self, "depthwise_kernel", self.kernel_size + (channels, self.depth_multiplier))
        mixed = channels * self.depth_multiplier
        add_part(self, "pointwise_kernel", (1,) * self.rank + (mixed, self.filters))
        self._add_bias(self.filters)
        self.built = True

    def _theano_pairs(self) -> Pairs:
        """Keras left the surplus of even windows where it was, here alone."""
        return tuple((before, before) for before, _ in map(half_around, self._reaches()))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        around = self._around()
        if isinstance(around, str):
            return super().compute_output_shape(input_shape)

        def resized(size: int, position: int) -> Dim:
            padded = size + sum(around[position]) - self._reaches()[position]
            return (padded - 1) // self.strides[position] + 1

        axes = spatial_axes(self.rank, self.data_format)
        resized_sizes = resized_shape(input_shape, axes, resized)
        return with_channels(resized_sizes, channel_axis(self.rank, self.data_format), self.filters)

    def call(self, inputs: Tensor) -> Tensor:
        convolve = K.separable_conv1d if self.rank == 1 else K.separable_conv2d
        outputs = convolve(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            strides=self.strides,
            padding=self._around(),
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finish(outputs)


class SeparableConv1D(_SeparableConv):
    """Depthwise convolution over time, then a pointwise one that mixes the channels.

    Input shape `(batch, steps, channels)`, output shape `(batch, new_steps, filters)`
    (channels_last).

    Args:
        filters: number of output channels.
        kernel_size: length of the window in steps, an integer.
        strides: step of the window, an integer.
        padding: "valid" (no padding) or "same" (zeros, so that stride 1 keeps the length).
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between two entries of the window, an integer. Only one of
            strides and dilation_rate may be over 1.
        depth_multiplier: number of channels made of each input channel before they are mixed.
        activation: name or function applied to the result; None applies none.
        use_bias: whether a bias a filter is added.
        depthwise_initializer, pointwise_initializer, bias_initializer: how the weights start.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: penalties, or None.
        activity_regularizer: penalty on the output, or None.
        depthwise_constraint, pointwise_constraint, bias_constraint: projections applied after
            each update, or None.
        kwargs: options of every layer: name, trainable, dtype, input_shape...; and
            convention: "tensorflow", or "theano" for its ways of padding "same".

    Raises:
        ValueError: if an option is out of its range, or options contradict each other.

    Example:
        >>> layer = layers.SeparableConv1D(32, 5)
        >>> layer(layers.Input((100, 16))).shape
        (None, 96, 32)
        >>> layer.count_params()  # 5 * 16 + 16 * 32 + 32, and 2592 for a Conv1D
        624
    """

    _config_options = _OPTIONS

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = 1,
        padding: str = "valid",
        data_format: str | None = "channels_last",
        dilation_rate: PerAxis = 1,
        depth_multiplier: int = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = "glorot_uniform",
        pointwise_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        depthwise_regularizer: RegularizerLike = None,
        pointwise_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        depthwise_constraint: ConstraintLike = None,
        pointwise_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(1, **pick(locals(), _OPTIONS), **kwargs)


class SeparableConv2D(_SeparableConv):
    """Depthwise convolution over images, then a pointwise one that mixes the channels.

    Input shape `(batch, rows, columns, channels)`, output shape
    `(batch, new_rows, new_columns, filters)` (channels_last).

    Args:
        filters: number of output channels.
        kernel_size: length of the window along rows and columns, an integer or two.
        strides: step of the window, an integer or two equal ones.
        padding: "valid" (no padding) or "same" (zeros, so that stride 1 keeps the size).
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        dilation_rate: distance between two entries of the window, an integer or two. Only one
            of strides and dilation_rate may be over 1.
        depth_multiplier: number of channels made of each input channel before they are mixed.
        activation: name or function applied to the result; None applies none.
        use_bias: whether a bias a filter is added.
        depthwise_initializer, pointwise_initializer, bias_initializer: how the weights start.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: penalties, or None.
        activity_regularizer: penalty on the output, or None.
        depthwise_constraint, pointwise_constraint, bias_constraint: projections applied after
            each update, or None.
        kwargs: options of every layer: name, trainable, dtype, input_shape...; and
            convention: "tensorflow", or "theano" for its ways of padding "same".

    Raises:
        ValueError: if an option is out of its range, or options contradict each other.

    Source: Xception: deep learning with depthwise separable convolutions, F. Chollet, 2017.

    Example:
        >>> layer = layers.SeparableConv2D(32, 3)
        >>> layer(layers.Input((28, 28, 16))).shape
        (None, 26, 26, 32)
        >>> layer.count_params()  # 9 * 16 + 16 * 32 + 32, and 4640 for a Conv2D
        688
    """

    _config_options = _OPTIONS

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: PerAxis = (1, 1),
        depth_multiplier: int = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = "glorot_uniform",
        pointwise_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        depthwise_regularizer: RegularizerLike = None,
        pointwise_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        depthwise_constraint: ConstraintLike = None,
        pointwise_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(2, **pick(locals(), _OPTIONS), **kwargs)


class DepthwiseConv2D(Conv2D):
    """Convolution of each image channel with kernels of its own; channels are not mixed.

    Input shape `(batch, rows, columns, channels)`, output shape
    `(batch, new_rows, new_columns, channels * depth_multiplier)` (channels_last).

    Args:
        kernel_size: length of the window along rows and columns, an integer or two.
        strides: step of the window, an integer or two equal ones.
        padding: "valid" (no padding) or "same" (zeros, so that stride 1 keeps the size).
        depth_multiplier: number of output channels made of each input channel.
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        dilation_rate: distance between two entries of the window, an integer or two. Only one
            of strides and dilation_rate may be over 1.
        activation: name or function applied to the result; None applies none.
        use_bias: whether a bias an output channel is added.
        depthwise_initializer, bias_initializer: how the weights start.
        depthwise_regularizer, bias_regularizer: penalties on the weights, or None.
        activity_regularizer: penalty on the output, or None.
        depthwise_constraint, bias_constraint: projections applied after each update, or None.
        kwargs: options of every layer: name, trainable, dtype, input_shape...; and
            convention: "tensorflow", or "theano" for its ways of padding "same".

    Raises:
        ValueError: if an option is out of its range, or options contradict each other.

    Example:
        >>> images = layers.Input((28, 28, 3))
        >>> layers.DepthwiseConv2D(3, depth_multiplier=2)(images).shape
        (None, 26, 26, 6)
    """

    depth_multiplier: int
    depthwise_initializer: Function
    depthwise_regularizer: Function | None
    depthwise_constraint: Function | None
    depthwise_kernel: Variable

    _config_options = (*_SHARED_OPTIONS, *_DEPTHWISE_OPTIONS)

    def __init__(
        self,
        kernel_size: PerAxis,
        strides: PerAxis = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: PerAxis = (1, 1),
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        depthwise_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        depthwise_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None:
        _Conv.__init__(self, 2, None, **pick(locals(), _SHARED_OPTIONS), **kwargs)
        set_options(self, _DEPTHWISE_OPTIONS, locals())
        check_positive(self, "depth_multiplier")

    def build(self, input_shape: Shape) -> None:
        channels = self._fix_channels(input_shape)
        add_part(self, "depthwise_kernel", self.kernel_size + (channels, self.depth_multiplier))
        self._add_bias(channels * self.depth_multiplier)
        self.built = True

    def call(self, inputs: Tensor, training: Training = None) -> Tensor:
        outputs = K.depthwise_conv2d(
            inputs,
            self.depthwise_kernel,
            strides=self.strides,
            padding=self._around(),
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finish(outputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        channels = input_channels(self.name, input_shape, channel_axis(self.rank, self.data_format))
        return convolved_shape(self, self.rank, input_shape, channels * self.depth_multiplier)
