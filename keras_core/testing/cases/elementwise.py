"""Elementwise arithmetic and functions."""

from __future__ import annotations

from keras_core.testing.case import (
    Case,
    apart,
    away_from_zero,
    bools,
    case,
    fixed,
    integers,
    positive,
    uniform,
)

_PAIRS = ("add", "subtract", "multiply")
_SMOOTH = ("negative", "square", "exp", "expm1", "sin", "cos", "tanh", "sigmoid", "softplus")
_OF_POSITIVES = ("log", "log1p", "sqrt", "rsqrt", "reciprocal")
_KINKED = ("abs", "relu")
_STEPS = ("sign", "floor", "ceil", "round")
_EXTREMES = fixed([-1e4, -100.0, -20.0, 0.0, 20.0, 100.0, 1e4])

_BROADCAST: tuple[Case, ...] = tuple(
    case(name, *inputs, label=label)
    for name in _PAIRS
    for label, inputs in {
        "": (uniform(3, 4), uniform(3, 4)),
        "row": (uniform(3, 4), uniform(4, batch=None)),
        "column": (uniform(3, 4), uniform(3, 1)),
        "scalar": (uniform(), uniform(2, 3)),
        "both_ways": (uniform(2, 1, 3), uniform(1, 4, 1, batch=None)),
    }.items()
)

_OF_TWO: tuple[Case, ...] = (
    case("divide", uniform(3, 4), away_from_zero(3, 4)),
    case("divide", uniform(3, 4), away_from_zero(1, 4, batch=None), label="row"),
    case("power", positive(3, 4), uniform(3, 4)),
    case("power", positive(3, 4), uniform(), label="scalar"),
    case("power", away_from_zero(3, 4), fixed(3.0), label="cube", gradient=False),
    case("maximum", apart(3, 4), fixed([[0.5], [-0.3], [0.1]])),
    case("minimum", apart(3, 4), fixed([[0.5], [-0.3], [0.1]])),
    case("modulo", uniform(3, 4), fixed(0.7), second=False),
    case("modulo", integers(9), integers(9, low=1), label="integers", gradient=False),
    case("floor_divide", integers(9), integers(9, low=1), label="integers", gradient=False),
    case("floor_divide", uniform(9, high=9), positive(9), gradient=False),
    case("add", integers(5), integers(5), label="integers", gradient=False),
    case("multiply", integers(5), integers(5), label="integers", gradient=False),
    case("subtract", integers(5), integers(5), label="integers", gradient=False),
)

_OF_ONE: tuple[Case, ...] = (
    *(case(name, uniform(3, 4)) for name in _SMOOTH),
    *(case(name, positive(3, 4)) for name in _OF_POSITIVES),
    *(case(name, away_from_zero(3, 4)) for name in _KINKED),
    *(case(name, uniform(3, 4, low=-5, high=5), gradient=False) for name in _STEPS),
    case("round", fixed([-1.5, -0.5, 0.5, 1.5, 2.5]), label="halves", gradient=False),
    *(case(name, _EXTREMES, label="extremes", gradient=False) for name in ("sigmoid", "softplus")),
    case("tanh", _EXTREMES, label="extremes", gradient=False),
    case("relu", fixed([-1.0, 0.0, 1.0]), label="zero", gradient=False),
    case("sign", fixed([-2.0, 0.0, 3.0]), label="zero", gradient=False),
    case("log", fixed([0.0, 1.0]), label="zero", gradient=False),
    case("negative", integers(4), label="integers", gradient=False),
    case("abs", integers(4), label="integers", gradient=False),
    case("is_nan", fixed([1.0, float("nan"), float("inf")]), gradient=False),
    case("is_finite", fixed([1.0, float("nan"), float("inf"), -float("inf")]), gradient=False),
)

_WITH_PARAMETERS: tuple[Case, ...] = (
    case("clip", apart(3, 4), low=-0.31, high=0.4),
    case("clip", apart(3, 4), label="below", low=-float("inf"), high=0.4),
    case("clip", integers(6), label="integers", gradient=False, low=-2.0, high=3.0),
    case("cast", uniform(3, 4), dtype="float64"),
    case("cast", uniform(3, 4, low=-9, high=9), label="to_int", gradient=False, dtype="int32"),
    case("cast", integers(5), label="from_int", gradient=False, dtype="float32"),
    case("cast", bools(5), label="from_bool", gradient=False, dtype="float32"),
    case("cast", integers(5, low=-1, high=2), label="to_bool", gradient=False, dtype="bool"),
)

_DERIVATIVES: tuple[Case, ...] = (
    case("tanh_grad", uniform(3, 4), uniform(3, 4)),
    case("sigmoid_grad", uniform(3, 4), uniform(3, 4)),
    case("relu_grad", away_from_zero(3, 4), uniform(3, 4)),
)

CASES = _BROADCAST + _OF_TWO + _OF_ONE + _WITH_PARAMETERS + _DERIVATIVES
