"""Initializers: exact values, moments and bounds of draws, seeds, configurations."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import initializers

TRUNCATED_STDDEV = 0.87962566  # of a standard normal variable cut off at -2 and 2


def draw(initializer, shape):
    return K.eval(initializer(shape))


def test_constants():
    assert draw(initializers.Zeros(), (2, 3)).tolist() == [[0] * 3] * 2
    assert draw(initializers.Ones(), (2,)).tolist() == [1, 1]
    assert draw(initializers.Constant(0.5), (2,)).tolist() == [0.5, 0.5]
    assert draw(initializers.Constant([1, 2]), (2,)).tolist() == [1, 2]
    assert draw(initializers.Identity(gain=2), (2, 3)).tolist() == [[2, 0, 0], [0, 2, 0]]


def test_dtype():
    assert initializers.Ones()((2,), dtype="int32").dtype == "int32"
    assert initializers.RandomNormal()((2,), dtype="float64").dtype == "float64"
    assert initializers.Zeros()((2,)).dtype == K.floatx()


def test_random_normal():
    x = draw(initializers.RandomNormal(mean=1, stddev=2, seed=1), (200, 200))
    assert abs(x.mean() - 1) < 0.05 and abs(x.std() - 2) < 0.05


def test_random_uniform():
    x = draw(initializers.RandomUniform(-1, 3, seed=1), (200, 200))
    assert -1 <= x.min() < -0.99 and 2.99 < x.max() <= 3
    assert abs(x.mean() - 1) < 0.05


def test_truncated_normal():
    x = draw(initializers.TruncatedNormal(1, 0.5, seed=1), (200, 200))
    assert x.min() >= 0 and x.max() <= 2
    assert abs(x.std() - 0.5 * TRUNCATED_STDDEV) < 0.01


FANS = {(200, 100): (200, 100), (3, 3, 20, 40): (180, 360), (2500,): (50, 50)}


@pytest.mark.parametrize("shape", FANS)
@pytest.mark.parametrize(
    ("name", "scale", "mode"),
    [
        ("lecun_uniform", 1, "in"),
        ("lecun_normal", 1, "in"),
        ("he_uniform", 2, "in"),
        ("he_normal", 2, "in"),
        ("glorot_uniform", 1, "avg"),
        ("glorot_normal", 1, "avg"),
    ],
)
def test_variance_scaling(shape, name, scale, mode):
    fan_in, fan_out = FANS[shape]
    stddev = np.sqrt(scale / (fan_in if mode == "in" else (fan_in + fan_out) / 2))
    x = draw(getattr(initializers, name)(seed=3), shape)
    bound = np.sqrt(3) * stddev if name.endswith("uniform") else 2 * stddev / TRUNCATED_STDDEV
    assert np.abs(x).max() <= bound * (1 + 1e-5)
    assert x.std() == pytest.approx(stddev, rel=0.06)
    assert abs(x.mean()) < 5 * stddev / np.sqrt(x.size)


@pytest.mark.parametrize(
    "arguments",
    [{"scale": 0}, {"scale": float("nan")}, {"mode": "fan"}, {"distribution": "cauchy"}],
)
def test_variance_scaling_refuses(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        initializers.VarianceScaling(**arguments)


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 6), (2, 3, 4)])
def test_orthogonal(shape):
    x = draw(initializers.Orthogonal(gain=1.5, seed=5), shape).reshape(-1, shape[-1])
    gram = x @ x.T if x.shape[0] < x.shape[1] else x.T @ x
    np.testing.assert_allclose(gram, 2.25 * np.eye(len(gram)), atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 3), (3, 2)])
def test_orthogonal_does_not_depend_on_the_signs_that_lapack_chooses(shape, monkeypatch):
    expected = draw(initializers.Orthogonal(seed=5), shape)
    svd = np.linalg.svd

    def turned(matrix, full_matrices):
        u, s, v = svd(matrix, full_matrices=full_matrices)
        return -u, s, -v

    monkeypatch.setattr(np.linalg, "svd", turned)
    np.testing.assert_array_equal(draw(initializers.Orthogonal(seed=5), shape), expected)


@pytest.mark.parametrize(("initializer", "shape"), [("identity", (3,)), ("orthogonal", (3,))])
def test_matrices_only(initializer, shape):
    with pytest.raises(ValueError, match=r"\(3,\)"):
        initializers.get(initializer)(shape)


SEEDED = [
    initializers.RandomNormal,
    initializers.RandomUniform,
    initializers.TruncatedNormal,
    initializers.VarianceScaling,
    initializers.Orthogonal,
]


@pytest.mark.parametrize("make", SEEDED)
def test_a_seed_gives_the_same_values_again_and_others_at_the_next_call(make):
    first, second = make(seed=7), make(seed=7)
    a, b = draw(first, (3, 4)), draw(first, (3, 4))
    assert np.array_equal(a, draw(second, (3, 4)))
    assert not np.array_equal(a, b)
    assert first.get_config()["seed"] == 9
    assert not np.array_equal(a, draw(make(seed=8), (3, 4)))


@pytest.mark.parametrize("make", SEEDED)
def test_without_a_seed_each_variable_differs(make):
    initializer = make()
    a, b = (K.get_value(K.variable(initializer((3, 4)))) for _ in range(2))
    assert not np.array_equal(a, b)


def test_configuration_round_trip():
    for make in SEEDED:
        config = initializers.serialize(make(seed=2))
        assert initializers.serialize(initializers.deserialize(config)) == config
    old = {"class_name": "RandomUniform", "config": {"minval": 0, "maxval": 1, "dtype": "float32"}}
    assert initializers.deserialize(old).maxval == 1


def test_names():
    assert initializers.get("he_normal").scale == 2
    assert isinstance(initializers.get("zeros"), initializers.Zeros)
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)
    own = lambda shape, dtype=None: K.zeros(shape)  # noqa: E731
    assert initializers.get(own) is own
    assert initializers.deserialize("own", custom_objects={"own": own}) is own


@pytest.mark.parametrize("identifier", ["nosuch", None, 3])
def test_what_is_no_initializer(identifier):
    with pytest.raises(ValueError, match="initializer"):
        initializers.get(identifier)
