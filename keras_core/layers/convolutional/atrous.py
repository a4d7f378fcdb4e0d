"""Dilated convolutions under their names in Keras 1, where they were layers of their own."""

from __future__ import annotations

from typing import Any

from keras_core.layers.convolutional.conv import Conv1D, Conv2D
from keras_core.legacy.calls import tell
from keras_core.legacy.conversion import converted
from keras_core.legacy.table import CLASSES


def AtrousConvolution1D(*args: Any, **kwargs: Any) -> Conv1D:
    """A Conv1D; `atrous_rate` is its `dilation_rate`, 1 by default.

    Example:
        >>> words = layers.Input((10, 4))
        >>> layers.AtrousConvolution1D(8, 3, atrous_rate=2)(words).shape  # a window spans 5 steps
        (None, 6, 8)
    """
    return _dilated(Conv1D, "AtrousConvolution1D", args, kwargs)


def AtrousConvolution2D(*args: Any, **kwargs: Any) -> Conv2D:
    """A Conv2D; `atrous_rate` is its `dilation_rate`, 1 by default.

    Example:
        >>> images = layers.Input((28, 28, 3))
        >>> layers.AtrousConvolution2D(8, 3, 3, atrous_rate=(2, 2))(images).shape
        (None, 24, 24, 8)
    """
    return _dilated(Conv2D, "AtrousConvolution2D", args, kwargs)


def _dilated(layer: type, old: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    kwargs["dilation_rate"] = kwargs.pop("atrous_rate", 1)
    call = converted(layer.__name__, CLASSES[layer.__name__], args, kwargs)
    tell(call, depth=2, called=old)
    return layer(*call.args, **call.kwargs)


AtrousConv1D = AtrousConvolution1D
AtrousConv2D = AtrousConvolution2D
