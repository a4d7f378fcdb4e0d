"""ConvLSTM2D against a loop of convolutions written in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers as L
from keras_core.layers.convolutional_recurrent import ConvRNN2D

TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}  # a few dozen float32 roundings
BATCH, STEPS, ROWS, COLUMNS, CHANNELS, FILTERS = 2, 3, 5, 4, 2, 3


def samples(*shape, seed=0):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("float32")


def videos(data_format="channels_last"):
    x = samples(BATCH, STEPS, ROWS, COLUMNS, CHANNELS)
    return np.moveaxis(x, -1, 2) if data_format == "channels_first" else x


def run(layer, array, batch_shape=None, feeds=(), **arguments):
    inputs = L.Input(batch_shape=batch_shape or (None, *array.shape[1:]))
    outputs = layer(inputs, **arguments)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    function = K.function([inputs, *(tensor for tensor, _ in feeds)], outputs)
    values = function([array, *(value for _, value in feeds)])
    return values if len(values) > 1 else values[0]


def correlate(x, kernel, stride=1, same=False):
    """A convolution of images with a square kernel of odd size, channels last."""
    window = len(kernel)
    if same:
        x = np.pad(x, [(0, 0)] + [(window // 2, window // 2)] * 2 + [(0, 0)])
    sizes = [(size - window) // stride + 1 for size in x.shape[1:3]]
    out = np.zeros((len(x), *sizes, kernel.shape[-1]))
    for row in range(sizes[0]):
        for column in range(sizes[1]):
            top, left = row * stride, column * stride
            patch = x[:, top : top + window, left : left + window]
            out[:, row, column] = np.tensordot(patch, kernel, 3)
    return out


def hard_sigmoid(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


def loop(x, weights, stride=1, same=False, mask=None, states=None):
    """All outputs and the last states; a masked step repeats the last output, zeros at first."""
    kernel, recurrent, bias = (w.astype("float64") for w in weights)
    shape = correlate(x[:, 0], kernel, stride, same).shape[:-1] + (FILTERS,)
    h, c = states or (np.zeros(shape), np.zeros(shape))
    output, outputs = np.zeros(shape), []
    for t in range(x.shape[1]):
        z = correlate(x[:, t], kernel, stride, same) + correlate(h, recurrent, same=True) + bias
        i, f, g, o = np.split(z, 4, -1)
        new_c = hard_sigmoid(f) * c + hard_sigmoid(i) * np.tanh(g)
        new_h = hard_sigmoid(o) * np.tanh(new_c)
        on = np.ones((len(x), 1, 1, 1), bool) if mask is None else mask[:, t, None, None, None]
        output, h, c = (np.where(on, a, b) for a, b in ((new_h, output), (new_h, h), (new_c, c)))
        outputs.append(output)
    return np.stack(outputs, 1), [h, c]


def make(**options):
    return L.ConvLSTM2D(FILTERS, 3, bias_initializer="uniform", **options)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("options", [{}, {"padding": "same"}, {"strides": 2}])
def test_all_steps_and_states(options, data_format):
    layer = make(return_sequences=True, return_state=True, data_format=data_format, **options)
    x = videos(data_format)
    seen = run(layer, x)
    wanted, states = loop(
        videos(), layer.get_weights(), options.get("strides", 1), options.get("padding") == "same"
    )
    shapes = layer.compute_output_shape(x.shape)
    for value, expected, shape in zip(seen, [wanted, *states], shapes):
        last = np.moveaxis(value, -3, -1) if data_format == "channels_first" else value
        np.testing.assert_allclose(last, expected, **TOLERANCE)
        assert shape == value.shape


def test_last_output_of_images_of_unknown_size():
    layer = make(padding="same")
    seen = run(layer, videos(), (None, None, None, None, CHANNELS))
    wanted, _ = loop(videos(), layer.get_weights(), same=True)
    np.testing.assert_allclose(seen, wanted[:, -1], **TOLERANCE)
    assert layer.output_shape == (None, None, None, FILTERS)


def test_masked_steps_are_skipped():
    x = videos()
    mask = np.array([[1, 0, 1], [0, 1, 0]], bool)
    inputs, given = L.Input(x.shape[1:]), K.placeholder((None, STEPS), dtype="bool")
    layer = make(padding="same", return_sequences=True)
    seen = K.function([inputs, given], [layer(inputs, mask=given)])([x, mask])[0]
    wanted, _ = loop(x, layer.get_weights(), same=True, mask=mask)
    np.testing.assert_allclose(seen, wanted, **TOLERANCE)


@pytest.mark.parametrize("new_tensor", [L.Input, lambda shape: K.placeholder((None, *shape))])
def test_initial_state(new_tensor):
    shape = (ROWS - 2, COLUMNS - 2, FILTERS)
    values = [samples(BATCH, *shape, seed=i + 1) for i in range(2)]
    states = [new_tensor(shape) for _ in values]
    layer = make()
    seen = run(layer, videos(), feeds=list(zip(states, values)), initial_state=states)
    wanted, _ = loop(videos(), layer.get_weights(), states=values)
    np.testing.assert_allclose(seen, wanted[:, -1], **TOLERANCE)


def test_stateful_goes_on_and_resets():
    x = videos()
    layer = make(stateful=True, padding="same")
    inputs = L.Input(batch_shape=x.shape)
    step = K.function([inputs], [layer(inputs)], updates=layer.updates)
    states = None
    for _ in range(2):
        wanted, states = loop(x, layer.get_weights(), same=True, states=states)
        np.testing.assert_allclose(step([x])[0], wanted[:, -1], **TOLERANCE)
    layer.reset_states()
    first, _ = loop(x, layer.get_weights(), same=True)
    np.testing.assert_allclose(step([x])[0], first[:, -1], **TOLERANCE)


@pytest.mark.parametrize("rates", [{"dropout": 0.5}, {"recurrent_dropout": 0.5}])
def test_dropout_acts_in_training_only(rates):
    x = videos()
    layer = make(return_sequences=True, **rates)
    inputs = L.Input(x.shape[1:])
    function = K.function([inputs, K.learning_phase()], [layer(inputs)])
    wanted, _ = loop(x, layer.get_weights())
    np.testing.assert_allclose(function([x, 0])[0], wanted, **TOLERANCE)
    assert not np.allclose(function([x, 1])[0], wanted, atol=1e-3)
    assert not np.allclose(function([x, 1])[0], function([x, 1])[0], atol=1e-3)


def test_cell_in_the_general_layer():
    layer = make(return_sequences=True)
    wanted = run(layer, videos())
    cell = L.ConvLSTM2DCell.from_config(layer.cell.get_config())
    general = ConvRNN2D(cell, return_sequences=True, weights=layer.get_weights())
    np.testing.assert_array_equal(run(general, videos()), wanted)
    config = general.get_config()
    assert ConvRNN2D.from_config(config).get_config() == config


def test_config_makes_the_same_layer():
    layer = make(strides=2, kernel_regularizer="l2", recurrent_constraint="max_norm", dropout=0.1)
    config = layer.get_config()
    assert L.ConvLSTM2D.from_config(config).get_config() == config
    assert "cell" not in config and config["return_state"] is False
    assert (layer.filters, layer.strides) == (FILTERS, (2, 2))


def test_forget_bias_starts_at_one():
    layer = L.ConvLSTM2D(1, 3)
    layer.build((None, None, 5, 5, 1))
    np.testing.assert_array_equal(layer.get_weights()[2], [0, 1, 0, 0])


REFUSED = [
    (lambda: make(unroll=True), TypeError, "unroll"),
    (lambda: ConvRNN2D([L.ConvLSTM2DCell(1, 3)]), TypeError, "stack"),
    (lambda: L.ConvLSTM2D(0, 3), ValueError, "filters"),
    (lambda: make()(L.Input((ROWS, COLUMNS, CHANNELS))), ValueError, "ndim"),
    (lambda: make()(L.Input((STEPS, ROWS, COLUMNS, None))), ValueError, "channels"),
    (
        lambda: make(stateful=True)(L.Input((STEPS, ROWS, COLUMNS, CHANNELS))),
        ValueError,
        "batch_input_shape",
    ),
    (lambda: make().reset_states(), AttributeError, "stateful=True"),
]


@pytest.mark.parametrize("make_it, error, words", REFUSED)
def test_mistakes_are_refused(make_it, error, words):
    with pytest.raises(error, match=words):
        make_it()
