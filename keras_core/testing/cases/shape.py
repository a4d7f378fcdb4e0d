"""Sizes and rearrangements."""

from __future__ import annotations

from keras_core.testing.case import Case, bools, case, fixed, integers, uniform

_DIM = fixed(3, "int32")

CASES: tuple[Case, ...] = (
    case("dim", uniform(3, 4), gradient=False, axis=1),
    case("shape_of", uniform(3, 4), gradient=False),
    case("reshape", uniform(3, 4), empty=False, shape=(2, 6)),
    case("reshape", uniform(3, 4), label="inferred", shape=(-1, 2, 2)),
    case("reshape", uniform(3, 4), _DIM, label="sized", empty=False, shape=(2, None, 2)),
    case("reshape", uniform(1, 1), label="scalar", empty=False, shape=()),
    case("broadcast_to", uniform(4), empty=False, shape=(3, 4)),
    case("broadcast_to", uniform(2, 1), label="inner", empty=False, shape=(2, 3)),
    case("broadcast_to", uniform(), label="scalar", shape=(2, 3)),
    case("broadcast_to", uniform(1, 4), _DIM, label="sized", empty=False, shape=(None, 4)),
    case("ensure_shape", uniform(3, 4), shape=(None, 4)),
    case("ensure_shape", uniform(3, 2, 4), label="all", empty=False, shape=(3, 2, 4)),
    case("transpose", uniform(2, 3, 4), perm=(2, 0, 1)),
    case("transpose", uniform(2, 3), label="matrix", perm=(1, 0)),
    case("reverse", uniform(2, 3, 4), axes=(0, 2)),
    case("pad", uniform(2, 3), widths=((1, 0), (0, 2)), value=0.0),
    case("pad", uniform(2, 3), label="value", widths=((0, 0), (1, 1)), value=7.0),
    case("concat", uniform(2, 3), uniform(2, 1), uniform(2, 2), axis=1),
    case("concat", uniform(2, 3), uniform(1, 3), label="first", axis=0),
    case("concat", uniform(2, 3), uniform(2, 1, known=(0, 1)), label="half_known", axis=1),
    case("concat", integers(2, 3), integers(2, 3), label="integers", gradient=False, axis=1),
    case("concat", bools(2, 3), bools(2, 1), label="bools", gradient=False, axis=1),
    case("stack", uniform(2, 3), uniform(2, 3), axis=0),
    case("stack", uniform(2, 3), uniform(2, 3), uniform(2, 3), label="last", axis=2),
    case("tile", uniform(2, 3), reps=(2, 3)),
    case("tile", uniform(2, 3), label="once", reps=(1, 2)),
    case("repeat", uniform(2, 3), repeats=3, axis=1),
    case("repeat", uniform(2, 3), label="first", repeats=2, axis=0),
)
