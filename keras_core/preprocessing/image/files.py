"""Images as files and as arrays."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from keras_core import config
from keras_core.legacy.calls import refusing_old_names
from keras_core.preprocessing.image.extras import pillow

_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
# Gray values of more than 8 bits, which would all become white.
_DEEP_GRAYS = ("I;16", "I;16B", "I")
_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def checked_format(data_format: str | None) -> str:
    """A data format; that of the settings for None.

    Raises:
        ValueError: there is no such format.
    """
    found = config.image_data_format() if data_format is None else data_format
    if found not in ("channels_last", "channels_first"):
        raise ValueError(
            f"data_format must be 'channels_last' or 'channels_first', not {data_format!r}."
        )
    return found


@refusing_old_names("preprocessing.image.array_to_img")
def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> Any:
    """Makes an image of an array.

    Args:
        x: array `(rows, columns, channels)`, or as the data format says, with 1, 3 or 4 channels.
        data_format: 'channels_last' or 'channels_first'; by default that of the settings.
        scale: whether to scale values so that the least, or 0, becomes 0 and the largest 255.
        dtype: dtype to compute with; `floatx` by default.

    Returns:
        A Pillow image, of mode 'L', 'RGB' or 'RGBA'.

    Raises:
        ValueError: the array has another number of axes or channels.
        ImportError: Pillow is not installed.

    Example:
        >>> picture = image.array_to_img(np.zeros((20, 30, 3)))
        >>> picture.size, picture.mode  # Pillow tells the width first
        ((30, 20), 'RGB')
    """
    array = np.asarray(x, dtype=config.floatx() if dtype is None else dtype)
    if array.ndim != 3:
        raise ValueError(
            f"array_to_img: one image has the axes rows, columns and channels; got {array.shape}."
        )
    if checked_format(data_format) == "channels_first":
        array = array.transpose(1, 2, 0)
    if array.shape[2] not in (1, 3, 4):
        raise ValueError(
            f"array_to_img: an image has 1, 3 or 4 channels, not {array.shape[2]}: the array has "
            f"shape {np.shape(x)} and data_format is {checked_format(data_format)!r}."
        )
    pixels = _scaled(array) if scale else array
    deep = pixels.shape[2] == 1 and pixels.size and np.max(pixels) > 255
    pixels = pixels.astype("int32" if deep else "uint8")
    return pillow().fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _scaled(array: np.ndarray) -> np.ndarray:
    array = array + max(-np.min(array), 0)
    largest = np.max(array)
    return array / largest * 255 if largest else array


@refusing_old_names("preprocessing.image.img_to_array")
def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """Makes an array of an image.

    Args:
        img: a Pillow image.
        data_format: 'channels_last' or 'channels_first'; by default that of the settings.
        dtype: dtype of the array; `floatx` by default.

    Returns:
        Array `(rows, columns, channels)`, or as the data format says.

    Raises:
        ValueError: what came has neither two nor three axes.

    Example:
        >>> picture = image.array_to_img(np.zeros((20, 30, 3)))
        >>> image.img_to_array(picture).shape
        (20, 30, 3)
    """
    first = checked_format(data_format) == "channels_first"
    array = np.array(img, dtype=config.floatx() if dtype is None else dtype)
    if array.ndim == 2:
        array = array[:, :, None]
    elif array.ndim != 3:
        raise ValueError(f"img_to_array: an image has two or three axes; got {array.shape}.")
    return array.transpose(2, 0, 1) if first else array


def load_img(
    path: Any,
    grayscale: bool = False,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
) -> Any:
    """Reads an image from a file.

    Args:
        path: path of the file, or the file, open.
        grayscale: former way to say `color_mode='grayscale'`.
        color_mode: 'grayscale', 'rgb' or 'rgba'; grays of 16 or 32 bits keep their values.
        target_size: `(rows, columns)` of the image; by default those that it has.
        interpolation: how it is brought to that size: 'nearest', 'bilinear', 'bicubic', 'hamming',
            'box' or 'lanczos'.

    Returns:
        A Pillow image.

    Raises:
        ValueError: another word for `color_mode` or `interpolation`.
        ImportError: Pillow is not installed.

    Example:
        >>> image.save_img("1.png", np.zeros((20, 30, 3)))
        >>> picture = image.load_img("1.png", color_mode="grayscale", target_size=(10, 10))
        >>> image.img_to_array(picture).shape
        (10, 10, 1)
    """
    if grayscale is True:
        warnings.warn("load_img: grayscale=True is now color_mode='grayscale'.", stacklevel=2)
        color_mode = "grayscale"
    if color_mode not in _MODES:
        raise ValueError(f"color_mode must be one of {', '.join(_MODES)}, not {color_mode!r}.")
    with pillow().open(path) as opened:
        deep = color_mode == "grayscale" and opened.mode in _DEEP_GRAYS
        image = opened.copy() if deep else opened.convert(_MODES[color_mode])
    if target_size is None:
        return image
    rows, columns = checked_size(target_size)
    if image.size == (columns, rows):
        return image
    return image.resize((columns, rows), _resampling(interpolation))


def checked_size(target_size: Any) -> tuple[int, int]:
    """Rows and columns that images are brought to.

    Raises:
        TypeError: it is one number.
        ValueError: there are more or less than two.
    """
    if np.ndim(target_size) != 1:
        raise TypeError(f"target_size is (rows, columns), such as (224, 224), not {target_size!r}.")
    if len(target_size) != 2:
        raise ValueError(
            f"target_size is (rows, columns), such as (224, 224), not {target_size!r}; color_mode "
            "says how many channels there are."
        )
    rows, columns = target_size
    return rows, columns


def _resampling(interpolation: str) -> Any:
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(
            f"interpolation must be one of {', '.join(_INTERPOLATIONS)}, not {interpolation!r}."
        )
    image = pillow()
    return getattr(getattr(image, "Resampling", image), interpolation.upper())


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Writes an array to a file as an image.

    Args:
        path: path of the file, or the file, open.
        x: array `(rows, columns, channels)`, or as the data format says.
        data_format: 'channels_last' or 'channels_first'; by default that of the settings.
        file_format: format of the file, such as 'png'; by default that of the path's ending.
        scale: whether to scale values so that the least, or 0, becomes 0 and the largest 255.
        kwargs: arguments of Pillow's `save`.

    Raises:
        ValueError: the array is no image.
        ImportError: Pillow is not installed.

    Example:
        >>> image.save_img("1.png", np.zeros((20, 30, 3)))
        >>> image.load_img("1.png").size
        (30, 20)
    """
    image = array_to_img(x, data_format=data_format, scale=scale)
    name = os.fspath(path) if isinstance(path, (str, os.PathLike)) else ""
    is_jpeg = (file_format or os.path.splitext(name)[1].lstrip(".")).lower() in ("jpg", "jpeg")
    if is_jpeg and image.mode == "RGBA":
        warnings.warn(
            "save_img: JPEG has no transparency; the fourth channel is left out.", stacklevel=2
        )
        image = image.convert("RGB")
    image.save(path, format="jpeg" if is_jpeg and file_format else file_format, **kwargs)
