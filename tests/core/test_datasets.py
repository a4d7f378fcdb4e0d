"""The digits that ship in the package."""

from __future__ import annotations

import numpy as np

from keras_core.datasets import digits


def test_digits_have_the_published_number_of_images_and_range():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert (x_train.shape, y_train.shape) == ((1433, 8, 8), (1433,))
    assert (x_test.shape, y_test.shape) == ((364, 8, 8), (364,))
    assert {a.dtype.name for a in (x_train, y_train, x_test, y_test)} == {"uint8"}
    images = np.concatenate([x_train, x_test])
    assert (images.min(), images.max()) == (0, 16)


def test_digits_have_the_published_number_of_images_a_class():
    (_, y_train), (_, y_test) = digits.load_data()
    counts = np.bincount(np.concatenate([y_train, y_test]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert set(np.bincount(y_test)) <= {35, 36, 37}


def test_parts_share_no_image():
    (x_train, _), (x_test, _) = digits.load_data()
    assert not {x.tobytes() for x in x_train} & {x.tobytes() for x in x_test}
