"""The checks that every layer passes, as one call."""

from __future__ import annotations

import numpy as np

from keras_core import backend as K
from keras_core.layers import Input, InputLayer, deserialize, serialize
from keras_core.models import Model, Sequential

TOLERANCE = 2e-5  # ten to a hundred roundings of float32, relative to the largest value


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def near(got, expected, tolerance=TOLERANCE):
    """Assert that two arrays have one shape and differ by rounding only."""
    expected = np.asarray(expected)
    assert np.shape(got) == expected.shape
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * scale)


def run(layer, *arrays, phase=0, **kwargs):
    """Return what a layer makes of arrays; the shapes but the batch axis are static."""
    inputs = [Input(shape=a.shape[1:], dtype=str(a.dtype)) for a in arrays]
    output = layer(inputs if len(inputs) > 1 else inputs[0], **kwargs)
    values = K.function([*inputs, K.learning_phase()], as_list(output))([*arrays, phase])
    return values if isinstance(output, list) else values[0]


def check_layer(layer, *arrays, expected=None, weights=None, custom_objects=None, train=True):
    """Check a layer's shapes, values, round trip through a config, and a training step.

    Args:
        layer: the layer, never called before.
        arrays: its inputs, with the batch axis.
        expected: what the output must be, an array (or a list of them), or None.
        weights: list of arrays for the layer, or None to leave what the initializers drew.
        custom_objects: what its config needs beyond the built-in objects.
        train: whether to make a training step; False where the output has no gradient.

    Returns:
        The output, an array or a list of them.
    """
    twin = _round_trip(layer, custom_objects)
    inputs = [Input(shape=a.shape[1:], dtype=str(a.dtype)) for a in arrays]
    output = layer(inputs if len(inputs) > 1 else inputs[0])
    if weights is not None:
        layer.set_weights(weights)
    model = Model(inputs, output)
    values = model.predict(list(arrays))
    _check_shapes(layer, arrays, as_list(output), as_list(values))
    if expected is not None:
        for value, wanted in zip(as_list(values), as_list(expected)):
            near(value, wanted)
    _check_twin(twin, layer, arrays, values)
    if train:
        _check_training(model, arrays, as_list(values))
    return values


def _round_trip(layer, custom_objects):
    config = layer.get_config()
    twin = deserialize(serialize(layer), custom_objects=custom_objects)
    assert twin.get_config() == config
    assert type(twin) is type(layer)
    return twin


def _check_shapes(layer, arrays, outputs, values):
    """Compare the shape rule of the layer, that of the graph, and the shapes of the values."""
    unknown_batch = [(None, *a.shape[1:]) for a in arrays]
    known_batch = [a.shape for a in arrays]
    seen = [v.shape for v in values]
    assert _declared(layer, known_batch) == seen
    assert _declared(layer, unknown_batch) == [(None, *shape[1:]) for shape in seen]
    assert [K.int_shape(x)[1:] for x in outputs] == [shape[1:] for shape in seen]


def _declared(layer, shapes):
    shape = layer.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
    return shape if isinstance(shape, list) else [shape]


def _check_twin(twin, layer, arrays, values):
    """Use the layer made of the config in a Sequential, or in a Model where it has many inputs."""
    if len(arrays) == 1 and not isinstance(values, list):
        shape = arrays[0].shape[1:]
        model = Sequential([InputLayer(input_shape=shape, dtype=str(arrays[0].dtype)), twin])
    else:
        inputs = [Input(shape=a.shape[1:], dtype=str(a.dtype)) for a in arrays]
        model = Model(inputs, twin(inputs if len(inputs) > 1 else inputs[0]))
    twin.set_weights(layer.get_weights())
    for got, wanted in zip(as_list(model.predict(list(arrays))), as_list(values)):
        near(got, wanted)


def _check_training(model, arrays, values):
    """Make a step from the values towards zero, after which they are not further from it."""
    targets = [np.zeros_like(v) for v in values]
    model.compile("sgd", "mse")
    before = model.test_on_batch(list(arrays), targets)
    after = [model.train_on_batch(list(arrays), targets) for _ in range(2)][-1]
    assert np.all(np.isfinite(before)) and np.all(np.isfinite(after))
    if not model.uses_learning_phase:
        assert np.sum(after) <= np.sum(before) * (1 + 1e-5)
