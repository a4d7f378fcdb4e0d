"""Products."""

from __future__ import annotations

from keras_core.testing.case import Case, case, integers, uniform

_NONE = ((), ())

CASES: tuple[Case, ...] = (
    case("dot", uniform(3, 4), uniform(4, 2, batch=None), contract=((1,), (0,)), batch=_NONE),
    case(
        "dot",
        uniform(4, 3),
        uniform(2, 4),
        label="transposed",
        contract=((0,), (1,)),
        batch=_NONE,
        empty=False,
    ),
    case(
        "dot",
        uniform(2, 3, 4),
        uniform(4, 2, batch=None),
        label="dense",
        contract=((2,), (0,)),
        batch=_NONE,
    ),
    case("dot", uniform(5), uniform(5), label="vectors", contract=((0,), (0,)), batch=_NONE),
    case("dot", uniform(3), uniform(2, batch=None), label="outer", contract=((), ()), batch=_NONE),
    case(
        "dot",
        uniform(2, 3, 4),
        uniform(2, 4, 3),
        label="batch",
        contract=((2,), (1,)),
        batch=((0,), (0,)),
    ),
    case(
        "dot",
        uniform(3, 2, 4),
        uniform(2, 5, 3, batch=2),
        label="batch_inside",
        contract=((1,), (0,)),
        batch=((0,), (2,)),
    ),
    case(
        "dot",
        uniform(2, 3, 4),
        uniform(4, 5, 3, batch=None),
        label="two_axes",
        contract=((1, 2), (2, 0)),
        batch=_NONE,
    ),
    case(
        "dot", uniform(2, 3), uniform(2, 3), label="rows", contract=((1,), (1,)), batch=((0,), (0,))
    ),
    case(
        "dot",
        integers(2, 3),
        integers(3, 2, batch=None),
        label="integers",
        gradient=False,
        contract=((1,), (0,)),
        batch=_NONE,
    ),
)
