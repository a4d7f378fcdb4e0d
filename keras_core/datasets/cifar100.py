"""Photographs of 32 x 32 pixels in 100 classes, which belong to 20 coarser ones.

Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_core.datasets.cifar import batches_in, load_batch, parts

if TYPE_CHECKING:
    from keras_core.datasets import Data

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
HASH = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode: str = "fine") -> Data:
    """Loads the images and their classes; downloads them at first.

    Args:
        label_mode: 'fine' gives the 100 classes, 'coarse' the 20.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images `(samples, 32, 32, 3)` of uint8, or
        `(samples, 3, 32, 32)` where the setting `image_data_format` is 'channels_first', 50,000
        and 10,000 of them, and classes `(samples, 1)` of uint8.

    Raises:
        OSError: the files are not there and cannot be downloaded.
        ValueError: another `label_mode`.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"cifar100: label_mode must be 'fine' or 'coarse', not {label_mode!r}.")
    paths = batches_in("cifar-100-python", ("train", "test"), ORIGIN, HASH)
    train, test = (load_batch(path, label_key=f"{label_mode}_labels") for path in paths)
    return parts([train], test)
