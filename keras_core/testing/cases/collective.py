"""Sums over all processes, in one that is alone; `test_collective` has two of them."""

from __future__ import annotations

from keras_core.testing.case import Case, case, integers, uniform

CASES: tuple[Case, ...] = (
    case("all_reduce", uniform(2, 3)),
    case("all_reduce", uniform(batch=None), label="scalar"),
    case("all_reduce", uniform(2, 3), uniform(), uniform(4, 1, 2), label="several"),
    case("all_reduce", uniform(2, 3), integers(3), label="mixed"),
    case("all_reduce", integers(2, 3, dtype="int64"), label="integers", gradient=False),
)
