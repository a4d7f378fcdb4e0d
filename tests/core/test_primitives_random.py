"""Random draws of the references."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Placeholder, evaluate
from keras_core.graph import primitives as p
from keras_core.graph.tensor import Constant

NAMES = ("random_uniform", "random_normal", "random_truncated_normal")


def draw(name, rng=(7, 0), stream=3, dtype="float32", shape=(4000,)):
    return evaluate([getattr(p, name)(shape=shape, dtype=dtype, stream=stream)], rng=rng)[0]


@pytest.mark.parametrize("name", NAMES)
def test_seed_step_and_stream_decide_alone(name):
    first = draw(name)
    np.testing.assert_array_equal(draw(name), first)
    for other in (draw(name, rng=(8, 0)), draw(name, rng=(7, 1)), draw(name, stream=4)):
        assert not np.array_equal(other, first)


@pytest.mark.parametrize(
    ("name", "mean", "deviation"),
    [
        ("random_uniform", 0.5, 12**-0.5),
        ("random_normal", 0.0, 1.0),
        # The normal density at 2 is 0.053991, its integral from -2 to 2 is 0.954500.
        ("random_truncated_normal", 0.0, (1 - 4 * 0.053991 / 0.954500) ** 0.5),
    ],
)
def test_mean_and_deviation(name, mean, deviation):
    values = draw(name)
    assert abs(values.mean() - mean) < 5 * deviation / 4000**0.5
    assert abs(values.std() - deviation) < 0.05


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_uniform_stays_below_one_in_all_dtypes(dtype):
    values = draw("random_uniform", dtype=dtype)
    assert values.dtype == dtype and values.min() >= 0 and values.max() < 1


def test_truncated_normal_stays_within_two():
    assert np.abs(draw("random_truncated_normal")).max() <= 2


def test_sizes_may_be_given_at_run_time():
    rows = Placeholder((), "int32")
    values = p.random_normal(rows, shape=(None, 2), dtype="float32", stream=0)
    assert values.shape == (None, 2)
    assert evaluate([values], {rows: 3})[0].shape == (3, 2)


def test_sizes_given_as_constants_are_known():
    rows = Constant(3, "int32")
    values = p.random_normal(rows, shape=(None, 2), dtype="float32", stream=0)
    assert values.shape == evaluate([values])[0].shape == (3, 2)


def test_integers_are_refused():
    with pytest.raises(TypeError, match="random_uniform: draws floats, not int32"):
        p.random_uniform(shape=(2,), dtype="int32", stream=0)
