"""Losses against closed forms in NumPy, their gradients against finite differences, reductions."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import losses
from keras_core.utils import losses_utils

EPSILON = 1e-7
RANDOM = np.random.RandomState(3)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


REAL = RANDOM.normal(size=(4, 3)), RANDOM.normal(size=(4, 3))
SIGNS = np.sign(RANDOM.normal(size=(4, 3))), RANDOM.normal(size=(4, 3))
BITS = (SIGNS[0] + 1) / 2, SIGNS[1]
POSITIVE = tuple(RANDOM.uniform(0.2, 3, size=(4, 3)) for _ in range(2))
ONE_HOT = np.eye(3)[[0, 2, 1, 2]]
PROBABILITIES = softmax(REAL[0]), softmax(REAL[1])
BINARY = BITS[0], sigmoid(REAL[1])


def cosine(t, p):
    return -(t * p).sum(-1) / np.linalg.norm(t, axis=-1) / np.linalg.norm(p, axis=-1)


def binary(t, p):
    return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(-1)


def hinge(t, p):
    return np.maximum(1 - t * p, 0)


CASES = {
    "mean_squared_error": (REAL, {}, lambda t, p: ((t - p) ** 2).mean(-1)),
    "mean_absolute_error": (REAL, {}, lambda t, p: np.abs(t - p).mean(-1)),
    "mean_absolute_percentage_error": (
        REAL,
        {},
        lambda t, p: 100 * np.abs((t - p) / t).mean(-1),
    ),
    "mean_squared_logarithmic_error": (
        POSITIVE,
        {},
        lambda t, p: ((np.log1p(t) - np.log1p(p)) ** 2).mean(-1),
    ),
    "hinge": (SIGNS, {}, lambda t, p: hinge(t, p).mean(-1)),
    "squared_hinge": (SIGNS, {}, lambda t, p: (hinge(t, p) ** 2).mean(-1)),
    "categorical_hinge": (
        (ONE_HOT, REAL[1]),
        {},
        lambda t, p: np.maximum(0, 1 + ((1 - t) * p).max(-1) - (t * p).sum(-1)),
    ),
    "logcosh": (REAL, {}, lambda t, p: np.log(np.cosh(p - t)).mean(-1)),
    "huber_loss": (
        REAL,
        {"delta": 0.7},
        lambda t, p: np.where(
            np.abs(p - t) <= 0.7, (p - t) ** 2 / 2, 0.7 * np.abs(p - t) - 0.7**2 / 2
        ),
    ),
    "categorical_crossentropy": (
        (ONE_HOT, PROBABILITIES[1]),
        {},
        lambda t, p: -(t * np.log(p)).sum(-1),
    ),
    "categorical_crossentropy of logits": (
        (ONE_HOT, REAL[1]),
        {"from_logits": True},
        lambda t, p: -(t * np.log(softmax(p))).sum(-1),
    ),
    "categorical_crossentropy smoothed": (
        (ONE_HOT, PROBABILITIES[1]),
        {"label_smoothing": 0.3},
        lambda t, p: -((0.7 * t + 0.1) * np.log(p)).sum(-1),
    ),
    "binary_crossentropy": (BINARY, {}, binary),
    "binary_crossentropy of logits": (
        (BITS[0], REAL[1]),
        {"from_logits": True},
        lambda t, p: binary(t, sigmoid(p)),
    ),
    "binary_crossentropy smoothed": (
        BINARY,
        {"label_smoothing": 0.2},
        lambda t, p: binary(0.8 * t + 0.1, p),
    ),
    "kullback_leibler_divergence": (
        PROBABILITIES,
        {},
        lambda t, p: (t * np.log(t / p)).sum(-1),
    ),
    "poisson": (POSITIVE, {}, lambda t, p: (p - t * np.log(p)).mean(-1)),
    "cosine_proximity": (REAL, {}, cosine),
}


def symbolic(name, arguments, y_true, y_pred):
    t, p = (K.placeholder(shape=(None, *x.shape[1:]), dtype="float64") for x in (y_true, y_pred))
    loss = getattr(losses, name.split()[0])(t, p, **arguments)
    f = K.function([t, p], [loss, K.gradients(K.sum(loss), [p])[0]])
    return f([y_true, y_pred])


def differences(f, x, step=1e-5):
    gradient = np.empty_like(x)
    for i in np.ndindex(*x.shape):
        ends = [x.copy(), x.copy()]
        ends[0][i] += step
        ends[1][i] -= step
        gradient[i] = (f(ends[0]).sum() - f(ends[1]).sum()) / (2 * step)
    return gradient


@pytest.mark.parametrize("name", sorted(CASES))
def test_values_and_gradients(name):
    (y_true, y_pred), arguments, expected = CASES[name]
    value, gradient = symbolic(name, arguments, y_true, y_pred)
    np.testing.assert_allclose(value, expected(y_true, y_pred), rtol=1e-5, atol=1e-6)
    by_hand = differences(lambda p: expected(y_true, p), y_pred)
    if "entropy" in name and not arguments.get("from_logits") and "categorical" in name:
        # The predictions are scaled to sum to 1 first, which takes the mean out of the gradient.
        scale = -(by_hand * y_pred).sum(-1, keepdims=True)
        by_hand = by_hand + scale
    np.testing.assert_allclose(gradient, by_hand, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("column", [False, True])
def test_sparse_is_categorical_by_index(from_logits, column):
    y_pred = REAL[1] if from_logits else PROBABILITIES[1]
    classes = ONE_HOT.argmax(-1)
    loss = losses.sparse_categorical_crossentropy(
        K.constant(classes[:, None] if column else classes),
        K.constant(y_pred, dtype="float64"),
        from_logits=from_logits,
    )
    expected = -np.log(softmax(REAL[1])[np.arange(4), classes])
    np.testing.assert_allclose(K.eval(loss), expected, rtol=1e-5)


def test_hinges_take_bits_for_signs():
    for loss in (losses.hinge, losses.squared_hinge):
        of_bits, of_signs = (K.eval(loss(K.constant(t), K.constant(p))) for t, p in (BITS, SIGNS))
        np.testing.assert_allclose(of_bits, of_signs, rtol=1e-6)


def test_logcosh_of_large_errors_is_finite():
    value = K.eval(losses.logcosh(K.constant([[0.0]]), K.constant([[-1000.0]])))
    np.testing.assert_allclose(value, [1000 - np.log(2)], rtol=1e-6)


def test_crossentropies_stay_finite_at_0_and_1():
    t, p = K.constant([[1.0, 0.0]]), K.constant([[0.0, 1.0]])
    for loss in (losses.binary_crossentropy, losses.categorical_crossentropy):
        assert np.isfinite(K.eval(loss(t, p))).all()


def test_arrays_are_taken_for_tensors():
    value = K.eval(losses.mean_squared_error(np.array([[1, 2]]), np.array([[1.0, 4.0]])))
    assert value.tolist() == [2.0]


def test_unequal_shapes_are_refused():
    t, p = K.placeholder(shape=(None, 3)), K.placeholder(shape=(None, 4))
    with pytest.raises(ValueError, match=r"3.*4|4.*3"):
        losses.mean_squared_error(t, p)


# Reductions and weights

WEIGHTS = np.array([1.0, 0.0, 2.0, 0.5])
ERRORS = ((REAL[0] - REAL[1]) ** 2).mean(-1)


@pytest.mark.parametrize(
    ("weights", "factors"),
    [(None, 1), (WEIGHTS, WEIGHTS), (WEIGHTS[:, None], WEIGHTS), (3.0, 3)],
)
def test_reductions(weights, factors):
    t, p = K.constant(REAL[0]), K.constant(REAL[1])
    weighed = ERRORS * factors
    for reduction, expected in (("none", weighed), ("sum", weighed.sum())):
        value = K.eval(losses.MeanSquaredError(reduction=reduction)(t, p, weights))
        np.testing.assert_allclose(value, expected, rtol=1e-5)
    mean = K.eval(losses.MeanSquaredError()(t, p, sample_weight=weights))
    np.testing.assert_allclose(mean, weighed.mean(), rtol=1e-5)


def test_a_weight_a_sample_counts_for_all_its_steps():
    t, p = RANDOM.normal(size=(2, 4, 5, 3))
    steps = ((t - p) ** 2).mean(-1)
    value = K.eval(losses.MeanSquaredError()(K.constant(t), K.constant(p), WEIGHTS))
    np.testing.assert_allclose(value, (steps * WEIGHTS[:, None]).mean(), rtol=1e-5)


def test_weights_that_do_not_fit():
    with pytest.raises(ValueError):
        losses.MeanSquaredError()(K.constant(REAL[0]), K.constant(REAL[1]), np.ones(3))


def test_broadcast_weights():
    values = K.placeholder(shape=(None, 2))
    weights = losses_utils.broadcast_weights(values, K.constant([[1.0], [2.0]]))
    assert K.function([values], [weights])([np.zeros((2, 2))])[0].tolist() == [[1, 1], [2, 2]]
    with pytest.raises(ValueError, match=r"\(3,\).*\(2, 2\)"):
        losses_utils.broadcast_weights(K.placeholder(shape=(2, 2)), K.placeholder(shape=(3,)))


def test_squeeze_and_expand():
    def shapes(*arguments):
        tensors = [None if s is None else K.placeholder(shape=s) for s in arguments]
        result = losses_utils.squeeze_or_expand_dimensions(*tensors)
        return [None if x is None else x.shape for x in result]

    assert shapes((5, 1), (5,)) == [(5,), (5,)]
    assert shapes((5,), (5, 1)) == [(5,), (5,)]
    assert shapes((5, 3), (5,)) == [(5, 3), (5,)]
    assert shapes((5,), None, (5, 1)) == [(5,), None, (5,)]
    assert shapes((5, 3), None, (5,)) == [(5, 3), None, (5, 1)]


# Names and configurations

CLASSES = [
    losses.BinaryCrossentropy(label_smoothing=0.1),
    losses.CategoricalCrossentropy(from_logits=True),
    losses.CategoricalHinge(),
    losses.Hinge(),
    losses.Huber(delta=0.5),
    losses.KLDivergence(),
    losses.LogCosh(),
    losses.MeanAbsoluteError(),
    losses.MeanAbsolutePercentageError(),
    losses.MeanSquaredError(reduction="sum", name="mine"),
    losses.MeanSquaredLogarithmicError(),
    losses.Poisson(),
    losses.SparseCategoricalCrossentropy(from_logits=True),
    losses.SquaredHinge(),
]


@pytest.mark.parametrize("loss", CLASSES, ids=lambda loss: type(loss).__name__)
def test_configuration_round_trip(loss):
    config = losses.serialize(loss)
    again = losses.deserialize(config)
    assert type(again) is type(loss) and losses.serialize(again) == config


def test_names():
    assert losses.get(None) is None
    assert losses.get("mse") is losses.get("MSE") is losses.mean_squared_error
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert losses.get(losses.hinge) is losses.hinge
    assert losses.serialize(losses.hinge) == "hinge"
    assert losses.deserialize("own", custom_objects={"own": abs}) is abs


@pytest.mark.parametrize("identifier", ["nosuch", 3, []])
def test_what_is_no_loss(identifier):
    with pytest.raises(ValueError, match="loss function"):
        losses.get(identifier)


def test_unknown_reduction():
    with pytest.raises(ValueError, match="average"):
        losses.MeanSquaredError(reduction="average")


def test_a_loss_of_ones_own():
    class Difference(losses.Loss):
        def call(self, y_true, y_pred):
            return y_pred - y_true

    loss = Difference(reduction="sum", name="<lambda>")
    assert K.eval(loss(K.constant([1.0, 1.0]), K.constant([2.0, 4.0]))) == 4
    assert Difference.from_config(loss.get_config()).name == "<lambda>"
    with pytest.raises(NotImplementedError, match="call"):
        losses.Loss()(K.constant([1.0]), K.constant([1.0]))


def test_is_categorical_crossentropy():
    yes = losses.CategoricalCrossentropy(), losses.categorical_crossentropy
    no = losses.BinaryCrossentropy(), losses.mse, "mse", None
    assert all(map(losses.is_categorical_crossentropy, (*yes, "categorical_crossentropy")))
    assert not any(map(losses.is_categorical_crossentropy, no))
