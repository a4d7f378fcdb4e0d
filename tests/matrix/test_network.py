"""Graphs of layers: order, calls on other tensors, sharing, nesting, losses and configuration."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers
from keras_core.layers import Add, BatchNormalization, Concatenate, Dense, Input, Lambda
from keras_core.models import Model, Sequential, clone_model

RNG = np.random.RandomState(3)


@pytest.fixture(autouse=True)
def fresh_names():
    K.clear_session()


def diamond():
    """Two inputs, a shared layer, and two outputs."""
    a, b = Input((4,), name="a"), Input((4,), name="b")
    shared = Dense(3, name="shared")
    left, right = shared(a), shared(b)
    joined = Concatenate(name="joined")([left, right])
    return Model([a, b], [Dense(2, name="out")(joined), left], name="diamond")


def predictions(model, *arrays):
    return model.predict(list(arrays) if len(arrays) > 1 else arrays[0])


# Structure


def test_layers_stand_from_the_deepest_on():
    model = diamond()
    assert [layer.name for layer in model.layers] == ["a", "b", "shared", "joined", "out"]
    assert sorted(model._layers_by_depth) == [0, 1, 2, 3]
    assert (model.input_names, model.output_names) == (["a", "b"], ["out", "shared"])


def test_layers_of_equal_depth_stand_as_met_from_the_outputs():
    x = Input((2,), name="x")
    names = ["r", "q", "p"]
    branches = {name: Dense(1, name=name)(x) for name in names}
    model = Model(x, Add(name="sum")([branches[n] for n in ("q", "p", "r")]))
    assert [layer.name for layer in model.layers] == ["x", "q", "p", "r", "sum"]


def test_a_deep_model_does_not_meet_the_recursion_limit():
    x = y = Input((1,))
    for _ in range(1500):
        y = layers.Activation("linear")(y)
    assert len(Model(x, y).layers) == 1501


def test_get_layer():
    model = diamond()
    assert model.get_layer("out") is model.layers[-1]
    assert model.get_layer(index=0).name == "a"
    for kwargs, message in [
        ({"name": "nosuch"}, "no layer 'nosuch'.*shared"),
        ({"index": 9}, "diamond has 5 layers"),
        ({}, "needs a layer's name"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.get_layer(**kwargs)


def bad_graphs():
    x, y = Input((2,), name="x"), Input((2,), name="y")
    z = Dense(2, name="z")(x)
    return [
        (x, K.constant(1.0), ValueError, "output must be a tensor made by a Keras layer"),
        (K.placeholder((None, 2)), z, ValueError, "input must be a tensor made by a Keras layer"),
        ([x, x], z, ValueError, "one comes twice"),
        (x, Add()([z, y]), ValueError, "not connected.*y"),
        (y, z, ValueError, "not connected.*x"),
        (x, Dense(2, name="z")(z), ValueError, "'z' is used 2 times"),
    ]


@pytest.mark.parametrize("case", range(6))
def test_bad_graphs_are_refused(case):
    inputs, outputs, error, message = bad_graphs()[case]
    with pytest.raises(error, match=message):
        Model(inputs, outputs)


# Calls


def test_a_model_on_other_tensors_shares_its_weights():
    model = diamond()
    c, d = Input((4,)), Input((4,))
    again = Model([d, c], model([d, c]))
    x, y = RNG.rand(2, 5, 4)
    for p, q in zip(predictions(model, x, y), predictions(again, x, y)):
        np.testing.assert_allclose(p, q, rtol=1e-6)
    assert again.trainable_weights == model.trainable_weights


def test_a_call_with_a_wrong_number_of_tensors():
    with pytest.raises(ValueError, match=r"diamond"):
        diamond()(Input((4,)))


def test_output_shapes_for_other_shapes():
    x = Input((None, 3))
    model = Model(x, layers.Conv1D(4, 2)(x))
    assert model.compute_output_shape((7, 10, 3)) == (7, 9, 4)
    assert diamond().compute_output_shape([(5, 4), (5, 4)]) == [(5, 2), (5, 3)]
    assert model.updates == []


def test_masks_go_through_a_nested_model():
    x = Input((3, 2))
    inner = Model(x, layers.Masking()(x))
    y = Input((3, 2))
    out = inner(y)
    assert out._keras_mask is not None
    last = layers.LSTM(2)(out)
    model = Model(y, last)
    data = RNG.rand(2, 3, 2)
    padded = np.concatenate([data, np.zeros((2, 2, 2))], axis=1)
    longer_input = Input((5, 2))
    masked = layers.Masking()(longer_input)
    longer = Model(longer_input, model.layers[-1](masked))
    np.testing.assert_allclose(
        predictions(model, data), predictions(longer, padded), rtol=1e-5, atol=1e-6
    )


def test_keyword_arguments_of_calls_are_repeated():
    x = Input((3, 2))
    halved = Lambda(lambda t, by=1.0: t / by)
    model = Model(x, halved(x))
    assert model(Input((3, 2))) is not None
    states = Input((4,))
    gru = layers.GRU(4)
    stateful = Model([x, states], gru(x, initial_state=states))
    again = Model([x, states], stateful([x, states]))
    a, b = RNG.rand(2, 3, 2), RNG.rand(2, 4)
    np.testing.assert_allclose(
        predictions(stateful, a, b), predictions(again, a, b), rtol=1e-6, atol=1e-6
    )


# Losses, updates, states


def test_losses_and_updates_of_nested_models():
    x = Input((3,))
    h = Dense(2, kernel_regularizer="l2", activity_regularizer="l2")(x)
    inner = Model(x, BatchNormalization()(h))
    assert (len(inner.losses), len(inner.updates)) == (2, 2)
    y = Input((3,))
    outer = Model(y, inner(y))
    assert (len(outer.losses), len(outer.updates)) == (2, 2)
    assert set(outer.losses) & set(inner.losses) == {inner.layers[1].get_losses_for(None)[0]}
    inner.trainable = False
    assert outer.updates == []


def test_losses_of_calls_outside_of_a_model_do_not_count():
    x = Input((3,))
    layer = Dense(2, activity_regularizer="l2")
    model = Model(x, layer(x))
    layer(Input((3,)))
    assert (len(layer.losses), len(model.losses)) == (2, 1)


def test_a_model_called_on_its_own_inputs_computes_nothing_anew():
    x = Input((3,))
    inner = Model(x, BatchNormalization()(Dense(2, activity_regularizer="l2")(x)))
    outer = Model(x, inner(x))
    assert outer.losses == inner.losses
    assert outer.updates == inner.updates


def test_two_calls_of_a_layer_update_it_one_after_the_other():
    a, b = Input((1,)), Input((1,))
    layer = BatchNormalization(momentum=0.5)
    model = Model([a, b], Add()([layer(a), layer(b)]))
    assert len(model.updates) == 4
    model.compile("sgd", "mse")
    ones, threes = np.ones((4, 1)), np.full((4, 1), 3.0)
    model.train_on_batch([ones, threes], ones)
    moving_mean = model.get_weights()[2]
    np.testing.assert_allclose(moving_mean, [0.5 * (0.5 * 0 + 0.5 * 1) + 0.5 * 3], rtol=1e-6)


def test_add_loss_on_a_model():
    x = Input((3,))
    y = Dense(2)(x)
    model = Model(x, y)
    model.add_loss(K.mean(y))
    model.compile("sgd", None)
    data = RNG.rand(4, 3)
    expected = model.predict(data).mean()
    np.testing.assert_allclose(model.evaluate(data, None, verbose=0), expected, rtol=1e-5)


def test_states_are_updated_in_prediction_and_reset():
    x = Input(batch_shape=(2, 3, 4))
    model = Model(x, layers.LSTM(3, stateful=True)(x))
    assert model.stateful
    assert len(model.state_updates) == 2
    data = RNG.rand(2, 3, 4)
    first, second = model.predict(data, batch_size=2), model.predict(data, batch_size=2)
    assert not np.allclose(first, second)
    model.reset_states()
    np.testing.assert_array_equal(model.predict(data, batch_size=2), first)


# Weights


def test_frozen_layers_and_models():
    model = diamond()
    assert len(model.trainable_weights) == 4
    model.get_layer("shared").trainable = False
    assert [w.name for w in model.trainable_weights] == ["out/kernel:0", "out/bias:0"]
    assert [w.name for w in model.weights][2:] == ["shared/kernel:0", "shared/bias:0"]
    model.trainable = False
    assert model.trainable_weights == []
    assert len(model.non_trainable_weights) == 4


def test_weights_are_got_and_set_layer_by_layer():
    x = Input((3,))
    model = Model(x, Dense(2)(BatchNormalization()(x)))
    assert [w.shape for w in model.get_weights()] == [(3,)] * 4 + [(3, 2), (2,)]
    values = [RNG.rand(*w.shape) for w in model.get_weights()]
    model.set_weights(values)
    for got, value in zip(model.get_weights(), values):
        np.testing.assert_allclose(got, value, rtol=1e-6)
    with pytest.raises(ValueError, match=r"model_1 \(Model\) has 6 weights.*1 arrays"):
        model.set_weights(values[:1])


# Subclasses


class TwoLayers(Model):
    def __init__(self):
        super().__init__(name="two")
        self.first = Dense(3)
        self.second = Dense(2)

    def call(self, inputs):
        return self.second(self.first(inputs))


def test_a_model_with_a_call_of_its_own():
    model = TwoLayers()
    model.compile("sgd", "mse")
    x = RNG.rand(8, 4)
    model.fit(x, RNG.rand(8, 2), verbose=0)
    a, b, c, d = model.get_weights()
    np.testing.assert_allclose(model.predict(x), (x @ a + b) @ c + d, rtol=1e-5, atol=1e-6)
    with pytest.raises(NotImplementedError, match="TwoLayers two"):
        model.get_config()
    with pytest.raises(NotImplementedError, match="TwoLayers two"):
        model.save("nowhere.h5")


def test_a_model_with_a_call_of_its_own_inside_a_graph():
    x = Input((4,))
    inner = TwoLayers()
    model = Model(x, inner(x))
    data = RNG.rand(3, 4)
    a, b, c, d = inner.get_weights()
    np.testing.assert_allclose(model.predict(data), (data @ a + b) @ c + d, rtol=1e-5, atol=1e-6)


# Configuration


def test_config_round_trip():
    model = diamond()
    config = model.get_config()
    assert config["input_layers"] == [["a", 0, 0], ["b", 0, 0]]
    assert config["output_layers"] == [["out", 0, 0], ["shared", 0, 0]]
    assert config["layers"][2]["inbound_nodes"] == [[["a", 0, 0, {}]], [["b", 0, 0, {}]]]
    again = Model.from_config(config)
    assert again.get_config() == config
    again.set_weights(model.get_weights())
    x, y = RNG.rand(2, 5, 4)
    for p, q in zip(predictions(model, x, y), predictions(again, x, y)):
        np.testing.assert_allclose(p, q, rtol=1e-6)


def test_calls_of_nested_models_count_from_one():
    x = Input((4,), name="x")
    inner = Sequential([Dense(4, input_shape=(4,))], name="inner")
    model = Model(x, inner(inner(x)))
    config = model.get_config()
    assert config["layers"][1]["inbound_nodes"] == [[["x", 0, 0, {}]], [["inner", 1, 0, {}]]]
    assert config["output_layers"] == [["inner", 2, 0]]
    assert Model.from_config(config).get_config() == config


def test_only_calls_inside_the_model_are_counted():
    x = Input((4,), name="x")
    layer = Dense(4, name="d")
    layer(Input((4,)))
    model = Model(x, layer(x))
    assert model.get_config()["output_layers"] == [["d", 0, 0]]


def test_arguments_that_cannot_be_saved_are_left_out_with_a_warning():
    x = Input((4,))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = Dense(2)(x)
    node = y._keras_history[0]._inbound_nodes[0]
    node.arguments = {"by": np.float32(2.0)}
    model = Model(x, y)
    assert model.get_config()["layers"][1]["inbound_nodes"][0][0][3] == {"by": 2.0}
    node.arguments = {"by": object()}
    with pytest.warns(UserWarning, match="dense_1 was called with arguments"):
        model.get_config()


def test_incomplete_configurations_are_refused():
    config = diamond().get_config()
    config["layers"][3]["inbound_nodes"] = [[["nosuch", 0, 0, {}]]]
    with pytest.raises(ValueError, match="diamond is not complete.*nosuch"):
        Model.from_config(config)
    config = diamond().get_config()
    config["output_layers"] = [["out", 7, 0]]
    with pytest.raises(ValueError, match="call 7 of layer 'out'"):
        Model.from_config(config)


# Copies


def test_clone_model():
    model = diamond()
    copy = clone_model(model)
    assert copy.get_config() == model.get_config()
    assert not set(copy.weights) & set(model.weights)
    copy.set_weights(model.get_weights())
    x, y = RNG.rand(2, 5, 4)
    for p, q in zip(predictions(model, x, y), predictions(copy, x, y)):
        np.testing.assert_allclose(p, q, rtol=1e-6)


def test_clone_model_on_given_tensors():
    a, b = Input((4,)), K.placeholder((None, 4))
    copy = clone_model(diamond(), input_tensors=[a, b])
    assert copy.inputs == [a, b]
    assert copy.count_params() == diamond().count_params()


@pytest.mark.parametrize("model", [Dense(2), 3])
def test_clone_model_of_something_else(model):
    with pytest.raises(ValueError, match="clone_model takes"):
        clone_model(model)
