"""Moves single images and shifts their colours, by given numbers or by drawn ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_core.legacy.calls import refusing_old_names
from keras_core.preprocessing.image.extras import enhancer, ndimage
from keras_core.preprocessing.image.files import array_to_img, img_to_array


def random_rotation(
    x: np.ndarray,
    rg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """Turns an image by a drawn angle.

    As in Keras 2 the centre is that of the first two axes; `apply_affine_transform` takes that of
    rows and columns.

    Args:
        x: array of three axes.
        rg: largest angle, in degrees.
        row_axis: axis of the rows.
        col_axis: axis of the columns.
        channel_axis: axis of the channels.
        fill_mode: what stands beyond the edges, a mode of `scipy.ndimage`: 'constant', 'nearest',
            'reflect' or 'wrap'.
        cval: the value there with 'constant'.
        interpolation_order: order of the splines between the pixels.

    Returns:
        An image of the same shape.

    Example:
        >>> x = np.ones((8, 8, 3))
        >>> image.random_rotation(x, 30, row_axis=0, col_axis=1, channel_axis=2).shape
        (8, 8, 3)
    """
    theta = np.random.uniform(-rg, rg)
    return _moved(x, channel_axis, fill_mode, cval, interpolation_order, theta=theta)


def random_shift(
    x: np.ndarray,
    wrg: float,
    hrg: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """Shifts an image by drawn distances.

    Args:
        x: array of three axes.
        wrg: largest shift along the columns, as a fraction of the width.
        hrg: largest shift along the rows, as a fraction of the height.
        row_axis: axis of the rows.
        col_axis: axis of the columns.
        channel_axis: axis of the channels.
        fill_mode: as in `random_rotation`.
        cval: the value beyond the edges with 'constant'.
        interpolation_order: order of the splines between the pixels.

    Returns:
        An image of the same shape.

    Example:
        >>> x = np.ones((8, 8, 3))
        >>> image.random_shift(x, 0.2, 0.2, row_axis=0, col_axis=1, channel_axis=2).shape
        (8, 8, 3)
    """
    tx = np.random.uniform(-hrg, hrg) * x.shape[row_axis]
    ty = np.random.uniform(-wrg, wrg) * x.shape[col_axis]
    return _moved(x, channel_axis, fill_mode, cval, interpolation_order, tx=tx, ty=ty)


def random_shear(
    x: np.ndarray,
    intensity: float,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """Shears an image by a drawn angle.

    As in Keras 2 the centre is that of the first two axes; `apply_affine_transform` takes that of
    rows and columns.

    Args:
        x: array of three axes.
        intensity: largest angle, in degrees.
        row_axis: axis of the rows.
        col_axis: axis of the columns.
        channel_axis: axis of the channels.
        fill_mode: as in `random_rotation`.
        cval: the value beyond the edges with 'constant'.
        interpolation_order: order of the splines between the pixels.

    Returns:
        An image of the same shape.

    Example:
        >>> x = np.ones((8, 8, 3))
        >>> image.random_shear(x, 10, row_axis=0, col_axis=1, channel_axis=2).shape
        (8, 8, 3)
    """
    shear = np.random.uniform(-intensity, intensity)
    return _moved(x, channel_axis, fill_mode, cval, interpolation_order, shear=shear)


def random_zoom(
    x: np.ndarray,
    zoom_range: tuple[float, float],
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
) -> np.ndarray:
    """Scales an image by drawn factors, one for the rows and one for the columns.

    As in Keras 2 the centre is that of the first two axes; `apply_affine_transform` takes that of
    rows and columns.

    Args:
        x: array of three axes.
        zoom_range: least and largest factor; below 1 things look larger.
        row_axis: axis of the rows.
        col_axis: axis of the columns.
        channel_axis: axis of the channels.
        fill_mode: as in `random_rotation`.
        cval: the value beyond the edges with 'constant'.
        interpolation_order: order of the splines between the pixels.

    Returns:
        An image of the same shape.

    Raises:
        ValueError: `zoom_range` is no pair.

    Example:
        >>> x = np.ones((8, 8, 3))
        >>> image.random_zoom(x, (0.5, 2.0), row_axis=0, col_axis=1, channel_axis=2).shape
        (8, 8, 3)
    """
    zx, zy = drawn_zoom(checked_pair("zoom_range", zoom_range))
    return _moved(x, channel_axis, fill_mode, cval, interpolation_order, zx=zx, zy=zy)


def _moved(
    x: np.ndarray, channel_axis: int, fill_mode: str, cval: float, order: int, **how: Any
) -> np.ndarray:
    # About the centre of the first two axes, whichever the rows and columns are: so Keras 2 has it.
    return apply_affine_transform(
        x, channel_axis=channel_axis, fill_mode=fill_mode, cval=cval, order=order, **how
    )


@refusing_old_names("preprocessing.image.random_channel_shift")
def random_channel_shift(
    x: np.ndarray, intensity_range: float, channel_axis: int = 0
) -> np.ndarray:
    """Adds a drawn number to an image.

    Args:
        x: array of three axes.
        intensity_range: largest number.
        channel_axis: axis of the channels.

    Example:
        >>> x = np.array([[[0.0, 10.0]]])
        >>> shifted = image.random_channel_shift(x, 4.0, channel_axis=2)
        >>> shifted.shape, bool(shifted.min() >= 0.0 and shifted.max() <= 10.0)
        ((1, 1, 2), True)
    """
    intensity = np.random.uniform(-intensity_range, intensity_range)
    return apply_channel_shift(x, intensity, channel_axis=channel_axis)


def random_brightness(x: np.ndarray, brightness_range: tuple[float, float]) -> np.ndarray:
    """Multiplies the brightness of an image by a drawn factor.

    Args:
        x: array of three axes, as the settings have them.
        brightness_range: least and largest factor.

    Raises:
        ValueError: `brightness_range` is no pair.

    Example:
        >>> x = np.array([[[0.0, 100.0, 255.0]]])
        >>> image.random_brightness(x, (0.5, 0.5)).ravel().tolist()  # from a range of one factor
        [0.0, 50.0, 127.0]
    """
    low, high = checked_pair("brightness_range", brightness_range)
    return apply_brightness_shift(x, np.random.uniform(low, high))


def checked_pair(name: str, pair: Any) -> Any:
    """Two numbers.

    Args:
        name: name of the argument, for the error.
        pair: a list or tuple of two.

    Raises:
        ValueError: it is something else.
    """
    if np.ndim(pair) != 1 or len(pair) != 2:
        raise ValueError(
            f"{name} must be a pair of numbers, the least and the largest; got {pair}."
        )
    return pair


def drawn_zoom(zoom_range: Any) -> tuple[float, float]:
    """Factors for the rows and the columns; nothing is drawn where both can only be 1."""
    if zoom_range[0] == 1 and zoom_range[1] == 1:
        return 1, 1
    zx, zy = np.random.uniform(zoom_range[0], zoom_range[1], 2)
    return zx, zy


def apply_channel_shift(x: np.ndarray, intensity: float, channel_axis: int = 0) -> np.ndarray:
    """Adds a number to an image, within the least and the largest value that it has.

    Args:
        x: array of three axes.
        intensity: the number.
        channel_axis: axis of the channels.

    Example:
        >>> x = np.array([[[0.0, 10.0]]])
        >>> image.apply_channel_shift(x, 4.0, channel_axis=2).tolist()  # stays within its range
        [[[4.0, 10.0]]]
    """
    return np.clip(x + intensity, np.min(x), np.max(x))


def apply_brightness_shift(x: np.ndarray, brightness: float) -> np.ndarray:
    """Multiplies the brightness of an image, which is scaled to values between 0 and 255 first.

    Args:
        x: array of three axes, as the settings have them.
        brightness: the factor: 0 makes the image black.

    Returns:
        Array of the same shape, of `floatx`.

    Raises:
        ImportError: Pillow is not installed.

    Example:
        >>> x = np.array([[[0.0, 100.0, 255.0]]])
        >>> image.apply_brightness_shift(x, 0.5).ravel().tolist()
        [0.0, 50.0, 127.0]
    """
    return brightened(x, brightness, None)


def brightened(x: np.ndarray, brightness: float, data_format: str | None) -> np.ndarray:
    """`apply_brightness_shift` for images of a data format, by default that of the settings."""
    image = enhancer().Brightness(array_to_img(x, data_format)).enhance(brightness)
    return img_to_array(image, data_format)


def apply_affine_transform(
    x: np.ndarray,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 0,
    col_axis: int = 1,
    channel_axis: int = 2,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """Turns, shifts, shears and scales an image about its centre.

    Pixel p of the result is what lies at `R T S Z p` in the image, with the rotation R, the shift
    T, the shear S and the scaling Z.

    Args:
        x: array of three axes.
        theta: angle of R, in degrees.
        tx: shift along the rows, in pixels.
        ty: shift along the columns, in pixels.
        shear: angle of S, in degrees.
        zx: factor of Z along the rows.
        zy: factor of Z along the columns.
        row_axis: axis of the rows.
        col_axis: axis of the columns.
        channel_axis: axis of the channels.
        fill_mode: what stands beyond the edges, a mode of `scipy.ndimage`: 'constant', 'nearest',
            'reflect' or 'wrap'.
        cval: the value there with 'constant'.
        order: order of the splines between the pixels.

    Returns:
        An image of the same shape and dtype; `x` itself where nothing is to be done.

    Raises:
        ImportError: SciPy is not installed.

    Example:
        >>> x = np.array([[1.0, 2.0, 3.0]]).reshape(1, 3, 1)
        >>> moved = image.apply_affine_transform(x, ty=1, fill_mode="constant")
        >>> moved[0, :, 0].tolist()
        [2.0, 3.0, 0.0]
    """
    if (theta, tx, ty, shear, zx, zy) == (0, 0, 0, 0, 1, 1):
        return x
    affine_transform = ndimage().affine_transform
    matrix = _about_centre(
        _matrix(theta, tx, ty, shear, zx, zy), x.shape[row_axis], x.shape[col_axis]
    )
    moved = [
        affine_transform(
            plane, matrix[:2, :2], matrix[:2, 2], order=order, mode=fill_mode, cval=cval
        )
        for plane in np.moveaxis(x, channel_axis, 0)
    ]
    return np.moveaxis(np.stack(moved), 0, channel_axis)


def _matrix(theta: float, tx: float, ty: float, shear: float, zx: float, zy: float) -> np.ndarray:
    """The product of the four, in coordinates (row, column, 1)."""
    turn, slant = np.deg2rad(theta), np.deg2rad(shear)
    sine, cosine = np.sin(turn), np.cos(turn)
    rotation = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    shift = np.array([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    shearing = np.array([[1, -np.sin(slant), 0], [0, np.cos(slant), 0], [0, 0, 1]])
    scaling = np.array([[zx, 0, 0], [0, zy, 0], [0, 0, 1]])
    return rotation @ shift @ shearing @ scaling


def _about_centre(matrix: np.ndarray, rows: int, columns: int) -> np.ndarray:
    # Half a pixel beyond the middle of the pixels, as Keras 2 has it.
    row, column = rows / 2 + 0.5, columns / 2 + 0.5
    there = np.array([[1, 0, row], [0, 1, column], [0, 0, 1]])
    back = np.array([[1, 0, -row], [0, 1, -column], [0, 0, 1]])
    return there @ matrix @ back
