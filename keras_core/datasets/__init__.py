"""Data sets to learn and to test with; `digits` ships in the package, the others are downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_core import namespaces
from keras_core.datasets import boston_housing as boston_housing
from keras_core.datasets import cifar10 as cifar10
from keras_core.datasets import cifar100 as cifar100
from keras_core.datasets import digits as digits
from keras_core.datasets import fashion_mnist as fashion_mnist
from keras_core.datasets import imdb as imdb
from keras_core.datasets import mnist as mnist
from keras_core.datasets import reuters as reuters

if TYPE_CHECKING:
    import numpy as np

    Data = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

__all__ = [
    "boston_housing",
    "cifar10",
    "cifar100",
    "digits",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]

__dir__ = namespaces.listing(__all__)
