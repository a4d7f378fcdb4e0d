"""Choices and barriers."""

from __future__ import annotations

from keras_core.testing.case import Case, bools, case, fixed, integers, uniform

_YES, _NO = fixed(True, "bool"), fixed(False, "bool")

CASES: tuple[Case, ...] = (
    case("identity", uniform(2, 3)),
    case("stop_gradient", uniform(2, 3), gradient=False),
    case("where", bools(3, 4), uniform(3, 4), uniform(3, 4)),
    case("where", bools(3, 1), uniform(3, 4), uniform(4, batch=None), label="broadcast"),
    case("where", bools(3, 4), uniform(), uniform(3, 1), label="scalar"),
    case("where", bools(4), integers(4), integers(4), label="integers", gradient=False),
    case("select", _YES, uniform(2, 3), uniform(2, 3), label="first"),
    case("select", _NO, uniform(2, 3), uniform(2, 3), label="second"),
    case("select", _NO, uniform(2, 3), uniform(4, 3), label="other_size"),
    case("print", uniform(2, 2), message="printed: "),
)
