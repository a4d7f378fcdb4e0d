"""Elementwise K functions, comparisons and reductions against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from backend_check import compute, differences, near, slopes, uniform

from keras_core import backend as K

X = uniform(2, 3, 4)
Y = uniform(3, 1, low=0.5)

UNARY = {
    "abs": np.abs,
    "square": np.square,
    "exp": np.exp,
    "round": np.round,
    "sign": np.sign,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "sqrt": lambda x: np.sqrt(np.maximum(x, 0)),
}
BINARY = {
    "maximum": np.maximum,
    "minimum": np.minimum,
    "equal": np.equal,
    "not_equal": np.not_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "less": np.less,
    "less_equal": np.less_equal,
}
REDUCTIONS = {
    "sum": np.sum,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "prod": np.prod,
    "var": np.var,
    "std": np.std,
    "any": lambda x, **how: np.any(x != 0, **how),
    "all": lambda x, **how: np.all(x != 0, **how),
    "logsumexp": lambda x, **how: np.log(np.sum(np.exp(x), **how)),
}


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    near(compute(getattr(K, name), X), UNARY[name](X))


@pytest.mark.parametrize("name", sorted(set(UNARY) - {"abs", "sign", "round", "sqrt"}))
def test_unary_gradient(name):
    x = X + 0.013  # away from the corners of hard_sigmoid
    near(slopes(getattr(K, name), x)[0], differences(getattr(K, name), x)[0], 1e-4)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("known", [True, False])
def test_binary_broadcasts(name, known):
    near(compute(getattr(K, name), X, Y, known=known), BINARY[name](X, Y))


@pytest.mark.parametrize("name", BINARY)
def test_binary_takes_numbers(name):
    near(compute(lambda x: getattr(K, name)(x, 1), X), BINARY[name](X, 1))


def test_log_inverts_exp():
    near(compute(lambda x: K.log(K.exp(x)), X), X)


@pytest.mark.parametrize("power", [2, 3, -1.5])
def test_pow(power):
    x = np.abs(X) + 0.5
    near(compute(lambda x: K.pow(x, power), x), x**power)
    near(slopes(lambda x: K.pow(x, power), x)[0], power * x ** (power - 1))


def test_pow_by_a_tensor():
    x, a = np.abs(X) + 0.5, uniform(4)
    near(compute(K.pow, x, a), x**a)


def test_sqrt_of_negative_numbers_is_zero():
    near(compute(K.sqrt, np.array([-4.0, 4.0], "float32")), [0.0, 2.0])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-1, 1, [-1, 0, 1]),
        (None, 1, [-3, 0, 1]),
        (-1, None, [-1, 0, 3]),
        (1, -1, [1, 1, 1]),
    ],
)
def test_clip(low, high, expected):
    x = np.array([-3.0, 0.0, 3.0], "float32")
    near(compute(lambda x: K.clip(x, low, high), x), np.array(expected, "float32"))


def test_clip_of_integers_and_by_tensors():
    assert compute(lambda x: K.clip(x, 0, 2), np.array([-1, 5], "int32")).tolist() == [0, 2]
    x, low = np.array([-1.0, 5.0], "float32"), np.array([0.0, 6.0], "float32")
    near(compute(lambda x, low: K.clip(x, low, None), x, low), [0.0, 6.0])


@pytest.mark.parametrize("dtype", ["int32", "float64", "bool"])
def test_cast(dtype):
    got = compute(lambda x: K.cast(x, dtype), X)
    assert got.dtype == dtype
    assert np.array_equal(got, X.astype(dtype))


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axis", [None, 1, -1, (0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("known", [True, False])
def test_reductions(name, axis, keepdims, known):
    got = compute(lambda x: getattr(K, name)(x, axis, keepdims), X, known=known)
    near(got, REDUCTIONS[name](X, axis=axis, keepdims=keepdims))


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "var", "std", "logsumexp"])
def test_reduction_gradient(name):
    def build(x):
        return getattr(K, name)(x, axis=1)

    near(slopes(build, X)[0], differences(build, X)[0], 1e-4)


def test_the_maximum_shares_its_gradient_among_ties():
    x = np.array([[3.0, 3.0, 1.0]], "float32")
    near(slopes(lambda x: K.max(x, axis=1), x)[0], [[0.5, 0.5, 0.0]])


def test_means_of_bools_and_integers():
    assert compute(K.mean, np.array([True, False])) == np.float32(0.5)
    got = compute(lambda x: K.mean(x, axis=1), np.array([[1, 2, 4], [-1, -2, -4]], "int32"))
    assert got.tolist() == [2, -2]


@pytest.mark.parametrize("name", ["argmax", "argmin", "cumsum", "cumprod"])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_along_an_axis(name, axis):
    near(compute(lambda x: getattr(K, name)(x, axis), X), getattr(np, name)(X, axis=axis))


def test_mixed_dtypes_become_the_wider_float():
    got = compute(K.maximum, np.array([1, 5], "int32"), np.array([2.5, 2.5], "float32"))
    assert got.dtype == "float32"
    assert got.tolist() == [2.5, 5.0]


def test_an_axis_that_is_not_there():
    with pytest.raises(ValueError, match=r"K\.sum: axis 3 is outside of a tensor of rank 2"):
        K.sum(K.placeholder((2, 3)), axis=3)
