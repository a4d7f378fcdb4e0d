"""Articles of clothing, pictures of 28 x 28 pixels.

Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking
Machine Learning Algorithms", 2017.
"""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING

from keras_core.datasets._files import numbers_of_idx
from keras_core.utils.data_utils import get_file

if TYPE_CHECKING:
    import numpy as np

    from keras_core.datasets import Data

ORIGIN = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
FOLDER = os.path.join("datasets", "fashion-mnist")

# The hashes are those that the authors publish.
HASHES = {
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
}


def load_data() -> Data:
    """Loads the images and their classes; downloads them at first.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images `(samples, 28, 28)` of uint8, 60,000 and
        10,000 of them, and classes `(samples,)` of uint8 between 0 and 9.

    Raises:
        OSError: a file is not there and cannot be downloaded.
    """
    y_train, x_train, y_test, x_test = (_numbers(name) for name in HASHES)
    return (x_train, y_train), (x_test, y_test)


def _numbers(name: str) -> np.ndarray:
    path = get_file(name, origin=ORIGIN + name, file_hash=HASHES[name], cache_subdir=FOLDER)
    with gzip.open(path, "rb") as file:
        return numbers_of_idx(file)
