"""The code that programs become: in place where nobody sees it, and never where somebody does."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from keras_core import backend as K
from keras_core.graph import Placeholder, Update, Variable, evaluate
from keras_core.graph import primitives as p
from keras_core.layers import GRU, LSTM, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras_core.models import Sequential, clone_model
from keras_core.utils import set_random_seed
from keras_torch import products
from keras_torch.compiler import compiled as compiler
from keras_torch.compiler.updates import has_kernel
from keras_torch.lowering.pooling import Pooling

RANDOM = np.random.RandomState(0)
X = RANDOM.uniform(-1, 1, (3, 4)).astype("float32")


def reference(inputs, outputs, arrays):
    return evaluate(outputs, dict(zip(inputs, arrays)))


def test_chains_are_computed_in_place(compiled):
    x = Placeholder((3, 4))
    y = p.exp(p.negative(p.square(x)))
    run = compiled([x], [y])
    np.testing.assert_allclose(run(X)[0], np.exp(-np.square(X)), rtol=1e-6)
    assert run.source((3, 4)).count("out=") == 2


def test_what_is_read_again_is_not_written_over(compiled):
    x = Placeholder((3, 4))
    a = p.exp(x)
    inputs, outputs = [x], [p.add(p.negative(a), p.square(a)), p.sqrt(a)]
    run = compiled(inputs, outputs)
    for found, expected in zip(run(X), reference(inputs, outputs, [X])):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_memory_that_is_seen_twice_is_not_written_over(compiled):
    x = Placeholder((4, 4))
    a = p.exp(x)
    inputs, outputs = [x], [p.add(p.square(a), p.transpose(a, perm=(1, 0)))]
    square = RANDOM.uniform(-1, 1, (4, 4)).astype("float32")
    (found,) = compiled(inputs, outputs)(square)
    np.testing.assert_allclose(found, reference(inputs, outputs, [square])[0], rtol=1e-5)


def test_what_is_spread_is_not_written_over(compiled):
    x = Placeholder((1, 4))
    y = p.exp(p.broadcast_to(p.negative(x), shape=(3, 4)))
    (found,) = compiled([x], [y])(X[:1])
    np.testing.assert_allclose(found, np.tile(np.exp(-X[:1]), (3, 1)), rtol=1e-6)


def test_inputs_stay_as_they_are(compiled):
    x, array = Placeholder((3, 4)), X.copy()
    compiled([x], [p.exp(p.identity(x))])(array)
    np.testing.assert_array_equal(array, X)


@pytest.mark.parametrize("array", [X[::-1], X.T.copy().T, np.broadcast_to(X[:1], (3, 4))])
def test_inputs_of_any_order_in_memory(compiled, array):
    x = Placeholder((3, 4))
    array.flags.writeable = False
    np.testing.assert_array_equal(compiled([x], [p.negative(x)])(array)[0], -array)


def test_outputs_are_the_caller_s_own(compiled):
    x, v = Placeholder((3, 4)), Variable(X)
    outputs = [x, v, v, p.reshape(v, shape=(12,)), p.add(x, v)]
    array = X.copy()
    run = compiled([x], [*outputs, outputs[-1]])
    found = run(array)
    for result in found:
        result.fill(7)
    np.testing.assert_array_equal(array, X)
    np.testing.assert_array_equal(v.get_value(), X)
    again = run(array)
    assert not any(np.shares_memory(a, b) for a in again for b in found)
    assert not np.shares_memory(again[0], again[1])


def test_values_are_computed_before_variables_change(compiled):
    a, b = Variable([1.0, 2.0]), Variable([10.0, 20.0])
    run = compiled([], [a, p.add(a, b)], [Update(a, b), Update(b, p.subtract(a, b))])
    old, total = run()
    assert old.tolist() == [1, 2] and total.tolist() == [11, 22]
    assert a.get_value().tolist() == [10, 20] and b.get_value().tolist() == [-9, -18]


def test_values_are_computed_right_into_variables(compiled):
    v, x = Variable(X), Placeholder((3, 4))
    run = compiled([x], [p.square(v)], [Update(v, p.subtract(v, p.exp(x)))])
    (seen,) = run(X)
    np.testing.assert_allclose(seen, np.square(X), rtol=1e-6)
    np.testing.assert_allclose(v.get_value(), X - np.exp(X), rtol=1e-5, atol=1e-6)
    assert "copy_" not in run.source((3, 4))


def test_outputs_made_of_new_values_are_the_caller_s_own(compiled):
    v = Variable(X)
    new = p.add(v, v)
    outputs = [p.reshape(new, shape=(12,)), p.square(p.reshape(new, shape=(4, 3)))]
    run = compiled([], outputs, [Update(v, new)])
    first, square = run()
    np.testing.assert_array_equal(first, 2 * X.ravel())
    np.testing.assert_allclose(square, np.square(2 * X).reshape(4, 3), rtol=1e-6)
    run()
    np.testing.assert_array_equal(first, 2 * X.ravel())
    np.testing.assert_array_equal(v.get_value(), 4 * X)


def test_a_variable_has_one_tensor_for_life(compiled):
    v = Variable(X)
    run = compiled([], [v], [Update(v, p.negative(v))])
    run()
    storage = v.storage
    v.set_value(np.ones((3, 4)))
    assert v.storage is storage
    assert run()[0].tolist() == np.ones((3, 4)).tolist()


def test_a_run_that_fails_changes_nothing(compiled):
    table, count, rows = Variable(X), Variable(0.0), Placeholder((2,), "int32")
    updates = [Update(count, p.add(count, p.scalar(1.0, "float32")))]
    run = compiled([rows], [p.gather(table, rows, axis=0)], updates)
    run(np.array([0, 2], "int32"))
    for wrong in ([0, 3], [-1, 0]):
        with pytest.raises(IndexError, match="in gather, built by"):
            run(np.array(wrong, "int32"))
    assert count.get_value() == 1


def steps_of(optimizer, epochs=3):
    set_random_seed(3)
    model = Sequential([Dense(5, activation="tanh", input_shape=(4,)), Dense(2)])
    model.compile(optimizer, "mse")
    model.fit(X, X[:, :2], epochs=epochs, verbose=0)
    return model


def test_adam_is_one_call(monkeypatch, backend):
    has_kernel(backend.device)
    calls, fused = [], torch._fused_adam_

    def counted(*args, **kwargs):
        calls.append(len(args[0]))
        fused(*args, **kwargs)

    monkeypatch.setattr(torch, "_fused_adam_", counted)
    steps_of("adam")
    assert calls == [4] * 3


def test_adam_is_the_same_where_pytorch_has_no_kernel_for_it(monkeypatch, backend):
    fused = steps_of("adam").get_weights()
    K.clear_session()
    monkeypatch.delattr(torch, "_fused_adam_")
    has_kernel.cache_clear()
    try:
        plain = steps_of("adam").get_weights()
        assert not has_kernel(backend.device)
    finally:
        has_kernel.cache_clear()
        K.clear_session()
    for a, b in zip(fused, plain):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_adam_is_its_formula():
    from keras_core.optimizers import Adam

    model = steps_of(Adam(0.1, beta_1=0.8, beta_2=0.9, epsilon=0.5), epochs=0)
    (x,), kernel = model.inputs, model.weights[2]
    gradient = K.function([x], K.gradients(K.mean(K.square(model.output - X[:, :2])), [kernel]))
    value, m, v = kernel.get_value(), 0, 0
    for t in range(1, 4):
        g = gradient([X])[0]
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g**2
        rate = 0.1 * np.sqrt(1 - 0.9**t) / (1 - 0.8**t)
        value = value - rate * m / (np.sqrt(v) + 0.5)
        model.train_on_batch(X, X[:, :2])
        np.testing.assert_allclose(kernel.get_value(), value, rtol=1e-4, atol=1e-6)


def images():
    return Sequential(
        [
            Conv2D(3, 3, activation="relu", padding="same", strides=2, input_shape=(None, None, 2)),
            MaxPooling2D(padding="same"),
            Conv2D(2, 2, padding="same"),
        ]
    )


def series():
    return Sequential([LSTM(3, return_sequences=True, input_shape=(None, 2)), GRU(2), Dropout(0.5)])


@pytest.mark.parametrize(("build", "shape"), [(images, (2, 9, 8, 2)), (series, (2, 5, 2))])
def test_code_for_any_sizes_does_what_code_for_known_ones_does(monkeypatch, build, shape):
    model, data = build(), RANDOM.uniform(-1, 1, shape).astype("float32")
    model.compile("sgd", "mse")
    target = np.ones_like(model.predict(data))
    weights = model.get_weights()
    set_random_seed(5)
    model.train_on_batch(data, target)
    monkeypatch.setattr(compiler, "MOST_EXACT", 0)
    K.clear_session()
    other = clone_model(model)
    other.set_weights(weights)
    other.compile("sgd", "mse")
    np.testing.assert_allclose(other.predict(data).shape, target.shape)
    other.train_on_batch(data, target)
    if build is images:
        for a, b in zip(model.get_weights(), other.get_weights()):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_code_is_written_once_for_models_of_one_architecture(monkeypatch):
    written, code = [], compiler.Template.code
    monkeypatch.setattr(
        compiler.Template, "code", lambda *args: written.append(args) or code(*args)
    )
    K.clear_session()
    first = steps_of("adam")
    assert len(written) == 1
    second = steps_of("adam")
    assert len(written) == 1
    for a, b in zip(first.weights, second.weights):
        assert a.storage.data_ptr() != b.storage.data_ptr()
        np.testing.assert_array_equal(a.get_value(), b.get_value())


def test_models_go_with_their_tensors():
    storage = weakref.ref(steps_of("adam").weights[0].storage)
    K.clear_session()
    gc.collect()
    assert storage() is None


def test_memory_of_temporaries_is_given_back(compiled):
    x = Placeholder((3, 4))
    ones, options = Variable(np.ones((4, 2))), {"contract": ((1,), (0,)), "batch": ((), ())}
    y = p.reduce_sum(p.dot(p.exp(x), ones, **options), axes=(0,), keepdims=False)
    assert compiled([x], [y]).source((3, 4)).count("del ") == 2


def test_windows_are_looked_at_once(monkeypatch):
    calls, plain = [], Pooling.maximum_with_places
    monkeypatch.setattr(
        Pooling, "maximum_with_places", lambda *args: calls.append(args) or plain(*args)
    )
    model = Sequential([Conv2D(3, 3, input_shape=(8, 8, 2)), MaxPooling2D(), Flatten(), Dense(1)])
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((2, 8, 8, 2)), np.ones((2, 1)))
    assert len(calls) == 1


def test_buffers_of_loops_are_nobody_else_s():
    model = Sequential([GRU(3, return_sequences=True, input_shape=(4, 2))])
    data = RANDOM.uniform(-1, 1, (2, 3, 4, 2)).astype("float32")
    first = model.predict_on_batch(data[0])
    kept = first.copy()
    model.predict_on_batch(data[1])
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("missing", [False, True])
def test_large_products_are_products(compiled, monkeypatch, missing):
    if missing:
        monkeypatch.setattr(torch, "ops", SimpleNamespace(mkldnn=SimpleNamespace()))
    products.has_product.cache_clear()
    a = RANDOM.uniform(-1, 1, (64, 300)).astype("float32")
    b = RANDOM.uniform(-1, 1, (300, 200)).astype("float32")
    x, y, bias = Placeholder((64, 300)), Placeholder((300, 200)), Placeholder((200,))
    product = p.dot(x, y, contract=((1,), (0,)), batch=((), ()))
    run = compiled([x, y, bias], [p.add(product, bias), p.transpose(product, perm=(1, 0))])
    found = run(a, b, a[0, :200])
    np.testing.assert_allclose(found[0], a @ b + a[0, :200], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found[1], (a @ b).T, rtol=1e-4, atol=1e-4)
    assert not (missing and products.has_product())
    products.has_product.cache_clear()


def test_equal_draws_of_equal_seeds_and_others_of_others(compiled):
    def drawn(stream, step):
        noise = p.random_normal(shape=(50,), dtype="float32", stream=stream)
        return compiled([], [noise])(step=step)[0]

    np.testing.assert_array_equal(drawn(1, 0), drawn(1, 0))
    assert len({tuple(drawn(*place)) for place in [(1, 0), (1, 1), (2, 0), (2, 1)]}) == 4


def test_a_native_function_may_use_autograd(compiled):
    def slope(x):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            return torch.autograd.grad(x.pow(3).sum(), x)[0]

    v = Variable(X)
    node = p.native(v, fn=slope, backend="torch", specs=(v.spec,))[0]
    np.testing.assert_allclose(compiled([], [node])()[0], 3 * X**2, rtol=1e-5)
