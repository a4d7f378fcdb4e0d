"""Models that were trained on Theano: their kernels, and the convention that layers keep."""

from __future__ import annotations

import json
import pathlib

import h5py
import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers
from keras_core.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from keras_core.models import Model, Sequential, clone_model, load_model, model_from_json

DATA = pathlib.Path(__file__).parents[1] / "data" / "keras_2_3_1"
RNG = np.random.RandomState(5)


@pytest.fixture(autouse=True)
def fresh_names():
    K.clear_session()


@pytest.fixture
def stored():
    with np.load(DATA / "padding_theano.npz") as arrays:
        return dict(arrays)


def architecture():
    with h5py.File(DATA / "padding_theano.h5") as file:
        return json.loads(file.attrs["model_config"])


def assert_predicts(model, stored, name="predict0"):
    np.testing.assert_allclose(model.predict(stored["x0"]), stored[name], atol=1e-5)


def random(*shape):
    return RNG.uniform(-1, 1, shape).astype("float32")


# Whole models


def test_a_model_predicts_and_trains_as_on_theano(stored):
    model = load_model(DATA / "padding_theano.h5")
    assert_predicts(model, stored)
    loss = model.train_on_batch(stored["x0"], stored["y0"])
    np.testing.assert_allclose(loss, stored["loss0"], rtol=1e-5)
    assert_predicts(model, stored, "predict_after_step0")


def test_weights_alone_bring_the_convention_with_them(stored):
    model = model_from_json(json.dumps(architecture()))
    model.predict(stored["x0"])
    model.load_weights(DATA / "padding_theano.weights.h5")
    assert_predicts(model, stored)


def test_a_configuration_follows_the_engine_that_is_said(stored):
    model = model_from_json(json.dumps(architecture()), written_on="theano")
    assert model.get_layer("narrow").convention == "theano"
    model = model_from_json(json.dumps({**architecture(), "backend": "theano"}))
    assert model.get_layer("narrow").convention == "theano"
    assert model_from_json(json.dumps(architecture())).get_layer("narrow").convention != "theano"


def test_a_file_that_says_another_engine_is_refused():
    with pytest.raises(ValueError, match="written on 'theano', but written_on='tensorflow'"):
        load_model(DATA / "padding_theano.h5", written_on="tensorflow")


def test_the_convention_survives_saving_cloning_and_json(stored, tmp_path):
    model = load_model(DATA / "padding_theano.h5")
    model.save(tmp_path / "again.h5")
    assert_predicts(load_model(tmp_path / "again.h5"), stored)
    for copy in (clone_model(model), model_from_json(model.to_json())):
        copy.set_weights(model.get_weights())
        assert_predicts(copy, stored)


# The option


def test_the_option_stands_in_a_config_only_where_it_matters():
    def config(**options):
        return Conv2D(2, **{"kernel_size": 3, "padding": "same", **options}).get_config()

    assert config(strides=2, convention="theano")["convention"] == "theano"
    assert config(kernel_size=2, convention="theano")["convention"] == "theano"
    for other in ({}, {"strides": 2, "padding": "valid"}, {"kernel_size": 1, "strides": 2}):
        assert "convention" not in config(convention="theano", **other)
    assert "convention" not in config(strides=2)
    assert "convention" not in MaxPooling2D(3, 1, "same", convention="theano").get_config()
    assert "convention" in MaxPooling2D(2, convention="theano", padding="same").get_config()
    assert "convention" in layers.ConvLSTM2D(2, 2, convention="theano").get_config()
    assert "convention" not in layers.ConvLSTM2D(2, 3, convention="theano").get_config()


def test_another_convention_is_refused():
    with pytest.raises(ValueError, match="Conv2D layer .* `convention` .*'torch'"):
        Conv2D(2, 3, convention="torch")


def outputs(layer, x):
    model = Sequential([layer])
    model.build((None, *x.shape[1:]))
    weights = [random(*K.int_shape(weight)) for weight in layer.weights]
    model.set_weights(weights)
    got = model.predict(x)
    shape = layer.compute_output_shape((len(x), *x.shape[1:]))
    assert got.shape == shape
    return got, weights


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_convolutions_pad_by_half_of_their_window(data_format, size, stride):
    x = random(2, 7, 8, 3)
    padded = np.pad(x, ((0, 0), *(((size) // 2, (size - 1) // 2),) * 2, (0, 0)))
    if data_format == "channels_first":
        x, padded = np.moveaxis(x, -1, 1), np.moveaxis(padded, -1, 1)
    options = {"strides": stride, "data_format": data_format}
    got, weights = outputs(Conv2D(4, size, padding="same", convention="theano", **options), x)
    valid = Conv2D(4, size, **options, weights=weights, input_shape=padded.shape[1:])
    np.testing.assert_allclose(got, Sequential([valid]).predict(padded), atol=1e-5)


@pytest.mark.parametrize(
    ("size", "before"), [(1, 0), (2, 1), (3, 1), (4, 3), (5, 3)], ids=lambda n: str(n)
)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kind", ["MaxPooling1D", "AveragePooling1D"])
def test_pooling_begins_as_early_as_it_may(kind, size, before, stride):
    x = random(1, 7, 1)
    layer = getattr(layers, kind)(size, stride, "same", convention="theano")
    reduce = np.max if kind.startswith("Max") else np.mean
    wanted = [
        reduce(x[0, max(start, 0) : start + size, 0])
        for start in range(-before, 7 - before, stride)
    ]
    np.testing.assert_allclose(outputs(layer, x)[0].ravel(), wanted, rtol=1e-5)


def test_transposed_convolutions_are_the_gradient_of_the_others():
    x = random(2, 4, 5, 3)
    layer = layers.Conv2DTranspose(
        2, 3, strides=2, padding="same", use_bias=False, convention="theano"
    )
    got, weights = outputs(layer, x)
    image = K.variable(random(2, 8, 10, 2))
    convolved = K.conv2d(image, K.constant(weights[0]), strides=(2, 2), padding=((1, 1), (1, 1)))
    gradient = K.gradients(K.sum(convolved * K.constant(x)), [image])[0]
    np.testing.assert_allclose(got, K.eval(gradient), atol=1e-5)


def test_separable_convolutions_keep_the_surplus_of_an_even_window():
    layer = layers.SeparableConv2D(4, (2, 3), padding="same", convention="theano")
    got, _ = outputs(layer, random(2, 7, 8, 3))
    assert got.shape == (2, 8, 8, 4)


def test_states_of_a_conv_lstm_are_padded_by_half_of_the_window_too():
    x = random(1, 2, 4, 4, 1)
    layer = layers.ConvLSTM2D(1, 2, padding="valid", convention="theano")
    got, weights = outputs(layer, x)
    other = layers.ConvLSTM2D(1, 2, padding="valid", weights=weights, input_shape=x.shape[1:])
    assert np.abs(got - Sequential([other]).predict(x)).max() > 1e-3


def test_every_place_that_holds_a_maximum_has_its_gradient():
    x = K.variable(np.array([[[1.0], [1.0], [2.0], [2.0], [3.0]]], "float32"))
    for convention, wanted in (("theano", [1, 1, 2, 1, 1]), ("tensorflow", [1, 0, 2, 0, 1])):
        layer = layers.MaxPooling1D(2, strides=1, convention=convention)
        gradient = K.gradients(K.sum(layer(x)), [x])[0]
        np.testing.assert_array_equal(K.eval(gradient).ravel(), wanted)


# Models that are given weights after they were built


def nested():
    inner = Sequential(
        [
            Conv2D(
                3, 2, strides=2, padding="same", input_shape=(7, 8, 2), activity_regularizer="l2"
            ),
            layers.BatchNormalization(),
            MaxPooling2D(2, padding="same"),
        ],
        name="inner",
    )
    images = Input((7, 8, 2), name="images")
    features = inner(images)
    narrow = Conv2D(2, 2, padding="same", activity_regularizer="l1", name="narrow")
    return Model(images, Dense(1, name="last")(Flatten()(narrow(features))))


@pytest.fixture
def theanos(tmp_path):
    """Weights as Theano's, and a model with its convention from the start."""
    model = model_from_json(nested().to_json(), written_on="theano")
    model.save_weights(tmp_path / "weights.h5")
    with h5py.File(tmp_path / "weights.h5", "a") as file:
        file.attrs["backend"] = "theano"
    model.load_weights(tmp_path / "weights.h5")  # turns the kernels, as for the others
    return model, tmp_path / "weights.h5"


def test_a_built_model_changes_to_the_convention(theanos):
    wanted, weights = theanos
    x, y = random(4, 7, 8, 2), random(4, 1)
    model = nested()
    model.compile("sgd", "mse")
    before = model.predict(x)
    model.load_weights(weights)
    np.testing.assert_allclose(model.predict(x), wanted.predict(x), atol=1e-6)
    assert np.abs(model.predict(x) - before).max() > 1e-4
    wanted.compile("sgd", "mse")
    for _ in range(2):
        losses = [m.train_on_batch(x, y) for m in (model, wanted)]
        np.testing.assert_allclose(*losses, rtol=1e-5)
    np.testing.assert_allclose(model.predict(x), wanted.predict(x), atol=1e-5)


def test_a_change_leaves_calls_losses_and_updates_as_many_as_before(theanos):
    model = nested()
    before = len(model.losses), len(model.updates)
    outputs = model.get_layer("narrow").output
    model.load_weights(theanos[1])
    assert (len(model.losses), len(model.updates)) == before
    assert model.get_layer("narrow").output is not outputs
    assert model.get_layer("inner").layers[0].output_shape == (None, 4, 4, 3)
    for layer in (model.get_layer("inner").layers[0], model.get_layer("narrow")):
        assert layer.convention == "theano"
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    x = random(2, 7, 8, 2)
    np.testing.assert_allclose(again.predict(x), model.predict(x), atol=1e-6)
    features = Model(model.inputs, model.get_layer("narrow").output)
    assert features.predict(x).shape == (2, 2, 2, 2)


def test_by_name_only_the_layers_of_the_file_change(theanos):
    model = nested()
    model.get_layer("narrow").name = "other"
    model.load_weights(theanos[1], by_name=True)
    assert model.get_layer("inner").layers[0].convention == "theano"
    assert model.get_layer("other").convention == "tensorflow"


def test_weights_that_do_not_fit_change_nothing(theanos):
    model = Sequential([Conv2D(3, 2, padding="same", input_shape=(7, 8, 2))])
    weights = model.get_weights()
    with pytest.raises(ValueError, match="layers"):
        model.load_weights(theanos[1])
    assert model.layers[0].convention == "tensorflow"
    np.testing.assert_array_equal(model.get_weights()[0], weights[0])
