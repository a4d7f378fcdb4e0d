"""The libraries that images need, imported when they are first used."""

from __future__ import annotations

from typing import Any

_INSTALL = 'install it with: pip install "keras-core[image]>=2.4,<3"'


def pillow() -> Any:
    """`PIL.Image`.

    Raises:
        ImportError: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(f"Images are read and written with Pillow; {_INSTALL}") from error
    return Image


def enhancer() -> Any:
    """`PIL.ImageEnhance`.

    Raises:
        ImportError: Pillow is not installed.
    """
    pillow()
    from PIL import ImageEnhance

    return ImageEnhance


def ndimage() -> Any:
    """`scipy.ndimage`.

    Raises:
        ImportError: SciPy is not installed.
    """
    try:
        from scipy import ndimage
    except ImportError as error:
        raise ImportError(f"Images are moved with SciPy; {_INSTALL}") from error
    return ndimage
