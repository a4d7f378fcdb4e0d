"""Comparisons and logic."""

from __future__ import annotations

from keras_core.testing.case import Case, bools, case, fixed, integers, uniform

_COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
_NAN = fixed([1.0, float("nan"), 3.0])

CASES: tuple[Case, ...] = (
    *(
        case(name, integers(8, high=0), integers(8, high=0), gradient=False)
        for name in _COMPARISONS
    ),
    *(
        case(name, uniform(3, 4), uniform(4, batch=None), label="row", gradient=False)
        for name in _COMPARISONS
    ),
    *(case(name, _NAN, _NAN, label="nan", gradient=False) for name in _COMPARISONS),
    case("equal", bools(6), bools(6), label="bools", gradient=False),
    case("logical_and", bools(3, 4), bools(4, batch=None), gradient=False),
    case("logical_or", bools(3, 4), bools(3, 1), gradient=False),
    case("logical_not", bools(3, 4), gradient=False),
)
