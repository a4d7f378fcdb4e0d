"""Chains of layers: adding, taking off, late building and configuration."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.layers import Activation, Dense, Input, InputLayer, Lambda
from keras_core.models import Model, Sequential, clone_model

RNG = np.random.RandomState(5)
X = RNG.rand(6, 4).astype("float32")


@pytest.fixture(autouse=True)
def fresh_names():
    K.clear_session()


def test_a_chain_computes_its_layers_in_turn():
    model = Sequential([Dense(3, activation="relu", input_shape=(4,)), Dense(2)])
    a, b, c, d = model.get_weights()
    np.testing.assert_allclose(
        model.predict(X), np.maximum(X @ a + b, 0) @ c + d, rtol=1e-5, atol=1e-6
    )


def test_names():
    model = Sequential([Dense(3, input_shape=(4,), name="d")])
    assert (model.name, model.input_names, model.output_names) == (
        "sequential_1",
        ["d_input"],
        ["d"],
    )


def test_layers_leave_the_input_layer_out():
    model = Sequential([InputLayer((4,)), Dense(3)])
    assert [layer.name for layer in model.layers] == ["dense_1"]
    assert model.get_layer(index=0).name == "dense_1"


def test_adding_one_by_one():
    model = Sequential()
    model.add(Dense(3, input_shape=(4,)))
    assert model.output_shape == (None, 3)
    model.add(Dense(2))
    assert (model.input_shape, model.output_shape) == ((None, 4), (None, 2))


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (lambda x: x, TypeError, "Sequential takes layers.*function.*Lambda"),
        (Dense(2, name="one"), ValueError, "'one' is used 2 times"),
        (Lambda(lambda x: [x, x], name="fork"), ValueError, r"fork \(Lambda\) has 2 outputs"),
    ],
)
def test_a_refused_layer_leaves_the_chain_as_it_was(layer, error, message):
    model = Sequential([Dense(3, input_shape=(4,), name="one")])
    before = model.get_config()
    with pytest.raises(error, match=message):
        model.add(layer)
    assert model.get_config() == before
    assert model.predict(X).shape == (6, 3)


def test_taking_off():
    model = Sequential([Dense(3, input_shape=(4,)), Dense(2)])
    model.pop()
    assert model.output_shape == (None, 3)
    assert model.layers[0]._outbound_nodes == []
    model.pop()
    assert (model.layers, model.outputs, model.built) == ([], None, False)
    with pytest.raises(TypeError, match="no layer to take off"):
        model.pop()


def test_a_chain_that_is_built_late():
    model = Sequential([Dense(3), Dense(2)])
    assert (model.built, model.weights) == (False, [])
    model.build()
    assert not model.built
    model.build((None, 4))
    assert [w.name for w in model.weights][0] == "dense_1/kernel:0"
    assert model.output_shape == (None, 2)
    model.add(Dense(1))
    assert model.predict(X).shape == (6, 1)


def test_a_chain_is_built_by_data():
    model = Sequential([Dense(3), Dense(2)])
    assert model.predict(X).shape == (6, 2)
    fitted = Sequential([Dense(2)])
    fitted.compile("sgd", "mse")
    fitted.fit(X, RNG.rand(6, 2), verbose=0)
    assert fitted.input_shape == (None, 4)


def test_a_chain_is_built_when_called_as_a_layer():
    x = Input((4,))
    inner = Sequential([Dense(3)], name="inner")
    model = Model(x, inner(x))
    (kernel, bias) = inner.get_weights()
    np.testing.assert_allclose(model.predict(X), X @ kernel + bias, rtol=1e-5, atol=1e-6)


def test_models_as_layers():
    first = Sequential([Dense(3, input_shape=(4,))])
    model = Sequential([first, Sequential([Dense(2, input_shape=(3,))])])
    assert (model.input_shape, model.output_shape) == ((None, 4), (None, 2))
    again = Sequential.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_an_empty_model_cannot_be_the_first_layer():
    with pytest.raises(ValueError, match="sequential_1 is empty"):
        Sequential([Sequential()])


# Configuration


def test_the_input_shape_stands_in_the_first_layer():
    config = Sequential([Dense(3, input_shape=(4,))]).get_config()
    assert [entry["class_name"] for entry in config["layers"]] == ["Dense"]
    assert config["layers"][0]["config"]["batch_input_shape"] == (None, 4)
    assert "build_input_shape" not in config


def test_an_input_layer_of_the_users_own_is_kept():
    model = Sequential([InputLayer((4,), dtype="int32", name="ids"), Activation("linear")])
    again = Sequential.from_config(model.get_config())
    assert again.input_names == ["ids"]
    assert again.inputs[0].dtype == "int32"


def test_a_late_built_chain_keeps_its_input_shape():
    model = Sequential([Dense(3)])
    assert "build_input_shape" not in model.get_config()
    model.predict(X)
    config = model.get_config()
    assert config["build_input_shape"] == (None, 4)
    assert Sequential.from_config(config).input_shape == (None, 4)


def test_a_plain_list_is_the_configuration_of_earlier_versions():
    config = Sequential([Dense(3, input_shape=(4,))]).get_config()["layers"]
    assert Sequential.from_config(config).output_shape == (None, 3)


@pytest.mark.parametrize(
    "model",
    [
        lambda: Sequential([Dense(3, input_shape=(4,)), Dense(2)]),
        lambda: Sequential([InputLayer((4,)), Dense(2)]),
        lambda: Sequential([Sequential([Dense(3, input_shape=(4,))]), Dense(2)]),
    ],
)
def test_clones(model):
    model = model()
    copy = clone_model(model)
    assert copy.get_config() == model.get_config()
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))
    assert clone_model(model, input_tensors=Input((4,))).output_shape == (None, 2)


def test_clone_of_a_late_built_chain():
    model = Sequential([Dense(3)])
    assert not clone_model(model).built
    model.build((None, 4))
    assert clone_model(model).output_shape == (None, 3)


# Classes and probabilities


def test_predict_classes_and_proba():
    model = Sequential([Dense(3, activation="softmax", input_shape=(4,))])
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), np.ones(6), rtol=1e-5)
    assert model.predict_classes(X).tolist() == probabilities.argmax(axis=1).tolist()


def test_predict_classes_of_one_unit():
    model = Sequential([Dense(1, activation="sigmoid", input_shape=(4,))])
    expected = (model.predict(X) > 0.5).astype(int).tolist()
    assert model.predict_classes(X).tolist() == expected


def test_values_that_are_no_probabilities_cause_a_warning():
    model = Sequential([Lambda(lambda x: x - 5.0, input_shape=(4,))])
    with pytest.warns(UserWarning, match="no probabilities"):
        model.predict_proba(X)


def test_a_model_stands_when_one_inside_it_grows():
    inner = Sequential([Dense(2, input_shape=(3,))])
    outer = Sequential([Dense(3, input_shape=(3,)), inner])
    x = np.ones((1, 3))
    before = outer.predict(x)
    inner.add(Dense(4))
    np.testing.assert_array_equal(outer.predict(x), before)
    assert outer.output_shape == (None, 2) and inner.output_shape == (None, 4)


def test_depths_are_those_of_the_present_layers():
    model = Sequential([Dense(2, input_shape=(3,))])
    assert sorted(model._layers_by_depth) == [0, 1]
    model.add(Dense(2))
    assert sorted(model._layers_by_depth) == [0, 1, 2]
    model.pop()
    assert [layer.name for layer in model._layers_by_depth[0]] == [model.layers[0].name]


def test_a_name_of_the_input_is_taken():
    model = Sequential([Dense(2, input_shape=(3,), name="a")])
    with pytest.raises(ValueError, match="'a_input' is used 2 times"):
        model.add(Dense(2, name="a_input"))
    assert len(model.layers) == 1 and model.predict(np.ones((1, 3))).shape == (1, 2)


def test_a_name_that_a_layer_had_is_free():
    model = Sequential([Dense(2, input_shape=(3,), name="a")])
    model.layers[0].name = "b"
    model.add(Dense(2, name="a"))
    assert [layer.name for layer in model.layers] == ["b", "a"]
