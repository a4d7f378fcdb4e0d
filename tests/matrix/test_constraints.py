"""Constraints: what holds of weights after them."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import constraints

W = np.random.RandomState(1).normal(size=(3, 4, 5)).astype("float32")


def norms(w, axis):
    return np.sqrt(np.sum(np.square(w), axis=axis))


def apply(constraint, w=W):
    return K.eval(constraint(K.constant(w)))


@pytest.mark.parametrize("axis", [0, 1, [0, 1], [0, 1, 2]])
def test_max_norm(axis):
    limit = 0.8 * float(np.median(norms(W, tuple(np.atleast_1d(axis)))))
    before = norms(W, tuple(np.atleast_1d(axis)))
    after = norms(apply(constraints.MaxNorm(limit, axis)), tuple(np.atleast_1d(axis)))
    np.testing.assert_allclose(after, np.minimum(before, limit), rtol=1e-5)


def test_non_neg():
    np.testing.assert_array_equal(apply(constraints.NonNeg()), np.where(W < 0, 0, W))


def test_unit_norm_and_a_vector_of_zeros():
    w = W.copy()
    w[:, 0, 0] = 0
    after = norms(apply(constraints.UnitNorm(axis=0), w), 0)
    assert after[0, 0] == 0
    np.testing.assert_allclose(after.ravel()[1:], 1, rtol=1e-5)


@pytest.mark.parametrize("rate", [1.0, 0.25])
def test_min_max_norm(rate):
    before = norms(W, 1)
    after = norms(apply(constraints.MinMaxNorm(1.5, 2.0, rate=rate, axis=1)), 1)
    expected = rate * np.clip(before, 1.5, 2.0) + (1 - rate) * before
    np.testing.assert_allclose(after, expected, rtol=1e-5)


@pytest.mark.parametrize(
    "constraint",
    [
        constraints.MaxNorm(3, axis=[0, 1]),
        constraints.NonNeg(),
        constraints.UnitNorm(axis=1),
        constraints.MinMaxNorm(0.1, 0.2, 0.5, 1),
    ],
)
def test_configuration_round_trip(constraint):
    config = constraints.serialize(constraint)
    again = constraints.deserialize(config)
    assert type(again) is type(constraint)
    assert constraints.serialize(again) == config


def test_names():
    assert constraints.get(None) is None
    assert constraints.get("max_norm").max_value == 2
    assert constraints.maxnorm is constraints.max_norm is constraints.MaxNorm
    assert isinstance(constraints.get("nonneg"), constraints.NonNeg)
    with pytest.raises(ValueError, match="constraint"):
        constraints.get("nosuch")
    with pytest.raises(ValueError, match="constraint"):
        constraints.get(3)
