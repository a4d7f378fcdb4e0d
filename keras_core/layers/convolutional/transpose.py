"""Transposed convolutions: the linear map of a convolution, run backwards."""

from __future__ import annotations

from typing import Any

from keras_core import backend as K
from keras_core.families import ActivationLike, ConstraintLike, InitializerLike, RegularizerLike
from keras_core.graph import Tensor
from keras_core.graph.spec import Dim, Shape
from keras_core.layers._axes import channel_axis, resized_shape, spatial_axes, with_channels
from keras_core.layers._options import PerAxis, add_part, named, pick
from keras_core.layers.convolutional.conv import CONV_OPTIONS, Conv2D, Conv3D, _Conv
from keras_core.utils import conv_utils

_UNDILATED_OPTIONS = tuple(name for name in CONV_OPTIONS if name != "dilation_rate")


class _Transposed(_Conv):
    """What makes a convolution a transposed one, for any number of spatial axes."""

    output_padding: tuple[int, ...] | None

    def _set_output_padding(self, output_padding: PerAxis | None) -> None:
        self.output_padding = None
        if output_padding is None:
            return
        self.output_padding = conv_utils.normalize_tuple(
            output_padding, self.rank, named(self, "output_padding")
        )
        for stride, extra in zip(self.strides, self.output_padding):
            if not 0 <= extra < stride:
                raise ValueError(
                    f"{type(self).__name__} got output_padding={self.output_padding} and "
                    f"strides={self.strides}: output_padding must be at least 0 and smaller than "
                    "the stride."
                )

    def _upscaled(self, size: int, position: int) -> Dim:
        """The output's size along one spatial axis; an integer or a symbolic one."""
        return conv_utils.deconv_length(
            size,
            self.strides[position],
            self.kernel_size[position],
            self.padding,
            None if self.output_padding is None else self.output_padding[position],
            self.dilation_rate[position],
        )

    def _output_shape(self, inputs: Tensor) -> tuple[Any, ...]:
        """The output's shape, symbolic where the inputs' sizes are not known yet."""
        sizes: list[Any] = list(K.int_shape(inputs))
        if None in sizes:
            dynamic = K.shape(inputs)
            sizes = [dynamic[axis] if size is None else size for axis, size in enumerate(sizes)]
        return self.compute_output_shape(tuple(sizes))

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) != self.rank + 2:
            raise ValueError(
                f"{self.name} takes inputs of rank {self.rank + 2}, "
                f"got inputs of shape {tuple(input_shape)}."
            )
        channels = self._fix_channels(input_shape)
        add_part(self, "kernel", self.kernel_size + (self.filters, channels))
        self._add_bias(self.filters)
        self.built = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        axes = spatial_axes(self.rank, self.data_format)
        shape = resized_shape(input_shape, axes, self._upscaled)
        return with_channels(shape, channel_axis(self.rank, self.data_format), self.filters)


class Conv2DTranspose(_Transposed, Conv2D):
    """Transposed convolution over images, which takes a convolution's output shape to its input's.

    Input shape `(batch, rows, columns, channels)`, output shape
    `(batch, new_rows, new_columns, filters)` (channels_last), where a new size is
    `(size - 1) * stride + kernel_size - 2 * pad + output_padding`, or, without output_padding,
    `size * stride` for padding "same".

    Args:
        filters: number of output channels.
        kernel_size: length of the window along rows and columns, an integer or two.
        strides: how far one input pixel lies from the next in the output, an integer or two.
        padding: "valid" or "same".
        output_padding: sizes added to the output, each smaller than its stride; None finds the
            sizes from strides, padding and kernel_size.
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        dilation_rate: distance between two entries of the window, an integer or two equal ones.
            Only one of strides and dilation_rate may be over 1.
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

    Source: A guide to convolution arithmetic for deep learning, V. Dumoulin and F. Visin, 2016;
    Deconvolutional networks, M. D. Zeiler et al., 2010.

    Example:
        >>> layers.Conv2DTranspose(16, 3, strides=2, padding="same")(layers.Input((7, 7, 32))).shape
        (None, 14, 14, 16)
    """

    _config_options = (*CONV_OPTIONS, "output_padding")

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = (1, 1),
        padding: str = "valid",
        output_padding: PerAxis | None = None,
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
        super().__init__(**pick(locals(), CONV_OPTIONS), **kwargs)
        self._set_output_padding(output_padding)
        if len(set(self.dilation_rate)) > 1:
            raise ValueError(
                f"Conv2DTranspose got dilation_rate={self.dilation_rate}, but dilates rows and "
                f"columns alike. Write dilation_rate={self.dilation_rate[0]}."
            )

    def call(self, inputs: Tensor) -> Tensor:
        outputs = K.conv2d_transpose(
            inputs,
            self.kernel,
            self._output_shape(inputs),
            strides=self.strides,
            padding=self._around(),
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finish(outputs)


class Conv3DTranspose(_Transposed, Conv3D):
    """Transposed convolution over volumes, which takes a convolution's output shape to its input's.

    Input shape `(batch, depth, rows, columns, channels)`, output shape
    `(batch, new_depth, new_rows, new_columns, filters)` (channels_last), where a new size is
    `(size - 1) * stride + kernel_size - 2 * pad + output_padding`, or, without output_padding,
    `size * stride` for padding "same".

    Args:
        filters: number of output channels.
        kernel_size: length of the window along depth, rows and columns, an integer or three.
        strides: how far one input entry lies from the next in the output, an integer or three.
        padding: "valid" or "same".
        output_padding: sizes added to the output, each smaller than its stride; None finds the
            sizes from strides, padding and kernel_size.
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        activation: name or function applied to the result; None applies none.
        use_bias: whether a bias a filter is added.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights, or None.
        activity_regularizer: penalty on the output, or None.
        kernel_constraint, bias_constraint: projections applied after each update, or None.
        kwargs: options of every layer: name, trainable, dtype, input_shape...; and
            convention: "tensorflow", or "theano" for its ways of padding "same".

    Raises:
        ValueError: if an option is out of its range, or the channels of the inputs are not known.

    Source: A guide to convolution arithmetic for deep learning, V. Dumoulin and F. Visin, 2016.

    Example:
        >>> volumes = layers.Input((4, 8, 8, 2))
        >>> layers.Conv3DTranspose(8, 3, strides=2, padding="same")(volumes).shape
        (None, 8, 16, 16, 8)
    """

    _config_options = (*_UNDILATED_OPTIONS, "output_padding")

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = (1, 1, 1),
        padding: str = "valid",
        output_padding: PerAxis | None = None,
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
        super().__init__(**pick(locals(), _UNDILATED_OPTIONS), **kwargs)
        self._set_output_padding(output_padding)

    def call(self, inputs: Tensor) -> Tensor:
        outputs = K.conv3d_transpose(
            inputs,
            self.kernel,
            self._output_shape(inputs),
            strides=self.strides,
            padding=self._around(),
            data_format=self.data_format,
        )
        return self._finish(outputs)
