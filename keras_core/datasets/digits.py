"""Handwritten digits of 8 x 8 pixels, small enough to ship: no download.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
Repository, 1998; the copy in scikit-learn. CC BY 4.0; see `data/README.md` for the changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Part = tuple[np.ndarray, np.ndarray]

CLASSES = 10
BRIGHTEST = 16

_FILE = Path(__file__).parent / "data" / "digits.npz"


def load_data() -> tuple[Part, Part]:
    """Loads the images and their classes, divided into a training and a test part.

    The division is fixed: of each digit, every fifth image is in the test part.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images `(samples, 8, 8)` of uint8 between 0 and 16
        (1,433 and 364 of them), and classes `(samples,)` of uint8 between 0 and 9.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = datasets.digits.load_data()
        >>> x_train.shape, y_train.shape, x_test.shape
        ((1433, 8, 8), (1433,), (364, 8, 8))
    """
    import numpy as np

    with np.load(_FILE, allow_pickle=False) as arrays:
        return (
            (arrays["x_train"], arrays["y_train"]),
            (arrays["x_test"], arrays["y_test"]),
        )
