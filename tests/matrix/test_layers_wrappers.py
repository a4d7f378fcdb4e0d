"""TimeDistributed and Bidirectional against the wrapped layer used by hand."""

from __future__ import annotations

import numpy as np
import pytest
from layer_check import check_layer, near, run

from keras_core import backend as K
from keras_core import layers
from keras_core.models import Model, Sequential

RNG = np.random.RandomState(0)


def draw(*shape):
    return RNG.uniform(-1, 1, shape).astype("float32")


# TimeDistributed


def test_dense_on_every_step():
    x, kernel, bias = draw(3, 4, 5), draw(5, 2), draw(2)
    layer = layers.TimeDistributed(layers.Dense(2))
    check_layer(layer, x, weights=[kernel, bias], expected=x @ kernel + bias)
    assert [w.name for w in layer.weights] == [f"{layer.name}/kernel:0", f"{layer.name}/bias:0"]


@pytest.mark.parametrize("batch, steps", [(None, None), (3, None), (None, 4), (3, 4)])
def test_known_and_unknown_sizes(batch, steps):
    x = layers.Input(batch_shape=(batch, steps, 5))
    layer = layers.TimeDistributed(layers.Dense(2))
    y = layer(x)
    assert K.int_shape(y) == (batch, steps, 2)
    value, (kernel, _) = draw(3, 4, 5), layer.get_weights()
    near(K.function([x], [y])([value])[0], value @ kernel)


def test_flatten_and_nesting():
    x = draw(2, 3, 4, 2)
    check_layer(layers.TimeDistributed(layers.Flatten()), x, expected=x.reshape(2, 3, 8))
    inner = layers.TimeDistributed(layers.Activation("tanh"))
    check_layer(layers.TimeDistributed(inner), x, expected=np.tanh(x))


def test_a_model_inside():
    inner = Sequential([layers.Dense(3, activation="relu", input_shape=(5,)), layers.Dense(2)])
    x = draw(2, 4, 5)
    value = run(layers.TimeDistributed(inner), x)
    near(value, inner.predict(x.reshape(8, 5)).reshape(2, 4, 2))


def test_losses_and_updates_of_the_layer_inside():
    layer = layers.TimeDistributed(layers.BatchNormalization(gamma_regularizer="l2"))
    x = layers.Input((4, 5))
    model = Model(x, layer(x))
    assert len(layer.losses) == 1 and len(layer.updates) == 2
    assert len(layer.get_updates_for(x)) == 2
    model.compile("sgd", "mse")
    value = draw(6, 4, 5)
    model.train_on_batch(value, value)
    near(layer.get_weights()[2], 0.01 * value.mean((0, 1)))


def test_activity_regularizer_counts_once():
    layer = layers.TimeDistributed(layers.Dense(2, activity_regularizer="l1"))
    x = layers.Input((4, 5))
    y = layer(x)
    model = Model(x, y)
    assert len(model.losses) == 1
    penalty, output = K.function([x], [model.losses[0], y])([draw(3, 4, 5)])
    near(penalty, 0.01 * np.abs(output).sum())


def test_training_reaches_the_layer_inside():
    x = np.ones((20, 10, 5), "float32")
    value = run(layers.TimeDistributed(layers.Dropout(0.5)), x, phase=1)
    assert set(np.unique(value)) == {0, 2}


def test_masks_of_steps_pass_any_layer():
    x = layers.Masking()(layers.Input((3, 5)))
    for inner in (layers.Dense(2), layers.RepeatVector(2)):
        assert layers.TimeDistributed(inner)(x)._keras_mask is x._keras_mask
    assert layers.TimeDistributed(layers.Dense(2))(layers.Input((3, 5)))._keras_mask is None


def test_masks_made_inside():
    x = layers.Input((2, 3), dtype="int32")
    y = layers.TimeDistributed(layers.Embedding(6, 2, mask_zero=True))(x)
    mask = K.function([x], [K.cast(y._keras_mask, "int32")])([np.array([[[1, 0, 2], [0, 0, 0]]])])
    assert mask[0].tolist() == [[[1, 0, 1], [0, 0, 0]]]


def test_masks_for_the_layer_inside():
    layer = layers.TimeDistributed(layers.GlobalAveragePooling1D())
    x = layers.Input((2, 3, 1))
    y = layer(layers.TimeDistributed(layers.Masking())(x))
    value = np.array([[[[2], [0], [4]], [[0], [0], [5]]]], "float32")
    mask = K.cast(y._keras_mask, "int32")
    got, seen = K.function([x], [y, mask])([value])
    assert got.tolist() == [[[3], [5]]]
    assert seen.tolist() == [[1, 1]]


def test_weights_argument_of_the_layer_inside():
    weights = [np.ones((5, 2), "float32"), np.zeros(2, "float32")]
    layer = layers.TimeDistributed(layers.Dense(2, weights=weights))
    x = draw(2, 3, 5)
    near(run(layer, x), x @ weights[0])


def test_trainable_is_that_of_the_layer_inside():
    layer = layers.TimeDistributed(layers.Dense(2, trainable=False))
    layer(layers.Input((3, 5)))
    assert not layer.trainable and len(layer.non_trainable_weights) == 2
    layer.trainable = True
    assert layer.layer.trainable and len(layer.trainable_weights) == 2


@pytest.mark.parametrize("wrapper", [layers.TimeDistributed, layers.Bidirectional])
def test_refuses_what_is_no_layer(wrapper):
    with pytest.raises(AttributeError, match="wraps a layer"):
        wrapper(3)


def test_refuses_a_low_rank():
    with pytest.raises(ValueError, match="at least 3 axes"):
        layers.TimeDistributed(layers.Dense(2))(layers.Input((3,)))


# Bidirectional

MERGES = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    "sum": np.add,
    "mul": np.multiply,
    "ave": lambda a, b: (a + b) / 2,
}


def one_way(cls, weights, x, backward=False, **options):
    """Run a recurrent layer alone over the steps in either order."""
    layer = cls(3, **options)
    layer.build((None, *x.shape[1:]))
    layer.set_weights(weights)
    return run(layer, x[:, ::-1].copy() if backward else x)


@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("cls", [layers.SimpleRNN, layers.GRU, layers.LSTM])
def test_merges(cls, sequences, merge):
    x = draw(2, 4, 5)
    layer = layers.Bidirectional(cls(3, return_sequences=sequences), merge_mode=merge)
    layer.build((None, 4, 5))
    weights = [draw(*w.shape) for w in layer.get_weights()]
    half = len(weights) // 2
    forward = one_way(cls, weights[:half], x, return_sequences=sequences)
    backward = one_way(cls, weights[half:], x, backward=True, return_sequences=sequences)
    if sequences:
        backward = backward[:, ::-1]
    twin = layers.Bidirectional(cls(3, return_sequences=sequences), merge_mode=merge)
    check_layer(twin, x, weights=weights, expected=MERGES[merge](forward, backward))


def test_no_merge_and_states():
    layer = layers.Bidirectional(layers.LSTM(3, return_state=True), merge_mode=None)
    values = check_layer(layer, draw(2, 4, 5))
    forward, backward, *states = values
    assert len(states) == 4
    near(states[0], forward)  # the last output of an LSTM is its first state
    near(states[2], backward)


def test_names_of_weights():
    layer = layers.Bidirectional(layers.GRU(3, name="inner"), name="outer")
    layer(layers.Input((4, 5)))
    names = [w.name for w in layer.weights]
    assert names[0] == "outer/forward_inner/kernel:0"
    assert names[3] == "outer/backward_inner/kernel:0"


@pytest.mark.parametrize("keras_tensors", [True, False])
def test_initial_states(keras_tensors):
    x, states = draw(2, 4, 5), [draw(2, 3), draw(2, 3)]
    layer = layers.Bidirectional(layers.SimpleRNN(3))
    inputs = layers.Input((4, 5))
    make = layers.Input if keras_tensors else lambda shape: K.placeholder((None, *shape))
    starts = [make((3,)), make((3,))]
    y = layer(inputs, initial_state=starts)
    got = K.function([inputs, *starts], [y])([x, *states])[0]
    kernel, recurrent, bias = layer.get_weights()[:3]
    h = states[0]
    for step in range(4):
        h = np.tanh(x[:, step] @ kernel + h @ recurrent + bias)
    near(got[:, :3], h)
    if keras_tensors:
        model = Model([inputs, *starts], y)
        near(model.predict([x, *states]), got)
        twin = Model.from_config(model.get_config())
        twin.set_weights(model.get_weights())
        near(twin.predict([x, *states]), got)


def test_initial_states_must_be_even():
    with pytest.raises(ValueError, match="got 1 tensors"):
        layers.Bidirectional(layers.SimpleRNN(3))(
            layers.Input((4, 5)), initial_state=layers.Input((3,))
        )


class Summing(layers.Layer):
    """A cell that adds inputs and a constant to its state."""

    state_size = 2

    def call(self, inputs, states, constants):
        new = states[0] + inputs + constants[0]
        return new, [new]


def test_constants_and_custom_cells():
    layer = layers.Bidirectional(layers.RNN(Summing()))
    x, constant = layers.Input((3, 2)), layers.Input((2,))
    y = layer(x, constants=constant)
    value = draw(4, 3, 2)
    got = Model([x, constant], y).predict([value, np.ones((4, 2), "float32")])
    near(got, np.tile(value.sum(1) + 3, (1, 2)))
    assert layer.get_config()["num_constants"] == 1


def test_masks():
    x = layers.Masking()(layers.Input((3, 5)))
    sequences = layers.Bidirectional(layers.GRU(2, return_sequences=True))(x)
    assert sequences._keras_mask is x._keras_mask
    assert layers.Bidirectional(layers.GRU(2))(x)._keras_mask is None


def test_masked_steps_change_nothing():
    layer = layers.Bidirectional(layers.GRU(2))
    x = layers.Input((None, 5))
    f = K.function([x], [layer(layers.Masking()(x))])
    value = draw(2, 3, 5)
    padded = np.concatenate([value, np.zeros((2, 2, 5), "float32")], axis=1)
    near(f([padded])[0], f([value])[0])


def test_stateful():
    layer = layers.Bidirectional(layers.GRU(2, stateful=True))
    x = layers.Input(batch_shape=(2, 3, 5))
    f = K.function([x], [layer(x)], updates=layer.updates)
    value = draw(2, 3, 5)
    first, second = f([value])[0], f([value])[0]
    assert np.any(first != second)
    layer.reset_states()
    near(f([value])[0], first)


def test_weights_argument():
    pattern = layers.Bidirectional(layers.GRU(2))
    pattern.build((None, 3, 5))
    weights = pattern.get_weights()
    layer = layers.Bidirectional(layers.GRU(2), weights=weights)
    layer(layers.Input((3, 5)))
    for got, wanted in zip(layer.get_weights(), weights):
        near(got, wanted)


def test_an_activation_of_ones_own():
    def halved(x):
        return x / 2

    layer = layers.Bidirectional(layers.SimpleRNN(2, activation=halved))
    assert layer.backward_layer.activation is halved


def test_freezing():
    layer = layers.Bidirectional(layers.GRU(2))
    layer(layers.Input((3, 5)))
    layer.trainable = False
    assert layer.trainable_weights == [] and len(layer.non_trainable_weights) == 6
    assert len(layers.Bidirectional(layers.GRU(2), trainable=False).trainable_weights) == 0


def test_refuses_a_merge():
    with pytest.raises(ValueError, match="`merge_mode` must be one of.*'max'"):
        layers.Bidirectional(layers.GRU(2), merge_mode="max")
