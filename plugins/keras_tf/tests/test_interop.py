"""Layers and models on TensorFlow's tensors: numbers of predict, gradients of K.gradients."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import keras_tf
from keras_core import backend as K
from keras_core import use_backend
from keras_core.layers import (
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Input,
    Lambda,
    MaxPooling2D,
    concatenate,
)
from keras_core.models import Model, Sequential
from keras_core.utils import set_random_seed

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.uniform(-1, 1, (5, 8, 6, 2)).astype("float32")
SERIES = RANDOM.uniform(-1, 1, (5, 4, 3)).astype("float32")
TABLE = RANDOM.uniform(-1, 1, (6, 4)).astype("float32")


def two_branches():
    image, series = Input((8, 6, 2)), Input((4, 3))
    x = Conv2D(3, 3, padding="same", strides=2, activation="relu")(image)
    x = Flatten()(MaxPooling2D()(BatchNormalization()(x)))
    x = concatenate([x, LSTM(4)(series)])
    return Model([image, series], [Dense(2, activation="softmax")(x), Dense(1)(x)])


def small(**options):
    return Sequential([Dense(3, activation="tanh", input_shape=(4,), **options), Dense(1)])


def by_k(model, arrays, loss):
    """The loss and its gradients by weights and inputs."""
    targets = [*model.trainable_weights, *model.inputs]
    total = loss(model.outputs)
    inputs = [*model.inputs, K.learning_phase()]
    function = K.function(inputs, [total, *K.gradients(total, targets)])
    return function([*arrays, 0])


def loss_of(outputs):
    return 3.0 * outputs[0][:, :1] ** 2 - outputs[1] * outputs[0][:, 1:]


def by_tape(model, arrays, loss):
    tensors = [tf.constant(x) for x in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        total = loss(model(tensors))
    module = keras_tf.Module(model)
    return [total, *tape.gradient(total, [*module.trainable_variables, *tensors])]


@pytest.mark.parametrize("wrapped", [lambda f: f, lambda f: tf.function(f)], ids=["eager", "graph"])
def test_gradients_by_weights_and_inputs_are_those_of_k(wrapped):
    model = two_branches()
    found = wrapped(lambda: by_tape(model, [IMAGES, SERIES], loss_of))()
    expected = by_k(model, [IMAGES, SERIES], loss_of)
    assert len(found) == len(expected)
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_outputs_are_those_of_predict():
    model = two_branches()
    outputs = model([tf.constant(IMAGES), tf.constant(SERIES)])
    for output, expected in zip(outputs, model.predict([IMAGES, SERIES])):
        assert isinstance(output, tf.Tensor)
        np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)


def test_second_derivatives():
    model = small()
    x = tf.constant(TABLE)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = model(x)
        slope = inner.gradient(y, x)
    found = outer.gradient(slope, x)
    (entry,), (output,) = model.inputs, model.outputs
    (expected,) = K.gradients(K.gradients(output, entry), entry)
    np.testing.assert_allclose(
        found, K.function([entry], [expected])([TABLE])[0], rtol=1e-4, atol=1e-6
    )


def test_one_layer_and_its_first_call():
    layer = Dense(2)
    y = layer(tf.constant(TABLE))
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(y, TABLE @ kernel + bias, rtol=1e-5, atol=1e-6)
    assert not layer._inbound_nodes


def test_a_layer_takes_a_mask_of_the_engine():
    layer, mask = LSTM(2), np.array([[1, 1, 0, 0]] * 5, "bool")
    masked = layer(tf.constant(SERIES), mask=tf.constant(mask))
    np.testing.assert_allclose(masked, layer(tf.constant(SERIES[:, :2])), rtol=1e-5)


def test_integers_have_no_gradient():
    layer, words = Embedding(3, 2), tf.constant([[0, 2], [2, 2]])
    with tf.GradientTape() as tape:
        y = layer(words)
    (gradient,) = tape.gradient(y, keras_tf.Module(layer).trainable_variables)
    np.testing.assert_array_equal(gradient, [[1, 1], [0, 0], [3, 3]])


class Squared(Model):
    """A model by a call of its own."""

    def __init__(self):
        super().__init__()
        self.inner = Dense(2, use_bias=False)

    def call(self, inputs):
        return self.inner(inputs) ** 2


def test_a_model_with_its_own_call():
    model = Squared()
    y = model(tf.constant(TABLE))
    np.testing.assert_allclose(y, (TABLE @ model.get_weights()[0]) ** 2, rtol=1e-5, atol=1e-6)


def test_training_updates_the_statistics():
    model = Sequential([BatchNormalization(momentum=0.9, input_shape=(4,))])
    step = tf.function(lambda x: model(x, training=True))
    for _ in range(2):
        y = step(tf.constant(TABLE))
    np.testing.assert_allclose(tf.reduce_mean(y, 0), np.zeros(4), atol=1e-5)
    _, _, mean, _ = model.get_weights()
    np.testing.assert_allclose(mean, 0.19 * TABLE.mean(0), rtol=1e-4)
    model(tf.constant(TABLE))
    np.testing.assert_array_equal(model.get_weights()[2], mean)


def test_frozen_statistics_stay():
    model = Sequential([BatchNormalization(input_shape=(4,))])
    model(tf.constant(TABLE), training=True)
    before = model.get_weights()
    model.layers[0].trainable = False
    model(tf.constant(TABLE), training=True)
    for a, b in zip(model.get_weights(), before):
        np.testing.assert_array_equal(a, b)


def test_masks_of_dropout_differ_between_calls_and_repeat_with_the_seed():
    layer = Dropout(0.5)
    step = tf.function(lambda x: layer(x, training=True))
    ones = tf.ones((40, 5))
    set_random_seed(3)
    first, second = layer(ones, training=True).numpy(), layer(ones, training=True).numpy()
    set_random_seed(3)
    assert (first != second).any()
    np.testing.assert_array_equal(layer(ones, training=True), first)
    assert (step(ones).numpy() != step(ones).numpy()).any()
    np.testing.assert_array_equal(layer(ones), ones)


def test_the_gradient_of_dropout_uses_the_mask_of_its_call():
    layer, x = Dropout(0.5), tf.Variable(tf.ones((40, 5)))
    with tf.GradientTape() as tape:
        y = layer(x, training=True)
    np.testing.assert_array_equal(tape.gradient(y, x), y)


def test_weights_are_shared_with_tensorflow_both_ways():
    model = small()
    module = keras_tf.Module(model)
    kernel = module.trainable_variables[0]
    kernel.assign(tf.ones_like(kernel))
    np.testing.assert_array_equal(model.get_weights()[0], np.ones((4, 3)))
    model.set_weights([2 * w for w in model.get_weights()])
    np.testing.assert_array_equal(kernel, 2 * np.ones((4, 3)))
    with use_backend("tensorflow"):
        model.compile("sgd", "mse")
        model.train_on_batch(TABLE, TABLE[:, :1])
    np.testing.assert_array_equal(kernel, model.get_weights()[0])


class Net(tf.Module):
    """A module of TensorFlow around a model."""

    def __init__(self, model):
        super().__init__()
        self.core = keras_tf.Module(model)
        self.scale = tf.Variable(2.0)

    def __call__(self, x, training=False):
        return self.scale * self.core(x, training=training)


def test_a_module_of_tensorflow_has_the_weights_of_its_model():
    model = small()
    net = Net(model)
    names = sorted(variable.name for variable in net.trainable_variables)
    assert names == sorted([*(w.name for w in model.weights), "Variable:0"])


def test_a_frozen_layer_is_not_among_the_trainable_variables():
    model = small(trainable=False)
    module = keras_tf.Module(model)
    assert [v.name for v in module.trainable_variables] == [w.name for w in model.weights[:2]]
    assert len(module.non_trainable_variables) == 2


def test_penalties_on_weights_can_be_derived():
    model = small(kernel_regularizer="l2")
    module = keras_tf.Module(model)
    with tf.GradientTape() as tape:
        (penalty,) = module.losses
    kernel = model.get_weights()[0]
    np.testing.assert_allclose(penalty, 0.01 * (kernel**2).sum(), rtol=1e-5)
    gradient = tape.gradient(penalty, module.trainable_variables[0])
    np.testing.assert_allclose(gradient, 0.02 * kernel, rtol=1e-5)


def test_a_function_that_is_traced_again_may_meet_a_new_model():
    models = [Sequential([LSTM(2, input_shape=(None, 3)), Dropout(0.5)]) for _ in range(2)]
    run = tf.function(lambda x: models[x.shape[1] - 1](x, training=True))
    for steps in (1, 2):
        assert run(tf.ones((3, steps, 3))).shape == (3, 2)
    assert run(tf.ones((4, 1, 3))).shape == (4, 2)


def test_sizes_that_a_model_leaves_open_need_no_new_program():
    model = Sequential([LSTM(2, input_shape=(None, 3))])
    for steps in (1, 2, 3):
        model(tf.ones((3, steps, 3)))
    assert len(model._native_calls) == 1


def test_k_functions_take_tensors_of_tensorflow_as_constants():
    constant = tf.constant(TABLE)
    x = K.placeholder((None, 4))
    results = [x + constant, constant * x, K.maximum(x, constant), K.dot(x, tf.transpose(constant))]
    found = K.function([x], results)([constant])
    expected = [2 * TABLE, TABLE**2, TABLE, TABLE @ TABLE.T]
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    variable = K.variable(constant)
    np.testing.assert_array_equal(K.get_value(variable), TABLE)
    K.set_value(variable, tf.Variable(constant + 1))
    np.testing.assert_array_equal(K.eval(variable), TABLE + 1)
    assert K.int_shape(K.constant(constant)) == (6, 4)


def test_fit_and_predict_take_tensors_of_tensorflow_as_arrays():
    model = small()
    model.compile("sgd", "mse")
    x, y = tf.constant(TABLE), tf.constant(TABLE[:, :1])
    model.fit(x, y, verbose=0)
    np.testing.assert_array_equal(model.predict(x), model.predict(TABLE))
    assert model.evaluate(x, y, verbose=0) == model.evaluate(TABLE, TABLE[:, :1], verbose=0)


def test_arrays_and_lists_are_still_refused():
    with pytest.raises(ValueError, match="symbolic tensors.*predict"):
        small()(TABLE)


def test_a_tensor_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="shape"):
        small()(tf.zeros((2, 5)))
    with pytest.raises(ValueError, match="2 inputs.*1 tensors"):
        two_branches()(tf.constant(IMAGES))
    with pytest.raises(ValueError, match="axes|shape"):
        Conv2D(2, 3)(tf.zeros((2, 5)))


def test_a_function_of_tensorflow_inside_a_model_on_tensors_of_tensorflow():
    entry = Input((4,))
    model = Model(entry, Lambda(lambda x: tf.math.lgamma(x + 2.0))(entry))
    x = tf.constant(TABLE)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x)
    np.testing.assert_allclose(tape.gradient(y, x), tf.math.digamma(x + 2.0), rtol=1e-5)
