"""Convolutions over one, two and three spatial axes."""

from __future__ import annotations

from typing import Any, Callable

from keras_core import backend as K
from keras_core.engine.base_layer import InputSpec
from keras_core.families import ActivationLike, ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor, Variable
from keras_core.graph.spec import Shape
from keras_core.layers._axes import channel_axis, convolved_shape, input_channels
from keras_core.layers._convention import WindowLayer, reaches
from keras_core.layers._options import (
    KernelLayer,
    PerAxis,
    add_part,
    check_positive,
    checked_padding,
    checked_sizes,
    options_config,
    pick,
    set_options,
)

_CONVOLUTIONS: dict[int, Callable[..., Tensor]] = {1: K.conv1d, 2: K.conv2d, 3: K.conv3d}

# What every convolution offers, in the order of a config.
CONV_OPTIONS = (
    "filters",
    "kernel_size",
    "strides",
    "padding",
    "data_format",
    "dilation_rate",
    "activation",
    "use_bias",
    "kernel_initializer",
    "bias_initializer",
    "kernel_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "kernel_constraint",
    "bias_constraint",
)


def _check_geometry(layer: _Conv) -> None:
    name = type(layer).__name__
    if layer.padding == "causal" and layer.data_format != "channels_last":
        raise ValueError(
            f"{name} pads causally only with data_format='channels_last', "
            f"got {layer.data_format!r}."
        )
    if max(layer.strides) > 1 and max(layer.dilation_rate) > 1:
        raise ValueError(
            f"{name} got strides={layer.strides} and dilation_rate={layer.dilation_rate}; "
            "only one of them may be over 1."
        )


class _Conv(WindowLayer, KernelLayer):
    """A convolution over `rank` spatial axes: `activation(conv(inputs, kernel) + bias)`.

    Layers of a fixed `rank` leave it out of the options that stand in their config.

    Args:
        rank: number of spatial axes, 1 to 3.
        filters: number of output channels; None where a subclass finds it otherwise.
        kernel_size: length of the window along each spatial axis, an integer or `rank` of them.
        strides: step of the window along each spatial axis, an integer or `rank` of them.
        padding: "valid" (no padding), "same" (zeros, TensorFlow's rule: the odd one goes to the
            end) or, over one axis, "causal" (zeros before the first step only).
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        dilation_rate: distance between two entries of the window along each spatial axis. Only
            one of strides and dilation_rate may be over 1.
        activation: name or function applied to the result; None applies none.
        use_bias: whether a bias a filter is added.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights, or None.
        activity_regularizer: penalty on the output, or None.
        kernel_constraint, bias_constraint: projections applied after each update, or None.

    Raises:
        ValueError: if an option is out of its range, or options contradict each other.
    """

    rank: int
    filters: int
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    data_format: str
    dilation_rate: tuple[int, ...]

    _config_options: tuple[str, ...] = ("rank", *CONV_OPTIONS)

    def __init__(
        self,
        rank: int,
        filters: int | None,
        kernel_size: PerAxis,
        strides: PerAxis = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: PerAxis = 1,
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
        super().__init__(**kwargs)
        kernel_size = checked_sizes(self, "kernel_size", kernel_size, rank)
        strides = checked_sizes(self, "strides", strides, rank)
        padding = checked_padding(self, padding, causal=rank == 1)
        data_format = K.normalize_data_format(data_format)
        dilation_rate = checked_sizes(self, "dilation_rate", dilation_rate, rank)
        set_options(self, ("rank", *CONV_OPTIONS), locals())
        if "filters" in self._config_options:
            check_positive(self, "filters")
        _check_geometry(self)
        self.input_spec = InputSpec(ndim=rank + 2)

    def build(self, input_shape: Shape) -> None:
        channels = self._fix_channels(input_shape)
        add_part(self, "kernel", self.kernel_size + (channels, self.filters))
        self._add_bias(self.filters)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        one_axis = self.rank == 1
        outputs = _CONVOLUTIONS[self.rank](
            inputs,
            self.kernel,
            strides=self.strides[0] if one_axis else self.strides,
            padding=self._around(),
            data_format=self.data_format,
            dilation_rate=self.dilation_rate[0] if one_axis else self.dilation_rate,
        )
        return self._finish(outputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return convolved_shape(self, self.rank, input_shape, self.filters)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **options_config(self, self._config_options)}

    def _fix_channels(self, input_shape: Shape) -> int:
        """Number of input channels, which later inputs are held to."""
        axis = channel_axis(self.rank, self.data_format)
        channels = input_channels(self.name, input_shape, axis)
        self.input_spec: InputSpec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        return channels

    def _reaches(self) -> tuple[int, ...]:
        return reaches(self.kernel_size, self.dilation_rate)

    def _add_bias(self, size: int) -> None:
        self.bias: Variable | None = None
        if self.use_bias:
            add_part(self, "bias", (size,))

    def _finish(self, outputs: Tensor) -> Tensor:
        if self.use_bias:
            outputs = K.bias_add(outputs, self.bias, data_format=self.data_format)
        return self.activation(outputs)


class Conv1D(_Conv):
    """Convolution over time: `activation(conv(inputs, kernel) + bias)`.

    Input shape `(batch, steps, channels)`, output shape `(batch, new_steps, filters)`
    (channels_last).

    Args:
        filters: number of output channels.
        kernel_size: length of the window along time, an integer.
        strides: step of the window, an integer.
        padding: "valid", "same", or "causal" (zeros before the first step only, so that no output
            sees a later input).
        data_format: "channels_last" or "channels_first".
        dilation_rate: distance between two entries of the window, an integer. Only one
            of strides and dilation_rate may be over 1.
        activation: name or function applied to the result; None applies none.
        use_bias: whether a bias a filter is added.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights, or None.
        activity_regularizer: penalty on the output, or None.
        kernel_constraint, bias_constraint: projections applied after each update, or None.
        kwargs: options of every layer: name, trainable, dtype, input_shape...; and
            convention: "tensorflow", or "theano" for its ways of padding "same".

    Raises:
        ValueError: if an option is out of its range, options contradict each other, or the
            channels of the inputs are not known.

    Example:
        >>> words = layers.Input((100, 16))
        >>> layers.Conv1D(32, 5, activation="relu")(words).shape
        (None, 96, 32)
        >>> layers.Conv1D(32, 5, padding="causal", dilation_rate=2)(words).shape  # no look ahead
        (None, 100, 32)
    """

    _config_options: tuple[str, ...] = CONV_OPTIONS

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = 1,
        padding: str = "valid",
        data_format: str | None = "channels_last",
        dilation_rate: PerAxis = 1,
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
        super().__init__(1, **pick(locals(), CONV_OPTIONS), **kwargs)


class Conv2D(_Conv):
    """Convolution over images: `activation(conv(inputs, kernel) + bias)`.

    Input shape `(batch, rows, columns, channels)`, output shape
    `(batch, new_rows, new_columns, filters)` (channels_last).

    Args:
        filters: number of output channels.
        kernel_size: length of the window along rows and columns, an integer or two.
        strides: step of the window, an integer or two.
        padding: "valid" (no padding) or "same" (zeros, so that stride 1 keeps the size).
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        dilation_rate: distance between two entries of the window, an integer or two. Only one
            of strides and dilation_rate may be over 1.
        activation: name or function applied to the result; None applies none.
        use_bias: whether a bias a filter is added.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights, or None.
        activity_regularizer: penalty on the output, or None.
        kernel_constraint, bias_constraint: projections applied after each update, or None.
        kwargs: options of every layer: name, trainable, dtype, input_shape...; and
            convention: "tensorflow", or "theano" for its ways of padding "same".

    Raises:
        ValueError: if an option is out of its range, options contradict each other, or the
            channels of the inputs are not known.

    Example:
        >>> images = layers.Input((28, 28, 3))
        >>> layers.Conv2D(32, 3)(images).shape
        (None, 26, 26, 32)
        >>> layers.Conv2D(32, (5, 5), strides=2, padding="same", activation="relu")(images).shape
        (None, 14, 14, 32)
    """

    _config_options: tuple[str, ...] = CONV_OPTIONS

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: PerAxis = (1, 1),
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
        super().__init__(2, **pick(locals(), CONV_OPTIONS), **kwargs)


class Conv3D(_Conv):
    """Convolution over volumes: `activation(conv(inputs, kernel) + bias)`.

    Input shape `(batch, depth, rows, columns, channels)`, output shape
    `(batch, new_depth, new_rows, new_columns, filters)` (channels_last).

    Args:
        filters: number of output channels.
        kernel_size: length of the window along depth, rows and columns, an integer or three.
        strides: step of the window, an integer or three.
        padding: "valid" (no padding) or "same" (zeros, so that stride 1 keeps the size).
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        dilation_rate: distance between two entries of the window, an integer or three. Only one
            of strides and dilation_rate may be over 1.
        activation: name or function applied to the result; None applies none.
        use_bias: whether a bias a filter is added.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights, or None.
        activity_regularizer: penalty on the output, or None.
        kernel_constraint, bias_constraint: projections applied after each update, or None.
        kwargs: options of every layer: name, trainable, dtype, input_shape...; and
            convention: "tensorflow", or "theano" for its ways of padding "same".

    Raises:
        ValueError: if an option is out of its range, options contradict each other, or the
            channels of the inputs are not known.

    Example:
        >>> layers.Conv3D(8, (3, 3, 3))(layers.Input((16, 64, 64, 1))).shape
        (None, 14, 62, 62, 8)
    """

    _config_options: tuple[str, ...] = CONV_OPTIONS

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: PerAxis = (1, 1, 1),
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
        super().__init__(3, **pick(locals(), CONV_OPTIONS), **kwargs)
