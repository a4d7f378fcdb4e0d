"""Photographs of 32 x 32 pixels in 10 classes.

Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_core.datasets.cifar import batches_in, load_batch, parts

if TYPE_CHECKING:
    from keras_core.datasets import Data

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
HASH = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data() -> Data:
    """Loads the images and their classes; downloads them at first.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images `(samples, 32, 32, 3)` of uint8, or
        `(samples, 3, 32, 32)` where the setting `image_data_format` is 'channels_first', 50,000
        and 10,000 of them, and classes `(samples, 1)` of uint8 between 0 and 9.

    Raises:
        OSError: the files are not there and cannot be downloaded.
    """
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    *train, test = map(load_batch, batches_in("cifar-10-batches-py", names, ORIGIN, HASH))
    return parts(train, test)
