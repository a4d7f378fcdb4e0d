"""Layers and models on JAX's arrays, JAX's functions in models, JAX's arrays as data."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from keras_core import backend as K
from keras_core.graph import Function, Placeholder, gradients
from keras_core.layers import BatchNormalization, Dense, Dropout, Embedding, Flatten, Lambda
from keras_core.models import Sequential
from keras_core.plugins.authoring import native
from keras_core.utils import set_random_seed

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 4)).astype("float32")


def model():
    return Sequential([Dense(3, activation="tanh", input_shape=(4,)), Dense(2)])


@pytest.mark.parametrize("wrapped", [lambda f: f, jax.jit], ids=["plain", "jit"])
def test_outputs_are_those_of_predict(wrapped):
    network = model()
    y = wrapped(lambda x: network(x))(jnp.asarray(X))
    assert isinstance(y, jax.Array)
    np.testing.assert_allclose(y, network.predict(X), rtol=1e-5, atol=1e-6)


def test_gradients_by_inputs():
    network = model()
    found = jax.grad(lambda x: jnp.sum(jnp.square(network(x))))(jnp.asarray(X))
    wanted = K.gradients(K.sum(K.square(network.output)), network.input)
    np.testing.assert_allclose(found, K.function([network.input], wanted)([X])[0], rtol=1e-4)


def test_one_layer_under_vmap():
    layer = Dense(2)
    y = jax.vmap(lambda row: layer(row[None])[0])(jnp.asarray(X))
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(y, X @ kernel + bias, rtol=1e-5, atol=1e-6)


def test_words_of_another_dtype_are_cast():
    layer = Embedding(3, 2)
    y = layer(jnp.asarray([[0, 2], [1, 1]]))
    np.testing.assert_array_equal(y, layer.get_weights()[0][[[0, 2], [1, 1]]])


@pytest.mark.parametrize("wrapped", [lambda f: f, jax.jit], ids=["plain", "jit"])
def test_training_updates_the_statistics(wrapped):
    network = Sequential([BatchNormalization(momentum=0.9, input_shape=(4,))])
    y = wrapped(lambda x: network(x, training=True))(jnp.asarray(X))
    jax.effects_barrier()
    np.testing.assert_allclose(y.mean(0), np.zeros(4), atol=1e-5)
    np.testing.assert_allclose(network.get_weights()[2], 0.1 * X.mean(0), rtol=1e-4, atol=1e-6)
    network(jnp.asarray(X), training=True)
    np.testing.assert_allclose(network.get_weights()[2], 0.19 * X.mean(0), rtol=1e-4, atol=1e-6)


def test_calls_draw_anew_and_a_seed_repeats_them():
    layer, x = Dropout(0.5), jnp.ones((3, 100))

    def draw():
        set_random_seed(4)
        return [np.asarray(layer(x, training=True)) for _ in range(2)]

    (a, b), (c, _) = draw(), draw()
    assert np.any(a != b)
    assert 0.3 < np.mean(a == 0) < 0.7 and c.shape == a.shape


def test_arrays_are_data():
    network = model()
    network.compile("sgd", "mse")
    x, y = jnp.asarray(X), jnp.zeros((6, 2))
    history = network.fit(x, y, epochs=2, batch_size=4, validation_split=0.3, verbose=0)
    assert len(history.history["val_loss"]) == 2
    network.fit([x], [y], sample_weight=jnp.ones(6), validation_data=(x, y), verbose=0)
    np.testing.assert_allclose(
        network.evaluate(x, y, verbose=0), network.evaluate(X, np.zeros((6, 2)), verbose=0)
    )
    np.testing.assert_array_equal(network.predict(x), network.predict(X))
    assert np.isfinite(network.train_on_batch(x, y))


def test_a_function_of_jax_has_its_gradients():
    x = Placeholder((None, 4))
    (y,) = native(lambda a: jnp.sin(a) * a, [x], [(x.shape, x.dtype)])
    (g,) = gradients([y], [x])
    (h,) = gradients([g], [x])
    values = Function([x], [y, g, h])([X])
    wanted = [np.sin(X) * X, np.cos(X) * X + np.sin(X), 2 * np.cos(X) - np.sin(X) * X]
    for a, b in zip(values, wanted):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_a_function_of_several_arrays_some_of_them_integers():
    x, n = Placeholder((3,)), Placeholder((3,), "int32")
    y, m = native(lambda a, b: (a * b, b + 1), [x, n], [((3,), "float32"), ((3,), "int32")])
    (g,) = gradients([y], [x])
    results = Function([x, n], [y, m, g])([np.full(3, 2.0), np.arange(3)])
    for found, wanted in zip(results, ([0, 2, 4], [1, 2, 3], [0, 1, 2])):
        np.testing.assert_array_equal(found, wanted)


def test_a_layer_of_jax_trains():
    gate = Lambda(lambda t: native(jax.nn.swish, [t], [(t.shape, t.dtype)])[0], name="gate")
    network = Sequential([Dense(3, input_shape=(4,)), gate, Dense(1)])
    network.compile("sgd", "mse")
    y = X[:, :1]
    first = network.train_on_batch(X, y)
    network.fit(X, y, epochs=30, verbose=0)
    assert network.evaluate(X, y, verbose=0) < first


def test_a_function_that_lies_is_refused():
    x = Placeholder((2, 3))
    (y,) = native(lambda a: a[0], [x], [(x.shape, x.dtype)])
    with pytest.raises(ValueError, match="was declared"):
        Function([x], [y])([np.zeros((2, 3))])


def test_a_function_that_asks_for_numbers_is_run_eagerly(eager):
    x = Placeholder((3,))
    (y,) = native(lambda a: a * int(a[0]), [x], [((3,), "float32")])
    function = Function([x], [y])
    for first in (2, 3):
        np.testing.assert_array_equal(function([[first, 1, 1]])[0], [first**2, first, first])
    assert [run.names for run in eager] == [{"native"}] * 2


def flat():
    network = Sequential([Embedding(5, 2, input_length=3, name="words"), Flatten(), Dense(1)])
    network.compile("sgd", "mse")
    return network


def test_an_index_out_of_range_changes_nothing():
    network = flat()
    before = network.get_weights()
    for bad in (7, -1):
        with pytest.raises(IndexError, match="layer 'words'"):
            network.fit(np.full((40, 3), bad), np.zeros((40, 1)), batch_size=1, verbose=0)
    for a, b in zip(before, network.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_an_index_out_of_range_in_a_trace_gives_no_number():
    network = flat()
    rows = jax.jit(lambda i: network.layers[0](i))(jnp.asarray([[0, 5, -1]]))
    assert np.isnan(rows).tolist() == [[[False] * 2, [True] * 2, [True] * 2]]
    with pytest.raises(IndexError, match="index 2"):
        x = Placeholder((None,), "int32")
        from keras_core.graph import primitives as p

        doubled = p.gather(p.cast(x, dtype="float32"), p.add(x, x), axis=0)
        Function([x], [doubled], jit_compile=False)([[0, 1]])


def test_an_error_of_jax_names_the_layer():
    bad = Lambda(lambda t: native(lambda a: a @ a, [t], [(t.shape, t.dtype)])[0], name="square")
    network = Sequential([Dense(3, input_shape=(4,)), bad])
    with pytest.raises(Exception, match="layer 'square'"):
        network.predict(X)
