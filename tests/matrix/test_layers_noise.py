"""Noise layers: their statistics, and that they are quiet outside training."""

from __future__ import annotations

import numpy as np
import pytest
from layer_check import check_layer, near, run

from keras_core import backend as K
from keras_core import layers

X = np.random.RandomState(0).uniform(-1, 1, (4, 5)).astype("float32")
FLAT = np.full((400, 100), 2.0, "float32")  # 40,000 draws: a mean's deviation is 1/200 of one's
LAYERS = [
    lambda: layers.GaussianNoise(0.5),
    lambda: layers.GaussianDropout(0.2),
    lambda: layers.AlphaDropout(0.2),
]


@pytest.mark.parametrize("layer", LAYERS)
def test_quiet_in_the_test_phase(layer):
    check_layer(layer(), X, expected=X)
    near(run(layer(), X, phase=1, training=False), X)


@pytest.mark.parametrize("layer", LAYERS)
def test_draws_anew_each_time(layer):
    x = layers.Input(FLAT.shape[1:])
    f = K.function([x], [layer()(x, training=True)])
    assert np.any(f([FLAT])[0] != f([FLAT])[0])


def test_gaussian_noise():
    noise = run(layers.GaussianNoise(0.5), FLAT, phase=1) - FLAT
    assert noise.mean() == pytest.approx(0, abs=4 * 0.5 / 200)
    assert noise.std() == pytest.approx(0.5, abs=0.01)


def test_gaussian_dropout():
    factor = run(layers.GaussianDropout(0.2), FLAT, phase=1) / FLAT
    assert factor.mean() == pytest.approx(1, abs=4 * 0.5 / 200)
    assert factor.std() == pytest.approx(np.sqrt(0.2 / 0.8), abs=0.01)


def test_alpha_dropout_keeps_mean_and_deviation():
    x = np.random.RandomState(1).normal(size=(400, 100)).astype("float32")
    value = run(layers.AlphaDropout(0.3), x, phase=1)
    assert value.mean() == pytest.approx(0, abs=0.03)
    assert value.std() == pytest.approx(1, abs=0.03)


def test_alpha_dropout_has_two_values_on_a_constant():
    value = run(layers.AlphaDropout(0.3), np.full((400, 100), 0.7, "float32"), phase=1)
    saturation = -1.7580993408473766
    a = (0.7 * (1 + 0.3 * saturation**2)) ** -0.5
    b = -a * saturation * 0.3
    low, high = np.unique(value)
    assert (low, high) == pytest.approx((a * saturation + b, a * 0.7 + b), abs=1e-5)
    assert np.mean(value == low) == pytest.approx(0.3, abs=0.01)


def test_alpha_dropout_noise_shape_survives_the_config():
    layer = layers.AlphaDropout(0.5, noise_shape=(None, 1, None), seed=3)
    twin = layers.AlphaDropout.from_config(layer.get_config())
    value = run(twin, np.ones((50, 4, 10), "float32"), phase=1)
    assert np.all(value == value[:, :1]) and len(np.unique(value)) == 2
    assert set(layers.AlphaDropout(0.5).get_config()) == {"name", "trainable", "dtype", "rate"}


@pytest.mark.parametrize("layer", [layers.GaussianDropout, layers.AlphaDropout])
@pytest.mark.parametrize("rate", [0, 1])
def test_ends_of_the_range_do_nothing(layer, rate):
    near(run(layer(rate), X, phase=1), X)


@pytest.mark.parametrize("layer", LAYERS)
def test_masks_pass(layer):
    x = layers.Masking()(layers.Input((3, 5)))
    assert layer()(x)._keras_mask is x._keras_mask
