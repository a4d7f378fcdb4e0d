"""Optimizers against their formulas in NumPy, and what surrounds a step: clipping, decay, state."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import constraints, optimizers
from keras_core.optimizers.torch_optimizer import TorchOptimizer

START = np.array([[1.0, -2.0], [0.5, 3.0]])
CURVATURE = np.array([[1.0, 0.3], [2.0, 0.1]])
STEPS = 6
CLASSES = ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam")
EPSILON = 1e-7


def trajectory(optimizer, start=START, constraint=None, steps=STEPS):
    """The parameters after each step down the bowl sum(CURVATURE / 2 * p**2)."""
    p = K.variable(start, constraint=constraint)
    loss = K.sum(K.constant(CURVATURE / 2) * K.square(p))
    step = K.function([], [], updates=optimizer.get_updates(loss, [p]))
    points = []
    for _ in range(steps):
        step([])
        points.append(K.get_value(p))
    return np.array(points)


def by_hand(rule, start=START, steps=STEPS):
    """The same with a rule(p, g, t, state) -> p; `state` begins as a dict of zeros."""
    p, state, points = start, {}, []
    for t in range(1, steps + 1):
        p = rule(p, CURVATURE * p, t, state)
        points.append(p)
    return np.array(points)


def slot(state, name, value):
    state[name] = value
    return value


def sgd(p, g, t, s, lr=0.1, momentum=0.9, nesterov=False):
    v = slot(s, "v", momentum * s.get("v", 0) - lr * g)
    return p + (momentum * v - lr * g if nesterov else v)


def rmsprop(p, g, t, s, lr=0.1, rho=0.8):
    a = slot(s, "a", rho * s.get("a", 0) + (1 - rho) * g**2)
    return p - lr * g / (np.sqrt(a) + EPSILON)


def adagrad(p, g, t, s, lr=0.1):
    a = slot(s, "a", s.get("a", 0) + g**2)
    return p - lr * g / (np.sqrt(a) + EPSILON)


def adadelta(p, g, t, s, lr=0.5, rho=0.9):
    a = slot(s, "a", rho * s.get("a", 0) + (1 - rho) * g**2)
    u = g * np.sqrt(s.get("d", 0) + EPSILON) / np.sqrt(a + EPSILON)
    slot(s, "d", rho * s.get("d", 0) + (1 - rho) * u**2)
    return p - lr * u


def adam(p, g, t, s, lr=0.1, b1=0.8, b2=0.95, amsgrad=False):
    m = slot(s, "m", b1 * s.get("m", 0) + (1 - b1) * g)
    v = slot(s, "v", b2 * s.get("v", 0) + (1 - b2) * g**2)
    if amsgrad:
        v = slot(s, "vhat", np.maximum(s.get("vhat", 0), v))
    return p - lr * np.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + EPSILON)


def adamax(p, g, t, s, lr=0.1, b1=0.8, b2=0.95):
    m = slot(s, "m", b1 * s.get("m", 0) + (1 - b1) * g)
    u = slot(s, "u", np.maximum(b2 * s.get("u", 0), np.abs(g)))
    return p - lr / (1 - b1**t) * m / (u + EPSILON)


def nadam(p, g, t, s, lr=0.1, b1=0.8, b2=0.95, decay=0.02):
    mu, ahead = (b1 * (1 - 0.5 * 0.96 ** (k * decay)) for k in (t, t + 1))
    schedule = slot(s, "schedule", s.get("schedule", 1) * mu)
    m = slot(s, "m", b1 * s.get("m", 0) + (1 - b1) * g)
    v = slot(s, "v", b2 * s.get("v", 0) + (1 - b2) * g**2)
    mean = (1 - mu) * g / (1 - schedule) + ahead * m / (1 - schedule * ahead)
    return p - lr * mean / (np.sqrt(v / (1 - b2**t)) + EPSILON)


def decayed(p, g, t, s):
    return p - 0.1 / (1 + 0.5 * (t - 1)) * g


RULES = {
    "SGD": (optimizers.SGD(0.1, momentum=0.9), sgd),
    "SGD, Nesterov": (
        optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        lambda *a: sgd(*a, nesterov=True),
    ),
    "SGD, decay": (optimizers.SGD(lr=0.1, decay=0.5), decayed),
    "RMSprop": (optimizers.RMSprop(0.1, rho=0.8), rmsprop),
    "Adagrad": (optimizers.Adagrad(0.1), adagrad),
    "Adadelta": (optimizers.Adadelta(0.5, rho=0.9), adadelta),
    "Adam": (optimizers.Adam(0.1, 0.8, 0.95), adam),
    "AMSGrad": (optimizers.Adam(0.1, 0.8, 0.95, amsgrad=True), lambda *a: adam(*a, amsgrad=True)),
    "Adamax": (optimizers.Adamax(0.1, 0.8, 0.95), adamax),
    "Nadam": (optimizers.Nadam(0.1, 0.8, 0.95, schedule_decay=0.02), nadam),
}


@pytest.mark.parametrize("name", RULES)
def test_rule(name):
    optimizer, rule = RULES[name]
    again = type(optimizer).from_config(optimizer.get_config())
    np.testing.assert_allclose(trajectory(again), by_hand(rule), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    "name", ["SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam"]
)
def test_the_default_goes_downhill(name):
    def height(p):
        return (CURVATURE * p**2).sum()

    points = trajectory(optimizers.get(name))
    assert height(points[-1]) < height(points[0]) < height(START)


# Clipping, constraints, gradients


def test_clipping():
    g = CURVATURE * START
    norm = np.sqrt((g**2).sum())
    for arguments, clipped in (
        ({"clipnorm": norm / 2}, g / 2),
        ({"clipnorm": 2 * norm}, g),
        ({"clipvalue": 0.4}, np.clip(g, -0.4, 0.4)),
        ({"clipnorm": norm / 2, "clipvalue": 0.4}, np.clip(g / 2, -0.4, 0.4)),
    ):
        point = trajectory(optimizers.SGD(1.0, **arguments), steps=1)[0]
        np.testing.assert_allclose(point, START - clipped, rtol=1e-5, atol=1e-6)


def test_the_norm_is_that_of_all_gradients_together():
    p, q = K.variable([3.0]), K.variable([4.0])
    optimizer = optimizers.SGD(1.0, clipnorm=1.0)
    grads = optimizer.get_gradients(K.sum(p * p + q * q) / 2, [p, q])
    np.testing.assert_allclose([K.eval(g)[0] for g in grads], [0.6, 0.8], rtol=1e-6)


def test_the_constraint_comes_after_the_step():
    points = trajectory(optimizers.SGD(0.1), constraint=constraints.NonNeg())
    assert points.min() == 0
    np.testing.assert_allclose(points[0], np.maximum(START - 0.1 * CURVATURE * START, 0), rtol=1e-5)


def test_a_parameter_without_gradient():
    p, lonely = K.variable(1.0, name="p"), K.variable(1.0, name="lonely")
    with pytest.raises(ValueError, match="lonely"):
        optimizers.SGD().get_updates(K.square(p), [p, lonely])


# State


@pytest.mark.parametrize("name", RULES)
def test_resuming_from_saved_weights(name):
    config = optimizers.serialize(RULES[name][0])
    whole = trajectory(optimizers.deserialize(config))
    first, second = optimizers.deserialize(config), optimizers.deserialize(config)
    middle = trajectory(first, steps=3)[-1]
    p = K.variable(middle)
    loss = K.sum(K.constant(CURVATURE / 2) * K.square(p))
    step = K.function([], [], updates=second.get_updates(loss, [p]))
    second.set_weights(first.get_weights())
    for _ in range(STEPS - 3):
        step([])
    np.testing.assert_allclose(K.get_value(p), whole[-1], rtol=1e-5)


def test_state_before_the_first_step_and_the_names_of_its_variables():
    optimizer = optimizers.Adam()
    assert optimizer.get_weights() == []
    p = K.variable(START)
    with K.name_scope("training"), K.name_scope("Adam"):
        optimizer.get_updates(K.sum(p), [p])
    assert [w.name for w in optimizer.weights] == [
        "Adam/iterations:0",
        "training/Adam/m_0:0",
        "training/Adam/v_0:0",
        "training/Adam/vhat_0:0",
    ]
    assert [w.shape for w in optimizer.weights] == [(), (2, 2), (2, 2), (1,)]


def test_weights_of_another_shape_change_nothing():
    optimizer = optimizers.SGD(momentum=0.9)
    trajectory(optimizer, steps=2)
    before = optimizer.get_weights()
    for wrong in ([np.array(7)], [np.array(7), np.ones((3, 3))]):
        with pytest.raises(ValueError, match=r"\(2, 2\)"):
            optimizer.set_weights(wrong)
    np.testing.assert_array_equal(optimizer.get_weights()[1], before[1])
    assert optimizer.get_weights()[0] == 2


@pytest.mark.parametrize("make", [optimizers.RMSprop, optimizers.Adagrad, optimizers.Adadelta])
def test_old_weights_without_a_count(make):
    optimizer = make()
    trajectory(optimizer, steps=1)
    slots = optimizer.get_weights()[1:]
    optimizer.set_weights([2 * a for a in slots])
    assert optimizer.get_weights()[0] == 0
    np.testing.assert_array_equal(optimizer.get_weights()[1], 2 * slots[0])


def test_old_weights_of_adam_and_nadam():
    adam, nadam = optimizers.Adam(), optimizers.Nadam()
    for optimizer in (adam, nadam):
        trajectory(optimizer, steps=1)
    adam.set_weights(adam.get_weights()[:3])
    assert adam.get_weights()[3].tolist() == [0]
    weights = nadam.get_weights()
    nadam.set_weights(weights[:1] + weights[2:])
    assert nadam.get_weights()[1] == 1


# Configuration


def test_configuration_is_read_back_from_the_variables():
    optimizer = optimizers.Adam(lr=0.25, clipnorm=2.0)
    K.set_value(optimizer.lr, 0.5)
    config = optimizer.get_config()
    assert config["learning_rate"] == 0.5 and config["clipnorm"] == 2.0
    assert config["epsilon"] == pytest.approx(EPSILON) and "clipvalue" not in config
    assert optimizer.lr is optimizer.learning_rate


def test_a_new_learning_rate_counts_at_the_next_step():
    optimizer = optimizers.SGD(0.1)
    p = K.variable([1.0])
    step = K.function([], [], updates=optimizer.get_updates(K.sum(p), [p]))
    step([])
    K.set_value(optimizer.lr, 0.5)
    step([])
    np.testing.assert_allclose(K.get_value(p), [0.4], rtol=1e-6)


def test_names():
    for identifier in ("adam", "Adam", {"class_name": "ADAM", "config": {}}):
        assert type(optimizers.get(identifier)) is optimizers.Adam
    mine = optimizers.SGD()
    assert optimizers.get(mine) is mine
    own = type("Own", (optimizers.SGD,), {})
    config = {"class_name": "Own", "config": {"learning_rate": 0.5}}
    assert type(optimizers.deserialize(config, custom_objects={"Own": own})) is own


@pytest.mark.parametrize("identifier", ["nosuch", None, 3, optimizers.Adam])
def test_what_is_no_optimizer(identifier):
    with pytest.raises(ValueError, match="optimizer"):
        optimizers.get(identifier)


@pytest.mark.parametrize("value", [float("nan"), -0.1, float("inf"), "fast"])
@pytest.mark.parametrize(
    "name", ["sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamax", "nadam"]
)
def test_a_learning_rate_that_cannot_be(name, value):
    make = getattr(optimizers, name)
    for argument in ("lr", "learning_rate"):
        with pytest.raises(ValueError, match="learning_rate"):
            make(**{argument: value})


def test_what_a_constructor_refuses():
    with pytest.raises(TypeError, match="foo"):
        optimizers.SGD(foo=1)
    with pytest.raises(TypeError, match="epsilon"):
        optimizers.SGD(epsilon=1)
    with pytest.raises(ValueError, match="clipnorm"):
        optimizers.SGD(clipnorm=-1)
    with pytest.raises(ValueError, match="momentum"):
        optimizers.SGD(momentum=-1)
    with pytest.raises(NotImplementedError, match="get_updates"):
        optimizers.Optimizer().get_updates(None, [])


@pytest.mark.parametrize(
    ("wrapper", "engine"), [(optimizers.TFOptimizer, "TensorFlow"), (TorchOptimizer, "PyTorch")]
)
def test_an_optimizer_that_the_backend_cannot_run_is_refused(wrapper, engine):
    """Optimizers of an engine are run by its backend alone; its own tests train with them."""
    weight = K.variable(np.ones(2))
    wrapped = wrapper(object())
    with pytest.raises(NotImplementedError, match=rf"backend '\w+' cannot run .*{engine}.*Adam"):
        wrapped.get_updates(K.sum(K.square(weight)), [weight])
