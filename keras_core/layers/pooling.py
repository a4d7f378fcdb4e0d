"""Layers that reduce windows, or whole axes, to their maximum or mean."""

from __future__ import annotations

from typing import Any, Callable

from keras_core import backend as K
from keras_core.graph import Tensor
from keras_core.graph.spec import Dim, Shape
from keras_core.graph.windows import Window, counted
from keras_core.layers._axes import SpatialLayer, channel_axis
from keras_core.layers._convention import Around, Pairs, WindowLayer
from keras_core.layers._options import PerAxis, checked_padding, checked_sizes, options_config
from keras_core.utils import conv_utils

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
]


class _Pooling(WindowLayer, SpatialLayer):
    """Reduces windows that move along the spatial axes; a subclass gives `pool_mode`."""

    pool_mode = "max"

    def __init__(
        self,
        pool_size: PerAxis,
        strides: PerAxis | None,
        padding: str,
        data_format: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.pool_size: tuple[int, ...] = checked_sizes(self, "pool_size", pool_size, self.rank)
        self.strides: tuple[int, ...] = checked_sizes(
            self, "strides", self.pool_size if strides is None else strides, self.rank
        )
        self.padding: str = checked_padding(self, padding)

    def _reaches(self) -> tuple[int, ...]:
        return tuple(size - 1 for size in self.pool_size)

    def _theano_pairs(self) -> Pairs:
        """Windows begin as early as they may, those of odd sizes a step later."""
        late = [1 if size > 2 and size % 2 else 0 for size in self.pool_size]
        return tuple((reach - after, after) for reach, after in zip(self._reaches(), late))

    def _resized(self, size: int, position: int) -> Dim:
        return conv_utils.conv_output_length(
            size, self.pool_size[position], self.padding, self.strides[position]
        )

    def call(self, inputs: Tensor) -> Tensor:
        return self._pooling_function(
            inputs, self.pool_size, self.strides, self._around(), self.data_format
        )

    def _pooling_function(
        self,
        inputs: Tensor,
        pool_size: PerAxis,
        strides: PerAxis,
        padding: Around,
        data_format: str | None,
    ) -> Tensor:
        pool = K.pool3d if self.rank == 3 else K.pool2d
        return pool(inputs, pool_size, strides, padding, data_format, pool_mode=self._mode())

    def _mode(self) -> str:
        """On Theano, all places that hold a maximum have its gradient."""
        if self.pool_mode == "max" and self.convention == "theano":
            return "max_shared"
        return self.pool_mode

    def _trains_by_convention(self) -> bool:
        return self.pool_mode == "max" or super()._trains_by_convention()

    def get_config(self) -> dict[str, Any]:
        options = ("data_format", "pool_size", "strides", "padding")
        return {**super().get_config(), **options_config(self, options)}


class _Pooling1D(_Pooling):
    rank = 1

    def __init__(
        self,
        pool_size: PerAxis = 2,
        strides: PerAxis | None = None,
        padding: str = "valid",
        data_format: str | None = "channels_last",
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        """Pools an image one pixel wide."""
        axis = self._spatial_axes()[0] + 1
        around = self._around()
        # Said of the input, not of the image, where the window does not fit.
        pads = ((0, 0),) if around == "valid" else around
        window = Window(self.pool_size, self.strides, pads, (1,))
        counted(f"Layer {self.name!r}", inputs.shape, window, self.data_format)
        pooled = self._pooling_function(
            K.expand_dims(inputs, axis),
            (*self.pool_size, 1),
            (*self.strides, 1),
            around if isinstance(around, str) else (*around, (0, 0)),
            self.data_format,
        )
        return K.squeeze(pooled, axis)


class _Pooling2D(_Pooling):
    rank = 2

    def __init__(
        self,
        pool_size: PerAxis = (2, 2),
        strides: PerAxis | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class _Pooling3D(_Pooling):
    rank = 3

    def __init__(
        self,
        pool_size: PerAxis = (2, 2, 2),
        strides: PerAxis | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class MaxPooling1D(_Pooling1D):
    """Takes the maximum of windows of steps.

    Args:
        pool_size: length of the window, a positive int.
        strides: step from window to window; None for the length of the window.
        padding: "valid" for whole windows only, "same" for as many as strides fit into the input.
        data_format: "channels_last", "channels_first", or None for the configured one.
        kwargs: options of every layer; and convention: "tensorflow", or "theano" for its ways of
            padding "same".

    Input shape: `(batch, steps, channels)`, or `(batch, channels, steps)`.
    Output shape: the same with fewer steps.

    Example:
        >>> x = K.constant([[[1.0], [3.0], [5.0], [2.0]]])
        >>> K.eval(layers.MaxPooling1D(2)(x))[0, :, 0].tolist()
        [3.0, 5.0]
    """


class AveragePooling1D(_Pooling1D):
    """Takes the mean of windows of steps; padding does not count.

    Args:
        pool_size: length of the window, a positive int.
        strides: step from window to window; None for the length of the window.
        padding: "valid" for whole windows only, "same" for as many as strides fit into the input.
        data_format: "channels_last", "channels_first", or None for the configured one.
        kwargs: options of every layer; and convention: "tensorflow", or "theano" for its ways of
            padding "same".

    Input shape: `(batch, steps, channels)`, or `(batch, channels, steps)`.
    Output shape: the same with fewer steps.

    Example:
        >>> x = K.constant([[[1.0], [3.0], [5.0], [9.0]]])
        >>> K.eval(layers.AveragePooling1D(2)(x))[0, :, 0].tolist()
        [2.0, 7.0]
    """

    pool_mode = "avg"


class MaxPooling2D(_Pooling2D):
    """Takes the maximum of windows of an image.

    Args:
        pool_size: height and width of the window, or one int for both.
        strides: steps from window to window, likewise; None for the size of the window.
        padding: "valid" for whole windows only, "same" for as many as strides fit into the input.
        data_format: "channels_last", "channels_first", or None for the configured one.
        kwargs: options of every layer; and convention: "tensorflow", or "theano" for its ways of
            padding "same".

    Input shape: `(batch, rows, columns, channels)`, or `(batch, channels, rows, columns)`.
    Output shape: the same with fewer rows and columns.

    Example:
        >>> x = K.constant([[[[1.0], [2.0]], [[3.0], [6.0]]]])
        >>> K.eval(layers.MaxPooling2D()(x)).tolist()
        [[[[6.0]]]]
        >>> layers.MaxPooling2D(3, strides=2, padding="same")(layers.Input((7, 7, 8))).shape
        (None, 4, 4, 8)
    """


class AveragePooling2D(_Pooling2D):
    """Takes the mean of windows of an image; padding does not count.

    Args:
        pool_size: height and width of the window, or one int for both.
        strides: steps from window to window, likewise; None for the size of the window.
        padding: "valid" for whole windows only, "same" for as many as strides fit into the input.
        data_format: "channels_last", "channels_first", or None for the configured one.
        kwargs: options of every layer; and convention: "tensorflow", or "theano" for its ways of
            padding "same".

    Input shape: `(batch, rows, columns, channels)`, or `(batch, channels, rows, columns)`.
    Output shape: the same with fewer rows and columns.

    Example:
        >>> x = K.constant([[[[1.0], [2.0]], [[3.0], [6.0]]]])
        >>> K.eval(layers.AveragePooling2D()(x)).tolist()
        [[[[3.0]]]]
        >>> layers.AveragePooling2D(3, strides=2, padding="same")(layers.Input((7, 7, 8))).shape
        (None, 4, 4, 8)
    """

    pool_mode = "avg"


class MaxPooling3D(_Pooling3D):
    """Takes the maximum of windows of a volume.

    Args:
        pool_size: depth, height and width of the window, or one int for all.
        strides: steps from window to window, likewise; None for the size of the window.
        padding: "valid" for whole windows only, "same" for as many as strides fit into the input.
        data_format: "channels_last", "channels_first", or None for the configured one.
        kwargs: options of every layer; and convention: "tensorflow", or "theano" for its ways of
            padding "same".

    Input shape: `(batch, depth, rows, columns, channels)`, or
    `(batch, channels, depth, rows, columns)`. Output shape: the same with smaller spatial sizes.

    Example:
        >>> clip = layers.Input((16, 64, 64, 3))
        >>> layers.MaxPooling3D((1, 2, 2))(clip).shape  # keeps all frames
        (None, 16, 32, 32, 3)
    """


class AveragePooling3D(_Pooling3D):
    """Takes the mean of windows of a volume; padding does not count.

    Args:
        pool_size: depth, height and width of the window, or one int for all.
        strides: steps from window to window, likewise; None for the size of the window.
        padding: "valid" for whole windows only, "same" for as many as strides fit into the input.
        data_format: "channels_last", "channels_first", or None for the configured one.
        kwargs: options of every layer; and convention: "tensorflow", or "theano" for its ways of
            padding "same".

    Input shape: `(batch, depth, rows, columns, channels)`, or
    `(batch, channels, depth, rows, columns)`. Output shape: the same with smaller spatial sizes.

    Example:
        >>> clip = layers.Input((16, 64, 64, 3))
        >>> layers.AveragePooling3D((1, 2, 2))(clip).shape  # keeps all frames
        (None, 16, 32, 32, 3)
    """

    pool_mode = "avg"


class _GlobalPooling(SpatialLayer):
    """Reduces the spatial axes to one value a channel; a subclass gives `_reduce`."""

    _reduce: Callable[..., Tensor]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], input_shape[channel_axis(self.rank, self.data_format)])

    def call(self, inputs: Tensor) -> Tensor:
        return self._reduce(inputs, axis=list(self._spatial_axes()))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


class _GlobalPooling1D(_GlobalPooling):
    rank = 1

    def __init__(self, data_format: str | None = "channels_last", **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)


class _GlobalPooling2D(_GlobalPooling):
    rank = 2


class _GlobalPooling3D(_GlobalPooling):
    rank = 3


class GlobalAveragePooling1D(_GlobalPooling1D):
    """Takes the mean over all steps; masked steps do not count.

    Args:
        data_format: "channels_last", "channels_first", or None for the configured one.

    Input shape: `(batch, steps, channels)`, or `(batch, channels, steps)`, which takes no mask.
    Output shape: `(batch, channels)`.

    Raises:
        ValueError: when called with a mask on data of format "channels_first".

    Example:
        >>> K.eval(layers.GlobalAveragePooling1D()(K.constant([[[1.0], [5.0]]]))).tolist()
        [[3.0]]
    """

    _reduce = staticmethod(K.mean)

    def __init__(self, data_format: str | None = "channels_last", **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return super().call(inputs)
        if self.data_format == "channels_first":
            raise ValueError(
                f"GlobalAveragePooling1D layer {self.name!r} got a mask, whose axes are (batch, "
                "steps), on data of format 'channels_first'. Put Permute((2, 1)) before it and "
                "use data_format='channels_last'."
            )
        counted = K.expand_dims(K.cast(mask, K.dtype(inputs)))
        return K.sum(inputs * counted, axis=1) / K.sum(counted, axis=1)

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor | None:
        return None


class GlobalMaxPooling1D(_GlobalPooling1D):
    """Takes the maximum over all steps.

    Args:
        data_format: "channels_last", "channels_first", or None for the configured one.

    Input shape: `(batch, steps, channels)`, or `(batch, channels, steps)`.
    Output shape: `(batch, channels)`.

    Example:
        >>> K.eval(layers.GlobalMaxPooling1D()(K.constant([[[1.0], [5.0], [3.0]]]))).tolist()
        [[5.0]]
    """

    _reduce = staticmethod(K.max)


class GlobalAveragePooling2D(_GlobalPooling2D):
    """Takes the mean over all pixels of an image.

    Args:
        data_format: "channels_last", "channels_first", or None for the configured one.

    Input shape: `(batch, rows, columns, channels)`, or `(batch, channels, rows, columns)`.
    Output shape: `(batch, channels)`.

    Example:
        >>> images = layers.Input((None, None, 64))  # of any size
        >>> layers.GlobalAveragePooling2D()(images).shape
        (None, 64)
    """

    _reduce = staticmethod(K.mean)


class GlobalMaxPooling2D(_GlobalPooling2D):
    """Takes the maximum over all pixels of an image.

    Args:
        data_format: "channels_last", "channels_first", or None for the configured one.

    Input shape: `(batch, rows, columns, channels)`, or `(batch, channels, rows, columns)`.
    Output shape: `(batch, channels)`.

    Example:
        >>> images = layers.Input((None, None, 64))  # of any size
        >>> layers.GlobalMaxPooling2D()(images).shape
        (None, 64)
    """

    _reduce = staticmethod(K.max)


class GlobalAveragePooling3D(_GlobalPooling3D):
    """Takes the mean over all voxels of a volume.

    Args:
        data_format: "channels_last", "channels_first", or None for the configured one.

    Input shape: `(batch, depth, rows, columns, channels)`, or
    `(batch, channels, depth, rows, columns)`. Output shape: `(batch, channels)`.

    Example:
        >>> layers.GlobalAveragePooling3D()(layers.Input((8, 16, 16, 4))).shape
        (None, 4)
    """

    _reduce = staticmethod(K.mean)


class GlobalMaxPooling3D(_GlobalPooling3D):
    """Takes the maximum over all voxels of a volume.

    Args:
        data_format: "channels_last", "channels_first", or None for the configured one.

    Input shape: `(batch, depth, rows, columns, channels)`, or
    `(batch, channels, depth, rows, columns)`. Output shape: `(batch, channels)`.

    Example:
        >>> layers.GlobalMaxPooling3D()(layers.Input((8, 16, 16, 4))).shape
        (None, 4)
    """

    _reduce = staticmethod(K.max)


AvgPool1D = AveragePooling1D
MaxPool1D = MaxPooling1D
AvgPool2D = AveragePooling2D
MaxPool2D = MaxPooling2D
AvgPool3D = AveragePooling3D
MaxPool3D = MaxPooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
