"""BatchNormalization against its formula, and its moving averages."""

from __future__ import annotations

import numpy as np
import pytest
from layer_check import check_layer, near, run

from keras_core import backend as K
from keras_core import layers
from keras_core.models import Sequential

RNG = np.random.RandomState(0)
EPSILON = 1e-3


def draw(*shape):
    return RNG.uniform(-1, 1, shape).astype("float32")


def along(vector, axis, rank):
    return np.reshape(vector, [-1 if i == axis % rank else 1 for i in range(rank)])


def formula(x, mean, variance, beta, gamma, axis=-1):
    mean, variance, beta, gamma = (along(v, axis, x.ndim) for v in (mean, variance, beta, gamma))
    return gamma * (x - mean) / np.sqrt(variance + EPSILON) + beta


def other_axes(x, axis):
    return tuple(i for i in range(x.ndim) if i != axis % x.ndim)


CASES = [((6, 4), -1), ((6, 3, 4), -1), ((6, 3, 4), 1), ((2, 3, 4, 5), -1), ((2, 3, 4, 5), 1)]


@pytest.mark.parametrize("shape, axis", CASES)
def test_by_moving_averages(shape, axis):
    x, channels = draw(*shape), shape[axis]
    gamma, beta, mean = draw(channels), draw(channels), draw(channels)
    variance = 0.5 + np.abs(draw(channels))
    check_layer(
        layers.BatchNormalization(axis=axis),
        x,
        weights=[gamma, beta, mean, variance],
        expected=formula(x, mean, variance, beta, gamma, axis),
    )


@pytest.mark.parametrize("shape, axis", CASES)
def test_by_the_batch(shape, axis):
    x, channels = draw(*shape), shape[axis]
    layer = layers.BatchNormalization(axis=axis)
    layer.build((None, *shape[1:]))
    gamma, beta = draw(channels), draw(channels)
    layer.set_weights([gamma, beta, np.zeros(channels), np.ones(channels)])
    mean, variance = x.mean(other_axes(x, axis)), x.var(other_axes(x, axis))
    near(run(layer, x, phase=1), formula(x, mean, variance, beta, gamma, axis))


@pytest.mark.parametrize("center, scale", [(False, True), (True, False), (False, False)])
def test_without_parameters(center, scale):
    layer = layers.BatchNormalization(center=center, scale=scale)
    x = draw(6, 4)
    near(run(layer, x, phase=1), formula(x, x.mean(0), x.var(0), np.zeros(4), np.ones(4)))
    names = [w.name.rpartition("/")[2] for w in layer.trainable_weights]
    assert names == ["gamma:0"] * scale + ["beta:0"] * center


def test_averages_move_in_training_only():
    layer = layers.BatchNormalization(momentum=0.9, input_shape=(2,))
    model = Sequential([layer])
    model.compile("sgd", "mse")
    x = np.array([[1, 2], [3, 6]], "float32")
    model.test_on_batch(x, x)
    near(layer.get_weights()[2], [0, 0])
    model.train_on_batch(x, x)
    near(layer.get_weights()[2], 0.1 * x.mean(0))
    # Keras 2 divides by n - 1 - epsilon; two samples make that two over 0.999.
    near(layer.get_weights()[3], 0.9 + 0.1 * x.var(0) * 2 / 0.999)


def test_frozen_averages_stay():
    layer = layers.BatchNormalization(trainable=False, input_shape=(2,))
    model = Sequential([layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    before = layer.get_weights()
    model.train_on_batch(draw(8, 2), draw(8, 1))
    for old, new in zip(before, layer.get_weights()):
        near(new, old)
    assert len(layer.non_trainable_weights) == 4 and layer.updates == []


def test_training_argument():
    x = draw(6, 4)
    layer = layers.BatchNormalization()
    near(run(layer, x, phase=1, training=False), x / np.sqrt(1 + EPSILON))
    assert layer.updates == []
    near(run(layer, x, training=True), formula(x, x.mean(0), x.var(0), np.zeros(4), np.ones(4)))


def test_updates_belong_to_their_inputs():
    layer = layers.BatchNormalization()
    x, y = layers.Input((4,)), layers.Input((4,))
    layer(x)
    layer(y)
    assert len(layer.updates) == 4
    assert len(layer.get_updates_for(x)) == len(layer.get_updates_for(y)) == 2
    assert layer.get_updates_for(None) == []


def test_regularizers_and_constraints():
    layer = layers.BatchNormalization(
        gamma_regularizer="l2", beta_regularizer="l1", gamma_constraint="non_neg"
    )
    layer(layers.Input((3,)))
    layer.set_weights([np.ones(3), np.full(3, -2.0), np.zeros(3), np.ones(3)])
    values = K.function([], layer.losses)([])
    assert sorted(float(np.sum(v)) for v in values) == pytest.approx([0.03, 0.06])
    assert layer.gamma.constraint is layer.gamma_constraint


def test_unknown_sizes_elsewhere():
    x = layers.Input((None, None, 2))
    y = layers.BatchNormalization()(x)
    value = draw(3, 4, 5, 2)
    got = K.function([x, K.learning_phase()], [y])([value, 1])[0]
    axes = (0, 1, 2)
    near(got, formula(value, value.mean(axes), value.var(axes), np.zeros(2), np.ones(2)))


@pytest.mark.parametrize("axis", [-1, 3])
def test_refuses_an_unknown_axis(axis):
    with pytest.raises(ValueError, match=rf"axis {axis}.*\(None, None\)"):
        layers.BatchNormalization(axis=axis)(layers.Input((None,)))


def test_masks_pass():
    x = layers.Masking()(layers.Input((3, 5)))
    assert layers.BatchNormalization()(x)._keras_mask is x._keras_mask
