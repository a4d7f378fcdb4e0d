"""Parts of tensors."""

from __future__ import annotations

from keras_core.testing.case import Case, case, fixed, integers, uniform

_WHOLE = (None, None, 1)
_PLACES = fixed([[0, 2], [2, 1]], "int32", batch=None)


def _scalar(value: int):
    return fixed(value, "int32")


CASES: tuple[Case, ...] = (
    case("slice", uniform(3, 5), index=(_WHOLE, (1, 4, 1))),
    case("slice", uniform(3, 5), label="steps", index=(_WHOLE, (None, None, 2))),
    case("slice", uniform(3, 5), label="backwards", index=((None, None, -1), (3, 0, -2))),
    case("slice", uniform(3, 5), label="from_end", index=(_WHOLE, (-3, -1, 1))),
    case("slice", uniform(3, 5), label="nothing", index=(_WHOLE, (4, 2, 1))),
    case("unslice", uniform(3, 3), shape=(3, 5), index=(_WHOLE, (1, 4, 1)), empty=False),
    case(
        "unslice",
        uniform(3, 3),
        fixed(3, "int32"),
        label="sized",
        shape=(None, 5),
        index=(_WHOLE, (None, None, 2)),
        empty=False,
    ),
    case("dynamic_slice", uniform(4, 5), _scalar(1), _scalar(2), sizes=(2, 3), empty=False),
    case(
        "dynamic_unslice",
        uniform(2, 3, known=(0, 1)),
        _scalar(1),
        _scalar(2),
        shape=(4, 5),
        empty=False,
    ),
    case(
        "dynamic_unslice",
        uniform(2, 3, known=(0, 1)),
        _scalar(1),
        _scalar(2),
        _scalar(4),
        label="sized",
        shape=(None, 5),
        empty=False,
    ),
    case("gather", uniform(3, 4, batch=None), _PLACES, axis=0),
    case("gather", uniform(3, 4), _PLACES, label="last", axis=1),
    case("gather", uniform(2, 3, 2), _scalar(2), label="scalar", axis=1),
    case("gather", uniform(3, 4, batch=None), integers(0, low=0), label="none", axis=0),
    case("gather_grad", uniform(2, 2, 4, batch=None), _PLACES, axis=0, shape=(3, 4), empty=False),
    case(
        "gather_grad",
        uniform(3, 2, 2),
        _PLACES,
        fixed(3, "int32"),
        label="sized",
        axis=1,
        shape=(None, 4),
        empty=False,
    ),
    case("one_hot", integers(2, 3, low=0, high=4), gradient=False, depth=4, dtype="float32"),
    case(
        "one_hot",
        fixed([-1, 0, 2, 3], "int32"),
        label="out_of_range",
        gradient=False,
        depth=3,
        dtype="float32",
    ),
    case("arange", _scalar(0), _scalar(5), _scalar(1), gradient=False, dtype="int32"),
    case(
        "arange", _scalar(9), _scalar(2), _scalar(-3), label="down", gradient=False, dtype="int32"
    ),
    case("arange", _scalar(3), _scalar(3), _scalar(1), label="none", gradient=False, dtype="int32"),
    case(
        "arange",
        fixed(0.0),
        fixed(1.0),
        fixed(0.25),
        label="floats",
        gradient=False,
        dtype="float32",
    ),
)
