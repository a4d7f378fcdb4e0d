"""How close what several ranks come to is to what one process does."""

from __future__ import annotations

import numpy as np


def assert_near(found, expected, name):
    """Equal up to 1e-5 of the largest number, in nested lists too."""
    if isinstance(expected, (list, tuple)) and not np.isscalar(expected[0] if expected else 0):
        assert len(found) == len(expected), name
        for one, other in zip(found, expected):
            assert_near(one, other, name)
        return
    found, expected = np.asarray(found, "float64"), np.asarray(expected, "float64")
    assert found.shape == expected.shape, name
    off = np.abs(found - expected).max(initial=0)
    assert off <= 1e-5 * np.abs(expected).max(initial=0), f"{name}: {off}"
