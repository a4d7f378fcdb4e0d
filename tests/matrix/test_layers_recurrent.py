"""Recurrent layers against loops written in NumPy, and what holds for every cell."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers as L

TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}  # a few dozen float32 roundings
BATCH, STEPS, FEATURES, UNITS = 3, 5, 4, 2


def samples(*shape, seed=0):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("float32")


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def run(layer, array, batch_shape=None, phase=0, feeds=(), **arguments):
    """The layer's outputs for an array, with further tensors of its call and their values."""
    inputs = L.Input(batch_shape=batch_shape or (None, *array.shape[1:]))
    outputs = as_list(layer(inputs, **arguments))
    fed = [tensor for tensor, _ in feeds]
    function = K.function([inputs, *fed, K.learning_phase()], outputs)
    values = function([array, *(value for _, value in feeds), phase])
    return values if len(values) > 1 else values[0]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def simple_step(x, states, weights):
    kernel, recurrent, bias = weights
    h = np.tanh(x @ kernel + bias + states[0] @ recurrent)
    return [h]


def lstm_step(x, states, weights):
    kernel, recurrent, bias = weights
    z = x @ kernel + bias + states[0] @ recurrent
    i, f, g, o = np.split(z, 4, -1)
    c = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(c), c]


def gru_step(x, states, weights):
    kernel, recurrent, bias = weights
    h = states[0]
    x_z, x_r, x_g = np.split(x @ kernel + bias, 3, -1)
    u_z, u_r, u_g = np.split(recurrent, 3, -1)
    z, r = sigmoid(x_z + h @ u_z), sigmoid(x_r + h @ u_r)
    return [z * h + (1 - z) * np.tanh(x_g + (r * h) @ u_g)]


def gru_after_step(x, states, weights):
    kernel, recurrent, bias = weights
    h = states[0]
    x_z, x_r, x_g = np.split(x @ kernel + bias[0], 3, -1)
    h_z, h_r, h_g = np.split(h @ recurrent + bias[1], 3, -1)
    z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    return [z * h + (1 - z) * np.tanh(x_g + r * h_g)]


def loop(step, x, weights, states, mask=None, go_backwards=False):
    """All outputs and the last states; a masked step repeats the last output, zeros at first."""
    weights = [w.astype("float64") for w in weights]
    order = range(x.shape[1])[::-1] if go_backwards else range(x.shape[1])
    output, outputs = np.zeros_like(states[0]), []
    for t in order:
        new = step(x[:, t], states, weights)
        on = np.ones((len(x), 1), bool) if mask is None else mask[:, t, None]
        output = np.where(on, new[0], output)
        states = [np.where(on, a, b) for a, b in zip(new, states)]
        outputs.append(output)
    return np.stack(outputs, 1), states


CELLS = {
    "simple": (L.SimpleRNN, {}, simple_step, 1),
    "lstm": (L.LSTM, {}, lstm_step, 2),
    "lstm_1": (L.LSTM, {"implementation": 1}, lstm_step, 2),
    "gru": (L.GRU, {}, gru_step, 1),
    "gru_1": (L.GRU, {"implementation": 1}, gru_step, 1),
    "gru_after": (L.GRU, {"reset_after": True}, gru_after_step, 1),
    "gru_after_1": (L.GRU, {"reset_after": True, "implementation": 1}, gru_after_step, 1),
}


@pytest.fixture(params=CELLS)
def kind(request):
    return CELLS[request.param]


def make(kind, **options):
    cls, given, _, _ = kind
    return cls(UNITS, bias_initializer="uniform", **given, **options)


def zeros(kind):
    return [np.zeros((BATCH, UNITS)) for _ in range(kind[3])]


@pytest.mark.parametrize("unroll", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_all_steps_and_states(kind, go_backwards, unroll):
    x = samples(BATCH, STEPS, FEATURES)
    options = {"return_sequences": True, "return_state": True}
    layer = make(kind, go_backwards=go_backwards, unroll=unroll, **options)
    seen, *states = run(layer, x)
    outputs, last = loop(kind[2], x, layer.get_weights(), zeros(kind), None, go_backwards)
    np.testing.assert_allclose(seen, outputs, **TOLERANCE)
    np.testing.assert_allclose(states, last, **TOLERANCE)
    shapes = layer.compute_output_shape((None, STEPS, FEATURES))
    assert shapes == [(None, STEPS, UNITS)] + [(None, UNITS)] * kind[3]


@pytest.mark.parametrize("unroll", [False, True])
def test_masked_steps_are_skipped(kind, unroll):
    x = samples(BATCH, STEPS, FEATURES)
    mask = np.array([[1, 1, 0, 1, 0], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0]], bool)
    inputs = L.Input((STEPS, FEATURES))
    masked = L.Masking(mask_value=9.0)(inputs)
    layer = make(kind, return_sequences=True, return_state=True, unroll=unroll)
    tensors = layer(masked)
    assert tensors[0]._keras_mask is not None and tensors[1]._keras_mask is None
    x[~mask] = 9.0
    seen, *states = K.function([inputs], tensors)([x])
    outputs, last = loop(kind[2], x, layer.get_weights(), zeros(kind), mask)
    np.testing.assert_allclose(seen, outputs, **TOLERANCE)
    np.testing.assert_allclose(states, last, **TOLERANCE)


@pytest.mark.parametrize("as_list_of_inputs", [False, True])
def test_initial_state_of_layers_and_others(kind, as_list_of_inputs):
    x = samples(BATCH, STEPS, FEATURES)
    values = [samples(BATCH, UNITS, seed=i + 1) for i in range(kind[3])]
    layer = make(kind)
    for new_tensor in (lambda: L.Input((UNITS,)), lambda: K.placeholder((None, UNITS))):
        states = [new_tensor() for _ in values]
        inputs = L.Input((STEPS, FEATURES))
        if as_list_of_inputs and K.is_keras_tensor(states[0]):
            output = layer([inputs, *states])
        else:
            output = layer(inputs, initial_state=states)
        seen = K.function([inputs, *states], [output])([x, *values])[0]
        outputs, _ = loop(kind[2], x, layer.get_weights(), values)
        np.testing.assert_allclose(seen, outputs[:, -1], **TOLERANCE)
    assert layer.input_spec[0].shape == (None, None, FEATURES) and len(layer.input_spec) == 1


def test_unknown_number_of_steps(kind):
    x = samples(BATCH, STEPS, FEATURES)
    layer = make(kind, return_sequences=True)
    seen = run(layer, x, (None, None, FEATURES))
    outputs, _ = loop(kind[2], x, layer.get_weights(), zeros(kind))
    np.testing.assert_allclose(seen, outputs, **TOLERANCE)
    assert layer.output_shape == (None, None, UNITS)


def test_stateful_goes_on_and_resets(kind):
    x = samples(BATCH, STEPS, FEATURES)
    layer = make(kind, stateful=True)
    inputs = L.Input(batch_shape=(BATCH, STEPS, FEATURES))
    step = K.function([inputs], [layer(inputs)], updates=layer.updates)
    weights = layer.get_weights()
    states = zeros(kind)
    for _ in range(2):
        outputs, states = loop(kind[2], x, weights, states)
        np.testing.assert_allclose(step([x])[0], outputs[:, -1], **TOLERANCE)
    layer.reset_states()
    first, _ = loop(kind[2], x, weights, zeros(kind))
    np.testing.assert_allclose(step([x])[0], first[:, -1], **TOLERANCE)
    given = [samples(BATCH, UNITS, seed=i + 1) for i in range(kind[3])]
    layer.reset_states(given)
    np.testing.assert_array_equal([K.get_value(state) for state in layer.states], given)
    assert len(layer.weights) == 3


def test_gradients_are_those_of_finite_differences(kind):
    x, step = samples(BATCH, STEPS, FEATURES), 1e-5
    layer = make(kind)
    inputs = L.Input((STEPS, FEATURES))
    loss = K.sum(layer(inputs))
    gradients = K.function([inputs], K.gradients(loss, layer.trainable_weights))([x])
    weights = [w.astype("float64") for w in layer.get_weights()]

    def value(moved):
        return np.sum(loop(kind[2], x.astype("float64"), moved, zeros(kind))[0][:, -1])

    for n, gradient in enumerate(gradients):
        place = tuple(size - 1 for size in gradient.shape)
        ends = []
        for sign in (1, -1):
            moved = [w.copy() for w in weights]
            moved[n][place] += sign * step
            ends.append(value(moved))
        slope = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(gradient[place], slope, **TOLERANCE)


def test_layer_and_rnn_of_its_cell_agree(kind):
    x = samples(BATCH, STEPS, FEATURES)
    layer = make(kind)
    wanted = run(layer, x)
    cell = type(layer.cell).from_config(layer.cell.get_config())
    seen = run(L.RNN(cell, weights=layer.get_weights()), x)
    np.testing.assert_array_equal(seen, wanted)


def test_config_makes_the_same_layer(kind):
    layer = make(kind, kernel_regularizer="l2", bias_constraint="non_neg", dropout=0.1, unroll=True)
    config = layer.get_config()
    assert "cell" not in config and config["unroll"] is True
    assert type(layer).from_config(config).get_config() == config
    general = L.RNN(layer.cell, return_state=True)
    again = L.RNN.from_config(general.get_config())
    assert again.get_config() == general.get_config()


def test_options_of_the_cell_are_read_only_on_the_layer(kind):
    layer = make(kind, dropout=0.25)
    assert (layer.units, layer.dropout, layer.use_bias) == (UNITS, 0.25, True)
    with pytest.raises(AttributeError):
        layer.units = 3


def ones_layer(cls, **options):
    """A layer whose output is the sum of the inputs of a step that dropout leaves."""
    options = {"use_bias": False, "activation": "linear", **options}
    return cls(1, kernel_initializer="ones", recurrent_initializer="zeros", **options)


def test_dropout_keeps_one_mask_for_all_steps():
    layer = ones_layer(L.SimpleRNN, dropout=0.5, return_sequences=True)
    x = np.ones((200, STEPS, 1), "float32")
    seen = run(layer, x, phase=1)[..., 0]
    assert set(np.unique(seen)) == {0.0, 2.0}
    np.testing.assert_array_equal(seen, np.repeat(seen[:, :1], STEPS, 1))
    assert 60 < np.count_nonzero(seen[:, 0]) < 140
    np.testing.assert_array_equal(run(layer, x), x[..., 0:1])


def test_recurrent_dropout_keeps_one_mask_for_all_steps():
    layer = L.SimpleRNN(
        1,
        activation="linear",
        use_bias=False,
        kernel_initializer="zeros",
        recurrent_initializer="ones",
        recurrent_dropout=0.5,
        return_sequences=True,
    )
    states = K.placeholder((None, 1))
    feeds = [(states, np.ones((200, 1)))]
    x = np.zeros((200, 3, 1), "float32")
    seen = run(layer, x, phase=1, feeds=feeds, initial_state=states)[..., 0]
    assert {tuple(row) for row in seen} == {(0.0, 0.0, 0.0), (2.0, 4.0, 8.0)}


@pytest.mark.parametrize("implementation, masks", [(1, 4), (2, 1)])
def test_implementation_says_whether_gates_share_a_mask(implementation, masks):
    cell = L.LSTMCell(
        1, kernel_initializer="ones", dropout=0.5, implementation=implementation, use_bias=False
    )
    x, h, c = K.placeholder((None, 1)), K.placeholder((None, 1)), K.placeholder((None, 1))
    cell.build((None, 1))
    with cell.masks_held(x, [h, c], training=True):
        drawn, _ = cell._masks(x, [h, c], True)
        assert len(drawn) == masks
        values = K.function([x], drawn)([np.ones((200, 1))])
    assert all(set(np.unique(value)) == {0.0, 2.0} for value in values)


def test_dropout_in_stacked_cells_and_each_gate():
    cells = [L.GRUCell(3, dropout=0.5, implementation=1), L.LSTMCell(2, recurrent_dropout=0.5)]
    layer = L.RNN(cells, return_sequences=True)
    x = samples(BATCH, STEPS, FEATURES)
    inputs = L.Input((STEPS, FEATURES))
    function = K.function([inputs, K.learning_phase()], [layer(inputs)])
    still = function([x, 0])[0]
    np.testing.assert_array_equal(still, function([x, 0])[0])
    assert not np.allclose(function([x, 1])[0], still)
    assert not np.allclose(function([x, 1])[0], function([x, 1])[0])


def test_stacked_cells_are_loops_one_after_the_other():
    x = samples(BATCH, STEPS, FEATURES)
    layer = L.RNN([L.LSTMCell(2), L.GRUCell(3)], return_sequences=True, return_state=True)
    seen, *states = run(layer, x)
    weights = layer.get_weights()
    lower, lower_states = loop(lstm_step, x, weights[:3], [np.zeros((BATCH, 2))] * 2)
    upper, upper_states = loop(gru_step, lower, weights[3:], [np.zeros((BATCH, 3))])
    np.testing.assert_allclose(seen, upper, **TOLERANCE)
    for got, wanted in zip(states, lower_states + upper_states):
        np.testing.assert_allclose(got, wanted, **TOLERANCE)
    assert len({w.name for w in layer.weights}) == 6
    config = layer.get_config()
    assert L.RNN.from_config(config).get_config() == config


def test_states_of_stacked_cells_in_the_order_of_old_files():
    cells = [L.LSTMCell(2), L.GRUCell(3)]
    with pytest.warns(UserWarning, match="reverse_state_order"):
        reverse = L.StackedRNNCells(cells, reverse_state_order=True)
    assert L.StackedRNNCells([L.LSTMCell(2), L.GRUCell(3)]).state_size == (2, 2, 3)
    assert reverse.state_size == (3, 2, 2)
    x = samples(BATCH, STEPS, FEATURES)
    layer = L.RNN(reverse, return_state=True)
    shapes = [value.shape for value in run(layer, x)]
    assert shapes == [(BATCH, 3), (BATCH, 3), (BATCH, 2), (BATCH, 2)]


class Attentive(L.Layer):
    """A cell `h = x·kernel + h + constant`."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape):
        step_shape, constant_shape = input_shape
        assert tuple(constant_shape[1:]) == (self.units,)
        self.kernel = self.add_weight(name="kernel", shape=(step_shape[-1], self.units))
        self.built = True

    def call(self, inputs, states, constants):
        output = K.dot(inputs, self.kernel) + states[0] + constants[0]
        return output, [output]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@pytest.mark.parametrize("new_constant", [lambda: L.Input((3,)), lambda: K.placeholder((None, 3))])
def test_constants_reach_each_step(new_constant):
    x, value = samples(BATCH, STEPS, FEATURES), samples(BATCH, 3, seed=1)
    constant = new_constant()
    layer = L.RNN(Attentive(3))
    seen = run(layer, x, feeds=[(constant, value)], constants=constant)
    wanted = x.sum(1) @ layer.get_weights()[0] + STEPS * value
    np.testing.assert_allclose(seen, wanted, **TOLERANCE)
    config = layer.get_config()
    assert config["num_constants"] == 1
    again = L.RNN.from_config(
        {**config, "cell": {**config["cell"], "class_name": Attentive.__name__}},
        custom_objects={"Attentive": Attentive},
    )
    assert again.get_config() == config


class Counting:
    """A cell that is no layer: it adds its inputs up."""

    state_size = FEATURES

    def call(self, inputs, states):
        total = states[0] + inputs
        return total, [total]


def test_a_cell_may_be_no_layer():
    x = samples(BATCH, STEPS, FEATURES)
    layer = L.RNN(Counting(), return_sequences=True)
    np.testing.assert_allclose(run(layer, x), np.cumsum(x, 1), **TOLERANCE)
    assert layer.weights == []


def test_forget_bias_starts_at_one():
    layer = L.LSTM(2)
    layer.build((None, None, 3))
    np.testing.assert_array_equal(layer.get_weights()[2], [0, 0, 1, 1, 0, 0, 0, 0])
    plain = L.LSTM(2, unit_forget_bias=False)
    plain.build((None, None, 3))
    assert not plain.get_weights()[2].any()


def test_penalties_come_from_the_weights_and_the_output():
    layer = L.LSTM(
        2, kernel_regularizer="l1", recurrent_regularizer="l2", activity_regularizer="l2"
    )
    inputs = L.Input((STEPS, FEATURES))
    output = layer(inputs)
    x = samples(BATCH, STEPS, FEATURES)
    losses = K.function([inputs], [*layer.losses, output])([x])
    kernel, recurrent, _ = layer.get_weights()
    wanted = [abs(kernel).sum(), (recurrent**2).sum(), (losses[-1] ** 2).sum()]
    np.testing.assert_allclose(losses[:3], np.multiply(wanted, 0.01), rtol=1e-5)


def cudnn_kernel(kernel, gates):
    """A gate's matrix (inputs, outputs) as cuDNN has it: (outputs, inputs), in the same memory."""
    parts = np.split(kernel, gates, 1)
    return np.concatenate([part.T.reshape(part.shape) for part in parts], 1)


@pytest.mark.parametrize("go_backwards", [False, True])
def test_cudnn_gru_is_gru_with_other_weights(go_backwards):
    x = samples(BATCH, STEPS, FEATURES)
    layer = L.CuDNNGRU(UNITS, return_state=True, go_backwards=go_backwards)
    kernel = samples(FEATURES, 3 * UNITS, seed=1)
    recurrent = samples(UNITS, 3 * UNITS, seed=2)
    bias = samples(2, 3 * UNITS, seed=3)
    layer.build((None, None, FEATURES))
    layer.set_weights([cudnn_kernel(kernel, 3), cudnn_kernel(recurrent, 3), bias.ravel()])
    seen, state = run(layer, x)
    weights = [kernel, recurrent, bias]
    _, last = loop(gru_after_step, x, weights, [np.zeros((BATCH, UNITS))], None, go_backwards)
    np.testing.assert_allclose(seen, last[0], **TOLERANCE)
    np.testing.assert_array_equal(seen, state)


def test_cudnn_lstm_is_lstm_with_other_weights():
    x = samples(BATCH, STEPS, FEATURES)
    layer = L.CuDNNLSTM(UNITS, return_sequences=True)
    kernel = samples(FEATURES, 4 * UNITS, seed=1)
    recurrent = samples(UNITS, 4 * UNITS, seed=2)
    bias = samples(2, 4 * UNITS, seed=3)
    layer.build((None, None, FEATURES))
    assert layer.get_weights()[2].tolist() == [0] * 10 + [1] * 2 + [0] * 4
    layer.set_weights([cudnn_kernel(kernel, 4), cudnn_kernel(recurrent, 4), bias.ravel()])
    outputs, _ = loop(
        lstm_step, x, [kernel, recurrent, bias.sum(0)], [np.zeros((BATCH, UNITS))] * 2
    )
    np.testing.assert_allclose(run(layer, x), outputs, **TOLERANCE)


@pytest.mark.parametrize("make_layer", [L.CuDNNGRU, L.CuDNNLSTM])
def test_cudnn_layers_are_stateful_and_configured(make_layer):
    x = samples(BATCH, STEPS, FEATURES)
    layer = make_layer(UNITS, stateful=True, kernel_regularizer="l2")
    inputs = L.Input(batch_shape=(BATCH, STEPS, FEATURES))
    step = K.function([inputs], [layer(inputs)], updates=layer.updates)
    first, second = step([x])[0], step([x])[0]
    assert not np.allclose(first, second)
    layer.reset_states()
    np.testing.assert_array_equal(step([x])[0], first)
    config = layer.get_config()
    assert "unroll" not in config and make_layer.from_config(config).get_config() == config


def masked_input():
    return L.Masking()(L.Input((STEPS, FEATURES)))


def built(layer, batch_shape=(None, STEPS, FEATURES)):
    layer(L.Input(batch_shape=batch_shape))
    return layer


REFUSED = [
    (lambda: L.LSTM(0), ValueError, "units"),
    (lambda: L.RNN(object()), ValueError, "call"),
    (lambda: L.StackedRNNCells([L.Dense(2)]), ValueError, "state_size"),
    (lambda: L.LSTM(2)(L.Input((FEATURES,))), ValueError, "ndim"),
    (lambda: L.LSTM(2)(L.Input((STEPS, None))), ValueError, "features"),
    (lambda: L.LSTM(2, unroll=True)(L.Input((None, FEATURES))), ValueError, "unroll"),
    (lambda: built(L.LSTM(2, stateful=True)), ValueError, "batch size"),
    (lambda: built(L.LSTM(2)).reset_states(), AttributeError, "stateful=True"),
    (
        lambda: built(L.LSTM(2, stateful=True), (3, STEPS, FEATURES)).reset_states(
            np.zeros((3, 2))
        ),
        ValueError,
        "reset_states",
    ),
    (
        lambda: L.LSTM(2)(L.Input((STEPS, FEATURES)), initial_state=L.Input((2,))),
        ValueError,
        "2 states",
    ),
    (
        lambda: L.LSTM(2)(
            L.Input((STEPS, FEATURES)), initial_state=[L.Input((2,)), K.placeholder((None, 2))]
        ),
        ValueError,
        "some are outputs of layers",
    ),
    (
        lambda: L.RNN(L.LSTMCell(2))(L.Input((STEPS, FEATURES)), constants=L.Input((2,))),
        ValueError,
        "constants",
    ),
    (lambda: L.CuDNNGRU(2)(masked_input()), ValueError, "masks"),
    (lambda: L.CuDNNLSTM(-1), ValueError, "units"),
]


@pytest.mark.parametrize("make_it, error, words", REFUSED)
def test_mistakes_are_refused(make_it, error, words):
    with pytest.raises(error, match=words):
        make_it()


def test_settings_of_old_files_are_understood():
    config = L.LSTM(2).get_config()
    assert L.LSTM.from_config({**config, "implementation": 0}).implementation == 1
    config = L.SimpleRNN(2).get_config()
    assert L.SimpleRNN.from_config({**config, "implementation": 0}).get_config() == config
    with pytest.warns(UserWarning, match="implementation"):
        assert L.GRU(2, implementation=0).implementation == 0
