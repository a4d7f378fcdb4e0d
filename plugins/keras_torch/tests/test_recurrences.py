"""LSTMs as single calls, against the loops that they are elsewhere, which golden data judge."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import keras_core
from keras_core import backend as K
from keras_core import regularizers
from keras_core.layers import GRU, LSTM, Bidirectional, ConvLSTM2D, Dense, Embedding, Input, Masking
from keras_core.models import Model, Sequential
from keras_core.utils import set_random_seed
from keras_core.utils.generic_utils import to_list
from keras_torch import lstm
from keras_torch.compiler import compiled

X = np.random.RandomState(0).uniform(-1, 1, (4, 5, 3)).astype("float32")


@pytest.fixture(autouse=True)
def on_a_cpu(backend):
    with keras_core.device("cpu"):
        yield


@pytest.fixture
def sources(monkeypatch):
    """The code of the programs that are written in the test."""
    found, code = [], compiled.Template.code

    def noted(*arguments):
        found.append(code(*arguments))
        return found[-1]

    monkeypatch.setattr(compiled.Template, "code", noted)
    return found


@pytest.fixture
def without(monkeypatch):
    def switch(is_served):
        K.clear_session()
        monkeypatch.setattr(lstm, "is_served", lambda device: is_served)

    yield switch
    K.clear_session()


def several(*makers):
    return lambda: Sequential([make() for make in makers])


def stepped(**options):
    return lambda: LSTM(4, input_shape=(5, 3), bias_initializer="random_uniform", **options)


def with_states():
    x, h, c = Input((5, 3)), Input((4,)), Input((4,))
    ys, *states = LSTM(4, return_sequences=True, return_state=True)(x, initial_state=[h, c])
    return Model([x, h, c], [ys, *states])


def encoder_and_decoder():
    x, y = Input((5, 3)), Input((5, 3))
    _, *states = LSTM(4, return_state=True)(x)
    return Model([x, y], LSTM(4, return_sequences=True)(y, initial_state=states))


def shared():
    x, y, layer = Input((5, 3)), Input((5, 3)), LSTM(4)
    return Model([x, y], [layer(x), layer(y)])


def twice():
    x = Input((5, 3))
    y = LSTM(4, return_sequences=True)(x)
    return Model(x, [y, Dense(2)(LSTM(3)(y))])


SERVED = {
    "last": several(stepped()),
    "all": several(stepped(return_sequences=True)),
    "two": several(stepped(return_sequences=True), lambda: LSTM(2)),
    "both_ways": several(
        lambda: Bidirectional(LSTM(4), input_shape=(5, 3)),
    ),
    "backwards": several(stepped(go_backwards=True, return_sequences=True)),
    "no_bias": several(stepped(use_bias=False)),
    "in_four_products": several(stepped(implementation=1)),
    "dropout_of_inputs": several(stepped(dropout=0.5)),
    "penalties": several(
        stepped(
            kernel_regularizer="l2",
            recurrent_regularizer="l1",
            activity_regularizer=regularizers.l2(0.1),
        )
    ),
    "with_states": with_states,
    "encoder_and_decoder": encoder_and_decoder,
    "shared": shared,
    "twice": twice,
    "after_others": several(
        lambda: Dense(3, activation="tanh", input_shape=(5, 3)),
        lambda: LSTM(3, return_sequences=True),
        lambda: Dense(2, activation="relu"),
    ),
}
OTHERS = {
    "hard_gates": several(stepped(recurrent_activation="hard_sigmoid")),
    "linear": several(stepped(activation="linear")),
    "dropout_of_states": several(stepped(recurrent_dropout=0.5)),
    "of_images": several(lambda: ConvLSTM2D(2, 2, input_shape=(3, 4, 4, 1))),
    "gru": several(lambda: GRU(4, input_shape=(5, 3))),
    "masked": several(lambda: Masking(0.5, input_shape=(5, 3)), lambda: LSTM(4)),
}


def trained(build):
    """Predictions before, weights after some steps, predictions after."""
    set_random_seed(3)
    model = build()
    data = [np.resize(X, (4, *x.shape[1:])) / (i + 1) for i, x in enumerate(model.inputs)]
    targets = [np.full((4, *y.shape[1:]), 0.3) for y in model.outputs]
    model.compile("sgd", "mse")
    before = to_list(model.predict(data))
    for _ in range(3):
        model.train_on_batch(data, targets)
    return [*before, *model.get_weights(), *to_list(model.predict(data))]


@pytest.mark.parametrize("name", SERVED)
def test_a_call_is_the_loop(name, sources, without):
    assert lstm.has_kernel()
    without(True)
    called = trained(SERVED[name])
    assert not any("for t_" in code.source for code in sources)
    without(False)
    looped = trained(SERVED[name])
    assert any("for t_" in code.source for code in sources)
    for a, b in zip(called, looped):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", OTHERS)
def test_other_steps_stay_loops(name, sources, without):
    without(True)
    trained(OTHERS[name])
    assert any("for t_" in code.source for code in sources)


def test_a_stateful_layer_goes_on(sources, without):
    def predicted(is_served):
        without(is_served)
        set_random_seed(3)
        model = Sequential([LSTM(4, batch_input_shape=(4, 5, 3), stateful=True)])
        model.compile("sgd", "mse")
        model.train_on_batch(X, np.ones((4, 4)))
        return [model.predict(X, batch_size=4), model.predict(X, batch_size=4)]

    for a, b in zip(predicted(True), predicted(False)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_a_second_derivative_is_none_of_an_lstm_s(without):
    def penalised(is_served):
        without(is_served)
        set_random_seed(3)
        x, layer = Input((5, 3)), LSTM(4)
        y = K.sum(K.square(layer(x)))
        (slope,) = K.gradients(y, [x])
        seconds = K.gradients(K.sum(K.square(slope)), layer.weights)
        return K.function([x], [y, slope, *seconds])([X])

    for a, b in zip(penalised(True), penalised(False)):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


def test_inputs_are_kept_for_the_gradient(sources, without):
    """A step between may not write over what the gradient reads once more."""

    def slopes(is_served):
        without(is_served)
        set_random_seed(3)
        x, layer = Input((5, 3)), LSTM(4, return_sequences=True)
        fed = K.exp(x)
        ys = layer(fed)
        (first,) = K.gradients(K.sum(K.sin(ys)), [layer.weights[0]])
        return K.function([x], [K.cos(ys), K.sum(first), K.tanh(first)])([X])

    for a, b in zip(slopes(True), slopes(False)):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


def test_no_steps_and_no_samples(without):
    without(True)
    model = Sequential([LSTM(4, input_shape=(None, 3))])
    assert model.predict(np.ones((2, 0, 3))).tolist() == np.zeros((2, 4)).tolist()
    assert model.predict_on_batch(np.ones((0, 5, 3))).shape == (0, 4)


def test_sizes_that_are_known_at_run_time(monkeypatch, without):
    without(True)
    set_random_seed(3)
    model = Sequential([Embedding(7, 3), LSTM(4), Dense(1)])
    words = np.arange(20).reshape(4, 5) % 7
    expected = model.predict(words)
    monkeypatch.setattr(compiled, "MOST_EXACT", 0)
    K.clear_session()
    other = Sequential([Embedding(7, 3), LSTM(4), Dense(1)])
    other.build((None, 5))
    other.set_weights(model.get_weights())
    np.testing.assert_allclose(other.predict(words), expected, rtol=1e-5, atol=1e-6)


def test_loops_run_where_pytorch_has_no_such_operation(monkeypatch, sources):
    monkeypatch.setattr(torch, "ops", SimpleNamespace(aten=SimpleNamespace()))
    lstm.has_kernel.cache_clear()
    K.clear_session()
    try:
        trained(SERVED["last"])
        assert not lstm.has_kernel()
        assert all("for t_" in code.source for code in sources)
    finally:
        lstm.has_kernel.cache_clear()
        K.clear_session()
