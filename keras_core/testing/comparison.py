"""How results are compared with what is expected of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def assert_near(got: Any, expected: Any, tolerance: float, what: str = "result") -> None:
    """Refuses another shape, and errors beyond `tolerance` beside max(1, largest expected value).

    Raises:
        AssertionError: they differ.
    """
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape, f"{what}: shape {got.shape}, not {expected.shape}"
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(got, expected, err_msg=what)
        return
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(1.0, float(finite.max(initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * scale, err_msg=what)


def assert_all_near(
    got: Sequence[Any], expected: Sequence[Any], tolerance: float, what: str = "result"
) -> None:
    """The same for each of several.

    Raises:
        AssertionError: their numbers or two of them differ.
    """
    assert len(got) == len(expected), f"{what}: {len(got)}, expected {len(expected)}"
    for number, (a, b) in enumerate(zip(got, expected)):
        assert_near(a, b, tolerance, f"{what} {number}")
