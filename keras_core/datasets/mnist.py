"""Handwritten digits of 28 x 28 pixels.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", 1998.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_core.datasets._files import arrays_of
from keras_core.utils.data_utils import get_file

if TYPE_CHECKING:
    from keras_core.datasets import Data

ORIGIN = "https://s3.amazonaws.com/img-datasets/mnist.npz"
HASH = "8a61469f7ea1b51cbae51d4f78837e45"


def load_data(path: str = "mnist.npz") -> Data:
    """Loads the images and their classes; downloads them at first.

    Args:
        path: name of the file in the cache's folder `datasets`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images `(samples, 28, 28)` of uint8, 60,000 and
        10,000 of them, and classes `(samples,)` of uint8 between 0 and 9.

    Raises:
        OSError: the file is not there and cannot be downloaded.
    """
    path = get_file(path, origin=ORIGIN, file_hash=HASH)
    x_train, y_train, x_test, y_test = arrays_of(path, "x_train", "y_train", "x_test", "y_test")
    return (x_train, y_train), (x_test, y_test)
