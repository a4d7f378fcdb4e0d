"""Layers that stretch, pad or crop the spatial axes, without weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union, cast

from keras_core import backend as K
from keras_core.engine.base_layer import Layer
from keras_core.graph import Tensor
from keras_core.graph.spec import Dim, Shape
from keras_core.layers._axes import SpatialLayer
from keras_core.layers._options import PerAxis, checked_sizes, named
from keras_core.utils import conv_utils

# One amount for all sides, one an axis, or a pair (before, after) an axis.
Amounts = Union[int, Sequence[Union[int, Sequence[int]]]]
Pair = tuple[int, int]


def _pairs(layer: Layer, value: Amounts, rank: int, option: str) -> tuple[Pair, ...]:
    """The amounts before and after along each axis, from any of the three ways to write them.

    Args:
        layer: the layer, for the error.
        value: an integer (for all sides), `rank` integers (one an axis) or `rank` pairs.
        rank: number of spatial axes.
        option: name of the layer's option, for the error.

    Raises:
        ValueError: if the value is none of the three, or an amount is negative.
    """
    who = type(layer).__name__
    one_for_all = rank == 1 or not hasattr(value, "__len__")
    entries: tuple[Any, ...] = (value,) * rank if one_for_all else tuple(cast("Any", value))
    if len(entries) != rank:
        raise ValueError(
            f"{who} got {option}={value!r}, but takes one integer, or {rank} integers or "
            f"pairs (before, after), one for each spatial axis."
        )
    pairs = [conv_utils.normalize_tuple(entry, 2, named(layer, option)) for entry in entries]
    if min(min(pair) for pair in pairs) < 0:
        raise ValueError(f"{who} got {option}={value!r}, but amounts cannot be negative.")
    return tuple((before, after) for before, after in pairs)


class _Resizing(SpatialLayer):
    """Changes the sizes of the spatial axes by amounts.

    Args:
        amounts: one for each spatial axis, kept in the attribute that `option` names.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
    """

    option: str

    def __init__(self, amounts: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        setattr(self, self.option, self._checked(amounts))

    def _checked(self, amounts: Any) -> tuple[Any, ...]:
        """The amounts, one for each spatial axis."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        amounts = getattr(self, self.option)
        if self.rank == 1:  # a sequence has one amount, and one data format only
            return {**super().get_config(), self.option: amounts[0]}
        return {**super().get_config(), self.option: amounts, "data_format": self.data_format}


class _UpSampling(_Resizing):
    """Repeats the entries along each spatial axis; the amounts are factors."""

    option = "size"
    size: tuple[int, ...]

    def _checked(self, amounts: Any) -> tuple[int, ...]:
        return checked_sizes(self, "size", amounts, self.rank)

    def _resized(self, size: int, position: int) -> Dim:
        return size * self.size[position]


class UpSampling1D(_UpSampling):
    """Repeats each step `size` times.

    Input shape `(batch, steps, features)`, output shape `(batch, steps * size, features)`.

    Args:
        size: how often each step is repeated, an integer.
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Example:
        >>> K.eval(layers.UpSampling1D(2)(K.constant([[[1.0], [2.0]]])))[0, :, 0].tolist()
        [1.0, 1.0, 2.0, 2.0]
    """

    rank = 1

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(size, "channels_last", **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        return K.repeat_elements(inputs, self.size[0], axis=1)


class UpSampling2D(_UpSampling):
    """Enlarges images by whole factors.

    Input shape `(batch, rows, columns, channels)`, output shape
    `(batch, rows * size[0], columns * size[1], channels)` (channels_last).

    Args:
        size: factors for rows and columns, an integer or two.
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        interpolation: "nearest" (repeats pixels), "bilinear", or "bilinear_half_pixel", which is
            what later versions than Keras 2.3 call "bilinear".
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if the interpolation is unknown, or size is not one or two integers.

    Example:
        >>> x = K.constant([[[[1.0], [2.0]]]])  # one row of two pixels
        >>> K.eval(layers.UpSampling2D((1, 2))(x))[0, 0, :, 0].tolist()
        [1.0, 1.0, 2.0, 2.0]
    """

    rank = 2

    def __init__(
        self,
        size: PerAxis = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(size, data_format, **kwargs)
        if interpolation not in ("nearest", "bilinear", "bilinear_half_pixel"):
            raise ValueError(
                f"UpSampling2D got interpolation={interpolation!r}. "
                "Write interpolation='nearest' or interpolation='bilinear'."
            )
        self.interpolation = interpolation

    def call(self, inputs: Tensor) -> Tensor:
        return K.resize_images(
            inputs,
            self.size[0],
            self.size[1],
            self.data_format,
            interpolation=self.interpolation,
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "interpolation": self.interpolation}


class UpSampling3D(_UpSampling):
    """Repeats the entries of volumes along depth, rows and columns.

    Input shape `(batch, depth, rows, columns, channels)`, output shape
    `(batch, depth * size[0], rows * size[1], columns * size[2], channels)` (channels_last).

    Args:
        size: factors for depth, rows and columns, an integer or three.
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if size is not one or three integers.

    Example:
        >>> layers.UpSampling3D((1, 2, 2))(layers.Input((8, 16, 16, 4))).shape
        (None, 8, 32, 32, 4)
    """

    rank = 3

    def __init__(
        self, size: PerAxis = (2, 2, 2), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(size, data_format, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        depth, rows, columns = self.size
        return K.resize_volumes(inputs, depth, rows, columns, self.data_format)


class _AtBothEnds(_Resizing):
    """Changes each spatial axis before its first entry and after its last one.

    Args:
        amounts: an integer, one for each spatial axis, or as many pairs (before, after).
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.

    Raises:
        ValueError: if the amounts are none of these, or negative.
    """

    def _checked(self, amounts: Amounts) -> tuple[Pair, ...]:
        return _pairs(self, amounts, self.rank, self.option)


class _ZeroPadding(_AtBothEnds):
    """Adds zeros before and after each spatial axis."""

    option = "padding"
    padding: tuple[Pair, ...]

    def _resized(self, size: int, position: int) -> Dim:
        return size + sum(self.padding[position])


class ZeroPadding1D(_ZeroPadding):
    """Adds steps of zeros before and after a sequence.

    Input shape `(batch, steps, features)`, output shape
    `(batch, before + steps + after, features)`.

    Args:
        padding: number of steps added, an integer (for both ends) or a pair (before, after).
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if padding is neither, or negative.

    Example:
        >>> K.eval(layers.ZeroPadding1D((2, 1))(K.constant([[[1.0], [2.0]]])))[0, :, 0].tolist()
        [0.0, 0.0, 1.0, 2.0, 0.0]
    """

    rank = 1

    def __init__(self, padding: int | Sequence[int] = 1, **kwargs: Any) -> None:
        super().__init__(padding, "channels_last", **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        return K.temporal_padding(inputs, padding=self.padding[0])


class ZeroPadding2D(_ZeroPadding):
    """Adds rows and columns of zeros around images.

    Input shape `(batch, rows, columns, channels)`, output shape
    `(batch, new_rows, new_columns, channels)` (channels_last).

    Args:
        padding: an integer (for all sides), two (for rows, for columns) or two pairs
            ((top, bottom), (left, right)).
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if padding is none of these, or negative.

    Example:
        >>> layers.ZeroPadding2D(((1, 0), (2, 2)))(layers.Input((28, 28, 3))).shape
        (None, 29, 32, 3)
    """

    rank = 2

    def __init__(
        self, padding: Amounts = (1, 1), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(padding, data_format, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        rows, columns = self.padding
        return K.spatial_2d_padding(inputs, (rows, columns), self.data_format)


class ZeroPadding3D(_ZeroPadding):
    """Adds planes of zeros around volumes.

    Input shape `(batch, depth, rows, columns, channels)`, output shape
    `(batch, new_depth, new_rows, new_columns, channels)` (channels_last).

    Args:
        padding: an integer (for all sides), three (one an axis) or three pairs (before, after).
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if padding is none of these, or negative.

    Example:
        >>> layers.ZeroPadding3D((1, 2, 3))(layers.Input((8, 16, 16, 4))).shape
        (None, 10, 20, 22, 4)
    """

    rank = 3

    def __init__(
        self, padding: Amounts = (1, 1, 1), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(padding, data_format, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        depth, rows, columns = self.padding
        return K.spatial_3d_padding(inputs, (depth, rows, columns), self.data_format)


class _Cropping(_AtBothEnds):
    """Cuts entries off both ends of each spatial axis.

    Raises:
        ValueError: when called on inputs of which nothing would be left.
    """

    option = "cropping"
    cropping: tuple[Pair, ...]

    def build(self, input_shape: Shape) -> None:
        for axis, pair in zip(self._spatial_axes(), self.cropping):
            size = input_shape[axis]
            if size is not None and sum(pair) >= size:
                raise ValueError(
                    f"{self.name} crops {pair} off axis {axis}, which leaves nothing of inputs "
                    f"of shape {tuple(input_shape)}. Crop less."
                )
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        window = [slice(None)] * (self.rank + 2)
        for axis, (before, after) in zip(self._spatial_axes(), self.cropping):
            window[axis] = slice(before, -after or None)
        return inputs[tuple(window)]

    def _resized(self, size: int, position: int) -> Dim:
        return size - sum(self.cropping[position])


class Cropping1D(_Cropping):
    """Cuts steps off both ends of a sequence.

    Input shape `(batch, steps, features)`, output shape
    `(batch, steps - before - after, features)`.

    Args:
        cropping: number of steps cut off, an integer (for both ends) or a pair (before, after).
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if cropping is neither, or negative, or leaves nothing.

    Example:
        >>> x = K.constant([[[1.0], [2.0], [3.0], [4.0]]])
        >>> K.eval(layers.Cropping1D((2, 1))(x))[0, :, 0].tolist()
        [3.0]
    """

    rank = 1

    def __init__(self, cropping: int | Sequence[int] = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)


class Cropping2D(_Cropping):
    """Cuts rows and columns off the borders of images.

    Input shape `(batch, rows, columns, channels)`, output shape
    `(batch, new_rows, new_columns, channels)` (channels_last).

    Args:
        cropping: an integer (for all sides), two (for rows, for columns) or two pairs
            ((top, bottom), (left, right)).
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if cropping is none of these, or negative, or leaves nothing.

    Example:
        >>> images = layers.Input((28, 28, 3))
        >>> layers.Cropping2D(((2, 4), (1, 1)))(images).shape  # rows above and below, columns
        (None, 22, 26, 3)
    """

    rank = 2

    def __init__(
        self, cropping: Amounts = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(_Cropping):
    """Cuts planes off the borders of volumes.

    Input shape `(batch, depth, rows, columns, channels)`, output shape
    `(batch, new_depth, new_rows, new_columns, channels)` (channels_last).

    Args:
        cropping: an integer (for all sides), three (one an axis) or three pairs (before, after).
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        kwargs: options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: if cropping is none of these, or negative, or leaves nothing.

    Example:
        >>> layers.Cropping3D((1, 2, 3))(layers.Input((10, 20, 20, 2))).shape
        (None, 8, 16, 14, 2)
    """

    rank = 3

    def __init__(
        self,
        cropping: Amounts = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)
