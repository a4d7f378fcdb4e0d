"""Layers that stretch, pad or crop the spatial axes, without weights."""

from __future__ import annotations

from keras_core import backend as K
from keras_core.engine.base_layer import InputSpec, Layer
from keras_core.layers.convolutional._axes import resized_shape, spatial_axes
from keras_core.utils import conv_utils


def _pairs(value, rank, layer_name, option):
    """The amounts before and after along each axis, from any of the three ways to write them.

    Args:
        value: An integer (for all sides), `rank` integers (one an axis) or `rank` pairs.
        rank: Number of spatial axes.
        layer_name: Class of the layer, for the error.
        option: Name of the layer's option, for the error.

    Raises:
        ValueError: If the value is none of the three, or an amount is negative.
    """
    entries = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(entries) != rank:
        raise ValueError(
            f"{layer_name} got {option}={value!r}, but takes one integer, or {rank} integers or "
            f"pairs (before, after), one for each spatial axis."
        )
    pairs = tuple(conv_utils.normalize_tuple(entry, 2, option) for entry in entries)
    if min(min(pair) for pair in pairs) < 0:
        raise ValueError(f"{layer_name} got {option}={value!r}, but amounts cannot be negative.")
    return pairs


class _Spatial(Layer):
    """A layer without weights that changes the sizes of `rank` spatial axes.

    Subclasses keep their one option in the attribute named by `option`.
    """

    option: str

    def __init__(self, amounts, rank, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.rank = rank
        self.data_format = K.normalize_data_format(data_format)
        setattr(self, self.option, amounts)
        self.input_spec = InputSpec(ndim=rank + 2)

    def compute_output_shape(self, input_shape):
        axes = spatial_axes(self.rank, self.data_format)
        return resized_shape(input_shape, axes, self._resized)

    def get_config(self):
        config = {self.option: getattr(self, self.option), "data_format": self.data_format}
        return {**super().get_config(), **config}

    def _resized(self, size, position):
        """The new size along a spatial axis."""
        raise NotImplementedError


class _UpSampling(_Spatial):
    """Repeats the entries along each spatial axis.

    Args:
        size: Factors, a tuple with one integer a spatial axis.
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
    """

    option = "size"

    def __init__(self, size, data_format=None, **kwargs):
        super().__init__(size, len(size), data_format, **kwargs)

    def _resized(self, size, position):
        return size * self.size[position]


class UpSampling1D(_UpSampling):
    """Repeats each step `size` times.

    Input shape `(batch, steps, features)`, output shape `(batch, steps * size, features)`.

    Args:
        size: How often each step is repeated, an integer.
        kwargs: Options of every layer: name, trainable, dtype, input_shape...
    """

    def __init__(self, size=2, **kwargs):
        super().__init__((int(size),), "channels_last", **kwargs)

    def call(self, inputs):
        return K.repeat_elements(inputs, self.size[0], axis=1)

    def get_config(self):
        config = super().get_config()
        config.pop("data_format")
        return {**config, "size": self.size[0]}


class UpSampling2D(_UpSampling):
    """Enlarges images by whole factors.

    Input shape `(batch, rows, columns, channels)`, output shape
    `(batch, rows * size[0], columns * size[1], channels)` (channels_last).

    Args:
        size: Factors for rows and columns, an integer or two.
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        interpolation: "nearest" (repeats pixels) or "bilinear".
        kwargs: Options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: If the interpolation is unknown, or size is not one or two integers.
    """

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(conv_utils.normalize_tuple(size, 2, "size"), data_format, **kwargs)
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError(
                f"UpSampling2D got interpolation={interpolation!r}. "
                "Write interpolation='nearest' or interpolation='bilinear'."
            )
        self.interpolation = interpolation

    def call(self, inputs):
        return K.resize_images(
            inputs,
            self.size[0],
            self.size[1],
            self.data_format,
            interpolation=self.interpolation,
        )

    def get_config(self):
        return {**super().get_config(), "interpolation": self.interpolation}


class UpSampling3D(_UpSampling):
    """Repeats the entries of volumes along depth, rows and columns.

    Input shape `(batch, depth, rows, columns, channels)`, output shape
    `(batch, depth * size[0], rows * size[1], columns * size[2], channels)` (channels_last).

    Args:
        size: Factors for depth, rows and columns, an integer or three.
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        kwargs: Options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: If size is not one or three integers.
    """

    def __init__(self, size=(2, 2, 2), data_format=None, **kwargs):
        super().__init__(conv_utils.normalize_tuple(size, 3, "size"), data_format, **kwargs)

    def call(self, inputs):
        return K.resize_volumes(inputs, *self.size, data_format=self.data_format)


class _ZeroPadding(_Spatial):
    """Adds zeros before and after each spatial axis.

    Args:
        padding: Pairs (before, after), one for each spatial axis.
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
    """

    option = "padding"

    def __init__(self, padding, data_format=None, **kwargs):
        super().__init__(padding, len(padding), data_format, **kwargs)

    def _resized(self, size, position):
        return size + sum(self.padding[position])


class ZeroPadding1D(_ZeroPadding):
    """Adds steps of zeros before and after a sequence.

    Input shape `(batch, steps, features)`, output shape
    `(batch, before + steps + after, features)`.

    Args:
        padding: Number of steps added, an integer (for both ends) or a pair (before, after).
        kwargs: Options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: If padding is neither, or negative.
    """

    def __init__(self, padding=1, **kwargs):
        pairs = _pairs((padding,), 1, "ZeroPadding1D", "padding")
        super().__init__(pairs, "channels_last", **kwargs)

    def call(self, inputs):
        return K.temporal_padding(inputs, padding=self.padding[0])

    def get_config(self):
        config = super().get_config()
        config.pop("data_format")
        return {**config, "padding": self.padding[0]}


class ZeroPadding2D(_ZeroPadding):
    """Adds rows and columns of zeros around images.

    Input shape `(batch, rows, columns, channels)`, output shape
    `(batch, new_rows, new_columns, channels)` (channels_last).

    Args:
        padding: An integer (for all sides), two (for rows, for columns) or two pairs
            ((top, bottom), (left, right)).
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        kwargs: Options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: If padding is none of these, or negative.
    """

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        super().__init__(_pairs(padding, 2, "ZeroPadding2D", "padding"), data_format, **kwargs)

    def call(self, inputs):
        return K.spatial_2d_padding(inputs, padding=self.padding, data_format=self.data_format)


class ZeroPadding3D(_ZeroPadding):
    """Adds planes of zeros around volumes.

    Input shape `(batch, depth, rows, columns, channels)`, output shape
    `(batch, new_depth, new_rows, new_columns, channels)` (channels_last).

    Args:
        padding: An integer (for all sides), three (one an axis) or three pairs (before, after).
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        kwargs: Options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: If padding is none of these, or negative.
    """

    def __init__(self, padding=(1, 1, 1), data_format=None, **kwargs):
        super().__init__(_pairs(padding, 3, "ZeroPadding3D", "padding"), data_format, **kwargs)

    def call(self, inputs):
        return K.spatial_3d_padding(inputs, padding=self.padding, data_format=self.data_format)


class _Cropping(_Spatial):
    """Cuts entries off both ends of each spatial axis.

    Args:
        cropping: Pairs (before, after), one for each spatial axis.
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.

    Raises:
        ValueError: When called on inputs of which nothing would be left.
    """

    option = "cropping"

    def __init__(self, cropping, data_format=None, **kwargs):
        super().__init__(cropping, len(cropping), data_format, **kwargs)

    def build(self, input_shape):
        for axis, pair in zip(spatial_axes(self.rank, self.data_format), self.cropping):
            if input_shape[axis] is not None and sum(pair) >= input_shape[axis]:
                raise ValueError(
                    f"{self.name} crops {pair} off axis {axis}, which leaves nothing of inputs "
                    f"of shape {tuple(input_shape)}. Crop less."
                )
        self.built = True

    def call(self, inputs):
        window = [slice(None)] * (self.rank + 2)
        for axis, (before, after) in zip(spatial_axes(self.rank, self.data_format), self.cropping):
            window[axis] = slice(before, -after or None)
        return inputs[tuple(window)]

    def _resized(self, size, position):
        return size - sum(self.cropping[position])


class Cropping1D(_Cropping):
    """Cuts steps off both ends of a sequence.

    Input shape `(batch, steps, features)`, output shape
    `(batch, steps - before - after, features)`.

    Args:
        cropping: Number of steps cut off, an integer (for both ends) or a pair (before, after).
        kwargs: Options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: If cropping is neither, or negative, or leaves nothing.
    """

    def __init__(self, cropping=(1, 1), **kwargs):
        pairs = _pairs((cropping,), 1, "Cropping1D", "cropping")
        super().__init__(pairs, "channels_last", **kwargs)

    def get_config(self):
        config = super().get_config()
        config.pop("data_format")
        return {**config, "cropping": self.cropping[0]}


class Cropping2D(_Cropping):
    """Cuts rows and columns off the borders of images.

    Input shape `(batch, rows, columns, channels)`, output shape
    `(batch, new_rows, new_columns, channels)` (channels_last).

    Args:
        cropping: An integer (for all sides), two (for rows, for columns) or two pairs
            ((top, bottom), (left, right)).
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        kwargs: Options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: If cropping is none of these, or negative, or leaves nothing.
    """

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(_pairs(cropping, 2, "Cropping2D", "cropping"), data_format, **kwargs)


class Cropping3D(_Cropping):
    """Cuts planes off the borders of volumes.

    Input shape `(batch, depth, rows, columns, channels)`, output shape
    `(batch, new_depth, new_rows, new_columns, channels)` (channels_last).

    Args:
        cropping: An integer (for all sides), three (one an axis) or three pairs (before, after).
        data_format: "channels_last" or "channels_first"; None is
            `K.image_data_format()`.
        kwargs: Options of every layer: name, trainable, dtype, input_shape...

    Raises:
        ValueError: If cropping is none of these, or negative, or leaves nothing.
    """

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(_pairs(cropping, 3, "Cropping3D", "cropping"), data_format, **kwargs)
