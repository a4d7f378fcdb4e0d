"""The conformance kit's own parts: limitations, the table, comparisons, golden data."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.plugins import Limitation
from keras_core.testing.comparison import assert_all_near, assert_near
from keras_core.testing.golden import golden_cases
from keras_core.testing.limitation import limitation_of, unused
from keras_core.testing.report import counted, table

LIMITATIONS = (Limitation("conv_2d*/gradient", "the engine cannot"), Limitation("dot*", "nor this"))
FAMILIES = ("functions", "layers", "losses", "optimizers", "training")


def test_the_first_pattern_that_fits_counts():
    assert limitation_of("conv_2d_same/gradient", LIMITATIONS).reason == "the engine cannot"
    assert limitation_of("dot_batch/forward", LIMITATIONS).reason == "nor this"
    assert limitation_of("conv_2d_same/forward", LIMITATIONS) is None


def test_patterns_that_cover_nothing_are_told():
    assert unused(LIMITATIONS, ["dot/forward", "conv_1d/gradient"]) == ["conv_2d*/gradient"]


def test_table_counts_families():
    results = [("shape", "passed"), ("shape", "passed"), ("linalg", "failed")]
    lines = table(counted([*results, ("shape", "not supported"), ("shape", "not offered")]))
    assert [line.split() for line in lines] == [
        ["passed", "failed", "not", "supported", "not", "offered"],
        ["linalg", "0", "1", "0", "0"],
        ["shape", "2", "0", "1", "1"],
        ["total", "2", "1", "1", "1"],
    ]


def test_errors_count_beside_the_largest_value():
    assert_near([1000.0, 0.01], [1000.0, 0.0], 2e-5)
    with pytest.raises(AssertionError):
        assert_near([1000.0, 0.05], [1000.0, 0.0], 2e-5)


def test_shapes_and_integers_are_compared_exactly():
    with pytest.raises(AssertionError, match=r"shape \(1,\), not \(\)"):
        assert_near([1.0], 1.0, 1.0)
    with pytest.raises(AssertionError):
        assert_near([1], [2], 10.0)
    with pytest.raises(AssertionError, match="expected 1"):
        assert_all_near([1, 1], [1], 1.0)


def test_infinite_and_undefined_values_must_be_met():
    assert_near([np.inf, np.nan, 1.0], [np.inf, np.nan, 1.0], 1e-6)
    with pytest.raises(AssertionError):
        assert_near([np.inf, 0.0], [np.inf, np.nan], 1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_golden_cases_have_their_arrays(family):
    cases = golden_cases(family)
    assert len({case.name for case in cases}) == len(cases) > 9
    for case in cases:
        for value in case.record.values():
            named = [name for name in _strings(value) if name.startswith(f"{case.record['id']}.")]
            assert all(isinstance(case.arrays(name), np.ndarray) for name in named)


def _strings(value):
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    return [s for one in value for s in _strings(one)] if hasattr(value, "__iter__") else []
