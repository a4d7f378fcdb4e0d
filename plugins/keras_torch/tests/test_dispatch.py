"""PyTorch's functions on symbolic tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from keras_core import backend as K
from keras_core.layers import Dense, Input, Lambda
from keras_core.models import Model, Sequential

RANDOM = np.random.RandomState(0)
X = RANDOM.uniform(-1, 1, (5, 4)).astype("float32")


def near(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_function_in_a_lambda_layer_has_its_gradient():
    x = Input((4,))
    y = Lambda(lambda t: functional.gelu(t))(x)
    assert K.int_shape(y) == (None, 4)
    tensor = torch.tensor(X, requires_grad=True)
    expected = functional.gelu(tensor)
    expected.sum().backward()
    found = K.function([x], [y, *K.gradients(K.sum(y), x)])([X])
    near(found[0], expected.detach())
    near(found[1], tensor.grad)


def test_models_with_functions_train():
    model = Sequential([Lambda(torch.exp, input_shape=(4,)), Dense(1)])
    model.compile("sgd", "mse")
    first = model.train_on_batch(X, X[:, :1])
    for _ in range(20):
        last = model.train_on_batch(X, X[:, :1])
    assert last < first


def test_sizes_that_are_not_known_keep_their_names():
    x = K.placeholder((None, 4))
    y = torch.cat([x, torch.sin(x)], -1)
    assert y.shape == (None, 8)
    y = y + K.concatenate([x, x], -1)
    z = torch.reshape(y, (-1, 4))
    assert z.shape == (None, 4)
    near(K.function([x], [z])([X])[0].shape, (10, 4))


def test_several_results_and_dtypes():
    x = K.placeholder((None, 4))
    best = torch.max(x, 1)
    assert best.indices.dtype == "int64" and best.values.shape == (None,)
    values, places = K.function([x], [best.values, best.indices])([X])
    near(values, X.max(1))
    np.testing.assert_array_equal(places, X.argmax(1))


def test_derivatives_of_any_order():
    x = K.placeholder((3,))
    y = torch.exp(2 * x)
    found = []
    for _ in range(3):
        (y,) = K.gradients(y, x)
        found.append(y)
    values = K.function([x], found)([X[0, :3]])
    for order, value in enumerate(values, 1):
        near(value, 2.0**order * np.exp(2 * X[0, :3]))


def test_functions_of_tensors_of_both_kinds():
    x, matrix = K.placeholder((None, 4)), torch.arange(8.0).reshape(4, 2)
    near(K.function([x], [torch.matmul(x, matrix)])([X])[0], X @ matrix.numpy())


def test_modules_of_pytorch_are_called():
    torch.manual_seed(0)
    module = torch.nn.Linear(4, 2)
    model = Sequential([Lambda(module, input_shape=(4,))])
    near(model.predict(X), module(torch.from_numpy(X)).detach())


def test_a_shape_that_depends_on_values_is_refused():
    with pytest.raises(Exception, match="nonzero|dynamic|data"):
        torch.nonzero(K.placeholder((None, 4)))


def test_a_model_with_functions_is_called_on_tensors():
    x = Input((4,))
    model = Model(x, Lambda(lambda t: torch.tanh(t) * 2)(x))
    tensor = torch.tensor(X, requires_grad=True)
    model(tensor).sum().backward()
    near(tensor.grad, 2 * (1 - np.tanh(X) ** 2))
