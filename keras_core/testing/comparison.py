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
    got: Sequence[Any],
    expected: Sequence[Any],
    tolerance: float,
    what: str | Sequence[str] = "result",
) -> None:
    """The same for each of several, which are named one by one or counted.

    Raises:
        AssertionError: their numbers or two of them differ.
    """
    assert len(got) == len(expected), f"{what}: {len(got)}, expected {len(expected)}"
    for a, b, name in zip(got, expected, named(what, len(got))):
        assert_near(a, b, tolerance, name)


def named(what: str | Sequence[str], count: int) -> Sequence[str]:
    """A name for each of several: what they are, with a number, unless each has its own."""
    return [f"{what} {number}" for number in range(count)] if isinstance(what, str) else what


def assert_declared(got: Sequence[Any], tensors: Sequence[Any], what: str | Sequence[str]) -> None:
    """Refuses arrays that are not of the dtype and of a shape that the graph says.

    Raises:
        AssertionError: one is not.
    """
    assert len(got) == len(tensors), f"{what}: {len(got)}, expected {len(tensors)}"
    for value, tensor, name in zip(got, tensors, named(what, len(got))):
        dtype = value.dtype.name
        assert dtype == tensor.dtype, f"{name}: dtype {dtype}, declared {tensor.dtype}"
        fits = len(tensor.shape) == value.ndim and all(
            a in (None, b) for a, b in zip(tensor.shape, value.shape)
        )
        assert fits, f"{name}: shape {value.shape}, declared {tensor.shape}"
