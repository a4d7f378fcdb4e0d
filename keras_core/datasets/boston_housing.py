"""Prices of houses in the suburbs of Boston in the 1970s, with 13 measures of each place.

Source: D. Harrison, D. L. Rubinfeld, "Hedonic prices and the demand for clean air", Journal of
Environmental Economics and Management 5, 1978.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_core.datasets._files import arrays_of
from keras_core.utils.data_utils import get_file

if TYPE_CHECKING:
    from keras_core.datasets import Data

ORIGIN = "https://s3.amazonaws.com/keras-datasets/boston_housing.npz"
HASH = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Data:
    """Loads the measures and prices; downloads them at first.

    Args:
        path: name of the file in the cache's folder `datasets`.
        test_split: fraction of the samples in the test part, in [0, 1).
        seed: seed of the order in which the samples are divided.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: measures `(samples, 13)` and prices in thousands of
        dollars `(samples,)`, of float64; 506 samples in all.

    Raises:
        OSError: the file is not there and cannot be downloaded.
        ValueError: `test_split` is not in [0, 1).
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"boston_housing: test_split must be in [0, 1), not {test_split}.")
    path = get_file(path, origin=ORIGIN, file_hash=HASH)
    x, y = arrays_of(path, "x", "y")
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    train, test = np.split(order, [int(len(x) * (1 - test_split))])
    return (x[train], y[train]), (x[test], y[test])
