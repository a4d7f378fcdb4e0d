"""Layers and models on PyTorch's tensors: numbers of predict, gradients of K.gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import keras_torch
from keras_core import backend as K
from keras_core.graph import Function, Placeholder, Spec
from keras_core.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Input,
    MaxPooling2D,
    concatenate,
)
from keras_core.models import Model, Sequential
from keras_core.plugins.authoring import native
from keras_core.utils import set_random_seed

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.uniform(-1, 1, (5, 8, 6, 2)).astype("float32")
SERIES = RANDOM.uniform(-1, 1, (5, 4, 3)).astype("float32")
TABLE = RANDOM.uniform(-1, 1, (6, 4)).astype("float32")


def two_branches():
    image, series = Input((8, 6, 2)), Input((4, 3))
    x = Conv2D(3, 3, padding="same", strides=2, activation="relu")(image)
    x = Flatten()(MaxPooling2D()(BatchNormalization()(x)))
    x = concatenate([x, LSTM(4)(series), GRU(2)(series)])
    return Model([image, series], [Dense(2, activation="softmax")(x), Dense(1)(x)])


def small(**options):
    return Sequential([Dense(3, activation="tanh", input_shape=(4,), **options), Dense(1)])


def loss_of(outputs):
    return 3.0 * outputs[0][:, :1] ** 2 - outputs[1] * outputs[0][:, 1:]


def by_k(model, arrays):
    targets = [*model.trainable_weights, *model.inputs]
    total = K.sum(loss_of(model.outputs))
    function = K.function([*model.inputs, K.learning_phase()], K.gradients(total, targets))
    return function([*arrays, 0])


def near(a, b, tolerance=1e-5):
    np.testing.assert_allclose(np.asarray(a), b, rtol=1e-4, atol=tolerance)


def test_gradients_by_weights_and_inputs_are_those_of_k():
    model = two_branches()
    tensors = [torch.tensor(x, requires_grad=True) for x in (IMAGES, SERIES)]
    loss_of(model(tensors)).sum().backward()
    weights = [keras_torch.parameter(w) for w in model.trainable_weights]
    expected = by_k(model, [IMAGES, SERIES])
    assert len(expected) == len(weights) + 2
    for tensor, value in zip([*weights, *tensors], expected):
        near(tensor.grad, value)


def test_outputs_are_those_of_predict():
    model = two_branches()
    outputs = model([torch.from_numpy(IMAGES), torch.from_numpy(SERIES)])
    for output, expected in zip(outputs, model.predict([IMAGES, SERIES])):
        assert isinstance(output, torch.Tensor)
        near(output.detach(), expected)


def test_second_derivatives():
    model, x = small(), torch.tensor(TABLE, requires_grad=True)
    (slope,) = torch.autograd.grad(model(x).sum(), x, create_graph=True)
    (found,) = torch.autograd.grad(slope.sum(), x)
    (entry,), (output,) = model.inputs, model.outputs
    (expected,) = K.gradients(K.gradients(output, entry), entry)
    near(found, K.function([entry], [expected])([TABLE])[0])


def test_one_layer_and_its_first_call():
    layer = Dense(2)
    y = layer(torch.from_numpy(TABLE))
    kernel, bias = layer.get_weights()
    near(y.detach(), TABLE @ kernel + bias)
    assert not layer._inbound_nodes


def test_integers_have_no_gradient():
    layer = Embedding(3, 2)
    layer(torch.tensor([[0, 2], [2, 2]])).sum().backward()
    near(keras_torch.parameter(layer.weights[0]).grad, [[1, 1], [0, 0], [3, 3]])


def test_ties_give_their_gradient_to_the_first():
    def slopes(build):
        a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
        x, y = Input(batch_shape=(2,)), Input(batch_shape=(2,))
        from keras_core.layers import Lambda

        layer = Lambda(lambda pair: build(*pair))
        Model([x, y], layer([x, y]))([a, b]).sum().backward()
        return a.grad.tolist(), b.grad.tolist()

    assert slopes(K.maximum) == slopes(K.minimum) == ([1, 1], [0, 0])


def test_training_updates_statistics_and_draws_anew():
    model = Sequential([BatchNormalization(input_shape=(4,)), Dropout(0.5)])
    x = torch.from_numpy(TABLE + 5)
    before = model.get_weights()
    set_random_seed(1)
    first, second = model(x, training=True), model(x, training=True)
    assert not torch.equal(first, second)
    assert not np.array_equal(before[2], model.get_weights()[2])
    set_random_seed(1)
    assert torch.equal(first == 0, model(x, training=True) == 0)
    near(model(x).detach(), model.predict(TABLE + 5))


def test_frozen_layers_have_no_gradient():
    layer = Dense(2, input_shape=(4,))
    model = Sequential([layer])
    parameter = keras_torch.parameter(model.weights[0])
    assert parameter.requires_grad and parameter is keras_torch.parameter(model.weights[0])
    parameter.requires_grad_(False)
    model(torch.from_numpy(TABLE)).sum().backward()
    assert parameter.grad is None


def test_bfloat16_is_refused():
    with pytest.raises(TypeError, match="bfloat16"):
        small()(torch.ones(2, 4, dtype=torch.bfloat16))


def stateless(model):
    weights = [torch.from_numpy(w) for w in model.get_weights()]
    return weights, lambda w, x: model.stateless(w, x).square().sum()


def test_torch_func_grad():
    model = small()
    weights, loss = stateless(model)
    found = torch.func.grad(loss)(weights, torch.from_numpy(TABLE))
    expected = K.gradients(K.sum(K.square(model.output)), model.weights)
    for a, b in zip(found, K.function(model.inputs, expected)([TABLE])):
        near(a, b)


def test_torch_func_vmap_and_jacrev():
    model = two_branches()
    weights = [torch.from_numpy(w) for w in model.get_weights()]
    pair = torch.from_numpy(IMAGES), torch.from_numpy(SERIES)

    def one(image, series):
        return model.stateless(weights, [image[None], series[None]])[0][0]

    near(torch.func.vmap(one)(*pair), model.predict([IMAGES, SERIES])[0])
    jacobian = torch.func.jacrev(one)(pair[0][0], pair[1][0])
    assert jacobian.shape == (2, 8, 6, 2)


def test_steps_as_functions_are_steps_of_fit():
    model = small()
    model.compile("adam", "mse")
    targets = TABLE[:, :1]
    weights = [torch.from_numpy(w) for w in model.get_weights()]
    data = torch.from_numpy(TABLE), torch.from_numpy(targets)
    loss, after, state = model.stateless_step(weights, None, *data)
    _, after, _ = model.stateless_step(after, state, *data)
    assert loss.item() == pytest.approx(model.train_on_batch(TABLE, targets), rel=1e-5)
    model.train_on_batch(TABLE, targets)
    for a, b in zip(after, model.get_weights()):
        near(a, b)
    stacked = [torch.stack([w, w + 1]) for w in weights]
    losses = torch.func.vmap(lambda w: model.stateless_step(w, None, *data)[0])(stacked)
    near(losses[0], loss)


def test_gradients_of_functions_of_tensors(backend):
    x, y = Placeholder((None, 3)), Placeholder((3,))

    def function(a, b):
        return a**3 * b, a.sum()

    results = native(function, [x, y], [((None, 3), "float32"), Spec((), "float32")])
    slope = K.gradients(K.sum(results[0]) + 2 * results[1], [x, y])
    further = K.gradients(slope[0], [x, y])
    a, b = TABLE[:, :3], np.array([1, 2, 3], "float32")
    found = Function([x, y], [*slope, *further])([a, b])
    expected = [3 * a**2 * b + 2, (a**3).sum(0), 6 * a * b, (3 * a**2).sum(0)]
    for got, wanted in zip(found, expected):
        near(got, wanted)


def test_gradients_of_functions_of_any_number_of_tensors(backend):
    x, y = Placeholder((3,)), Placeholder((3,))
    (z,) = native(lambda *all: all[0] * all[1] ** 2, [x, y], [((3,), "float32")])
    slope = K.gradients(z, [x, y])
    values = [np.array([1, 2, 3], "float32"), np.array([4, 5, 6], "float32")]
    found = Function([x, y], [*slope, *K.gradients(slope[1], [x, y])])(values)
    a, b = values
    for got, wanted in zip(found, [b**2, 2 * a * b, 2 * b, 2 * a]):
        near(got, wanted)
