"""Choices, phases, loops, randomness and functions."""

from __future__ import annotations

import numpy as np
import pytest
from backend_check import compute, differences, near, slopes, uniform

from keras_core import backend as K
from keras_core.utils import set_random_seed

X = uniform(4, 3)


# Choices


@pytest.mark.parametrize("dtype", ["bool", "int32"])
@pytest.mark.parametrize("chosen", [0, 1])
def test_switch_by_a_scalar(chosen, dtype):
    condition = np.array(chosen, dtype)
    near(compute(lambda c, x: K.switch(c, x, lambda: 2 * x), condition, X), X * (2 - chosen))


@pytest.mark.parametrize("shape", [(4,), (4, 3)])
def test_switch_by_elements(shape):
    condition = np.arange(np.prod(shape)).reshape(shape) % 2 == 0
    wide = condition.reshape(*shape, *[1] * (2 - len(shape)))
    near(compute(lambda c, x: K.switch(c, x, 0.0), condition, X), np.where(wide, X, 0))


def test_switch_with_too_many_conditions():
    with pytest.raises(ValueError, match="higher rank"):
        K.switch(K.placeholder((4, 3)), K.placeholder((4,)), K.placeholder((4,)))


@pytest.mark.parametrize("phase", [0, 1])
def test_phases(phase):
    x = K.placeholder((None, 3))
    train, test = K.in_train_phase(lambda: 2 * x, x), K.in_test_phase(2 * x, lambda: x)
    assert train._uses_learning_phase and test._uses_learning_phase
    run = K.function([x, K.learning_phase()], [train, test])
    near(run([X, phase])[0], X * (1 + phase))
    near(run([X, phase])[1], X * (2 - phase))


@pytest.mark.parametrize("training", [0, 1, True, False])
def test_a_given_phase_is_decided_at_once(training):
    assert K.in_train_phase("train", "test", training) == ("train" if training else "test")
    assert K.in_test_phase("test", "train", training) == ("train" if training else "test")


def test_a_fixed_phase():
    K.set_learning_phase(1)
    try:
        assert K.learning_phase() == 1
        assert K.in_train_phase(lambda: "train", "test") == "train"
    finally:
        K.clear_session()
    assert K.is_tensor(K.learning_phase())
    with pytest.raises(ValueError, match="0 .test. or 1 .train."):
        K.set_learning_phase(2)


# Loops


def test_map_fn():
    near(compute(lambda x: K.map_fn(lambda e: K.square(e) + 1, x), X), X**2 + 1)
    near(compute(lambda x: K.map_fn(K.sum, x), X), X.sum(1))
    pairs = compute(lambda x: K.map_fn(lambda e: e[0] * e[1][0], [x, x]), X)
    near(pairs, X * X[:, :1])
    assert compute(lambda x: K.map_fn(K.sum, x, dtype="int32"), X).dtype == "int32"


def test_folds():
    total = np.zeros(3)
    for row in X:
        total = 0.5 * total + row
    backwards = X[-1]
    for row in X[-2::-1]:
        backwards = backwards - row
    start = K.constant(np.zeros(3))
    near(compute(lambda x: K.foldl(lambda a, e: 0.5 * a + e, x, start), X), total)
    near(compute(lambda x: K.foldr(lambda a, e: a - e, x), X), backwards)
    near(compute(lambda x: K.foldl(lambda a, e: a + e, x), X[:, 0].copy()), X[:, 0].sum())


STEPS = uniform(3, 5, 2)
W, U = uniform(2, 4, low=-0.5), uniform(4, 4, low=-0.5)
START = uniform(3, 4, low=-1)
MASK = np.array([[0, 1, 1, 0, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]], "bool")


def simple_rnn(x, state, mask=None, backwards=False):
    if backwards:
        x, mask = x[:, ::-1], None if mask is None else mask[:, ::-1]
    output, outputs = np.zeros_like(state), []
    for t in range(x.shape[1]):
        after = np.tanh(x[:, t] @ W + state @ U)
        use = np.ones((len(x), 1), bool) if mask is None else mask[:, t, None]
        state = np.where(use, after, state)
        output = np.where(use, 2 * after, output)
        outputs.append(output)
    return output, np.stack(outputs, 1), state


def step(x, states):
    state = K.tanh(K.dot(x, K.constant(W)) + K.dot(states[0], K.constant(U)))
    return 2 * state, [state]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("unroll", [True, False])
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("backwards", [True, False])
def test_rnn(known, unroll, masked, backwards):
    steps = 5 if known or unroll else None
    x, s = K.placeholder((None, steps, 2)), K.placeholder((None, 4))
    m = K.placeholder((None, steps), dtype="bool")
    mask = m if masked else None
    last, outputs, (state,) = K.rnn(step, x, [s], backwards, mask, unroll=unroll)
    assert K.int_shape(outputs) == (None, steps, 4)
    got = K.function([x, s, m], [last, outputs, state])([STEPS, START, MASK])
    expected = simple_rnn(STEPS, START, MASK if masked else None, backwards)
    for value, wanted in zip(got, expected):
        near(value, wanted)


@pytest.mark.parametrize("unroll", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_rnn_gradient(unroll, masked):
    def build(x, s):
        states = [s]
        mask = K.constant(MASK, "bool") if masked else None

        def body(x, states):
            state = K.tanh(
                K.dot(x, K.cast(w, K.dtype(x))) + K.dot(states[0], K.cast(u, K.dtype(x)))
            )
            return 2 * state, [state]

        w, u = K.constant(W), K.constant(U)
        last, outputs, _ = K.rnn(body, x, states, mask=mask, unroll=unroll)
        return K.sum(K.square(outputs)) + K.sum(last)

    for got, wanted in zip(slopes(build, STEPS, START), differences(build, STEPS, START)):
        near(got, wanted, 1e-3)


def test_rnn_without_states_and_with_constants():
    x = K.constant(STEPS)
    _, outputs, states = K.rnn(lambda e, c: (e * c[0], []), x, [], constants=[K.constant(3.0)])
    near(K.eval(outputs), STEPS * 3)
    assert states == []


def test_rnn_where_the_output_is_a_state():
    x = K.constant(STEPS)
    last, outputs, (state,) = K.rnn(lambda e, s: (e + s[0], [e + s[0]]), x, [K.zeros((3, 2))])
    near(K.eval(outputs), np.cumsum(STEPS, 1))

    def body(e, states):
        total = e + states[0]
        return total, [total]

    last, _, (state,) = K.rnn(body, x, [K.zeros((3, 2))])
    near(K.eval(last), STEPS.sum(1))
    near(K.eval(state), STEPS.sum(1))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (((None,), None, False), "batch, steps"),
        (((None, None, 2), None, True), "known number of steps"),
        (((None, 3, 2), (None, 3), False), "initial_states"),
    ],
)
def test_rnn_refusals(arguments, match):
    shape, mask, unroll = arguments
    mask = None if mask is None else K.placeholder(mask)
    with pytest.raises(ValueError, match=match):
        K.rnn(lambda x, s: (x, []), K.placeholder(shape), [], mask=mask, unroll=unroll)


def test_rnn_with_a_state_that_goes_missing():
    with pytest.raises(ValueError, match="returned 0"):
        K.rnn(lambda x, s: (x, []), K.placeholder((2, 3, 4)), [K.zeros((2, 4))])


# Randomness


def draws(tensor, times=2):
    run = K.function([], [K.identity(tensor)])
    return [run([])[0] for _ in range(times)]


DISTRIBUTIONS = {
    "random_uniform": (lambda **how: K.random_uniform((200, 300), -2, 3, **how), 0.5, 5 / 12**0.5),
    "random_normal": (lambda **how: K.random_normal((200, 300), 1, 0.5, **how), 1, 0.5),
    "truncated_normal": (lambda **how: K.truncated_normal((200, 300), 1, 0.5, **how), 1, 0.43981),
    "random_binomial": (lambda **how: K.random_binomial((200, 300), 0.3, **how), 0.3, 0.21**0.5),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distributions(name):
    make, mean, deviation = DISTRIBUTIONS[name]
    a, b = draws(make())
    assert a.dtype == "float32" and not np.array_equal(a, b)
    assert abs(a.mean() - mean) < 0.02 and abs(a.std() - deviation) < 0.02


def test_bounds():
    (uniform_draw,) = draws(K.random_uniform((1000,), -2, 3), 1)
    assert uniform_draw.min() >= -2 and uniform_draw.max() < 3
    (truncated,) = draws(K.truncated_normal((1000,), 1, 0.5), 1)
    assert abs(truncated - 1).max() <= 1
    (integers,) = draws(K.random_uniform((1000,), 2, 5, dtype="int32"), 1)
    assert integers.dtype == "int32" and set(integers) == {2, 3, 4}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_seed_repeats_draws(name):
    make = DISTRIBUTIONS[name][0]
    for a, b in zip(draws(make(seed=3)), draws(make(seed=3))):
        assert np.array_equal(a, b)
    assert not np.array_equal(*(draws(make(seed=s), 1)[0] for s in (3, 4)))


def test_the_seed_of_a_run_repeats_it():
    runs = []
    for _ in range(2):
        set_random_seed(5)
        variable = K.random_normal_variable((3, 2), 0, 1)
        runs.append([K.get_value(variable), *draws(K.random_uniform((4,)))])
    for a, b in zip(*runs):
        assert np.array_equal(a, b)


def test_random_shapes_may_be_tensors():
    x = K.placeholder((None, 2))
    run = K.function([x], [K.random_uniform(K.shape(x)), K.random_normal((K.shape(x)[0], 7))])
    assert [a.shape for a in run([np.zeros((3, 2))])] == [(3, 2), (3, 7)]


def test_random_variables():
    low, high = K.random_uniform_variable((50, 50), -1, 2), K.random_normal_variable((9,), 5, 0.1)
    values = K.get_value(low)
    assert values.shape == (50, 50) and values.min() >= -1 and values.max() < 2
    assert np.array_equal(values, K.get_value(low))
    assert abs(K.get_value(high).mean() - 5) < 0.5


@pytest.mark.parametrize("noise_shape", [None, (100, 1), (None, 1)])
def test_dropout(noise_shape):
    x = K.constant(np.full((100, 60), 2.0))
    (got,) = draws(K.dropout(x, 0.4, noise_shape), 1)
    kept = got != 0
    near(got[kept], np.full(kept.sum(), 2 / 0.6))
    assert abs(kept.mean() - 0.6) < 0.2
    if noise_shape is not None:
        assert np.array_equal(kept.all(1), kept.any(1))


def test_dropout_of_nothing_and_of_everything():
    x = K.placeholder((2, 3))
    assert K.dropout(x, 0) is x
    with pytest.raises(ValueError, match="fraction in"):
        K.dropout(x, 1)


# Functions


def test_function_reads_before_it_updates():
    x, v = K.placeholder((None, 3)), K.variable(np.ones(3))
    run = K.function(
        [x], [K.sum(x * v, axis=-1)], updates=[(v, v * 2), K.update_add(K.zeros(()), 1)]
    )
    for power in (1, 2):
        near(run([X])[0], X.sum(1) * power)
    near(K.get_value(v), np.full(3, 4.0))


def test_function_refuses_unknown_arguments():
    with pytest.raises(ValueError, match="does not know"):
        K.function([], [K.constant(1.0)], options=None)
    x = K.placeholder((2,))
    with pytest.raises(ValueError):
        K.function([x], [x * 2])([])


def test_gradients_of_first_and_second_order():
    x = K.variable(X)
    first = K.gradients(K.sum(K.pow(x, 3)), [x])[0]
    second = K.gradients(K.sum(first), x)[0]
    near(K.eval(first), 3 * X**2)
    near(K.eval(second), 6 * X)


def test_gradients_that_do_not_exist():
    x, other = K.variable(X), K.variable(X)
    assert K.gradients(K.sum(x), [other]) == [None]
    product = K.sum(x * K.stop_gradient(K.exp(x)))
    near(K.eval(K.gradients(product, [x])[0]), np.exp(X))
    assert len(K.stop_gradient([x, other])) == 2


def test_print_tensor(capfd):
    near(K.eval(K.print_tensor(K.constant([1.5]) * 2, "value: ")), [3.0])
    printed = capfd.readouterr().out
    assert printed.startswith("value: ") and "3" in printed


def test_sessions_do_not_exist():
    with pytest.raises(RuntimeError, match="no sessions"):
        K.get_session()
    with pytest.raises(RuntimeError, match="no sessions"):
        K.set_session(None)
    with K.control_dependencies([]):
        pass
