"""Models under JAX's own transformations, weights given as arguments."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from keras_core import backend as K
from keras_core.layers import (
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
)
from keras_core.models import Sequential, clone_model

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4)).astype("float32")
Y = RNG.normal(size=(12, 2)).astype("float32")
IMAGES = RNG.normal(size=(5, 8, 8, 2)).astype("float32")


def small():
    model = Sequential([Dense(3, activation="tanh", input_shape=(4,)), Dense(2)])
    model.compile("sgd", "mse")
    return model


def by_hand(weights, x):
    a, b, c, d = weights
    return jnp.tanh(x @ a + b) @ c + d


def close(found, wanted):
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("wrapped", [lambda f: f, jax.jit], ids=["plain", "jit"])
def test_outputs_are_those_of_the_formula(wrapped):
    model = small()
    weights = model.get_weights()
    found = wrapped(lambda w, x: model.stateless(w, x))(weights, X)
    assert isinstance(found, jax.Array)
    close([found], [by_hand(weights, X)])
    close([found], [model.predict(X)])


@pytest.mark.parametrize("wrapped", [lambda f: f, jax.jit], ids=["plain", "jit"])
def test_gradients_are_those_of_the_formula(wrapped):
    model = small()
    weights = [*map(jnp.asarray, model.get_weights())]

    def loss(outputs):
        return jnp.mean(jnp.square(outputs - Y))

    found = wrapped(jax.grad(lambda w: loss(model.stateless(w, X))))(weights)
    close(found, jax.grad(lambda w: loss(by_hand(w, X)))(weights))


def test_second_derivatives_are_those_of_the_formula():
    model = small()
    weights = [*map(jnp.asarray, model.get_weights())]
    found = jax.hessian(lambda x: model.stateless(weights, x[None])[0, 0])(X[0])
    close([found], [jax.hessian(lambda x: by_hand(weights, x[None])[0, 0])(X[0])])


def test_vmap_runs_many_sets_of_weights():
    model = small()
    sets = [[w * scale for w in model.get_weights()] for scale in (0.5, 1.0, 2.0)]
    stacked = [jnp.stack(ws) for ws in zip(*sets)]
    found = jax.vmap(lambda w: model.stateless(w, X))(stacked)
    close(found, [by_hand(ws, X) for ws in sets])


def test_gradients_of_images_and_sequences_are_those_of_k():
    model = Sequential(
        [
            Conv2D(3, 3, padding="same", activation="relu", input_shape=(8, 8, 2)),
            MaxPooling2D(),
            Flatten(),
            Dense(2, activation="softmax"),
        ]
    )
    _gradients_are_those_of_k(model, IMAGES)
    model = Sequential([LSTM(3, input_shape=(4, 3)), Dense(1)])
    _gradients_are_those_of_k(model, RNG.normal(size=(3, 4, 3)).astype("float32"))


def _gradients_are_those_of_k(model, x):
    loss = K.sum(K.square(model.output))
    wanted = K.function([model.input], K.gradients(loss, model.trainable_weights))([x])
    weights = [*map(jnp.asarray, model.get_weights())]
    close(jax.grad(lambda w: jnp.sum(jnp.square(model.stateless(w, x))))(weights), wanted)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_steps_are_those_of_training(optimizer):
    model = Sequential([Dense(3, input_shape=(4,)), BatchNormalization(), Dense(2)])
    model.compile(optimizer, "mse")
    twin = clone_model(model)
    twin.set_weights(model.get_weights())
    twin.compile(optimizer, "mse")
    step = jax.jit(lambda w, s, x, y: model.stateless_step(w, s, x, y))
    weights, state = model.get_weights(), None
    loss, weights, state = model.stateless_step(weights, state, X, Y)
    losses = [loss]
    for _ in range(3):
        loss, weights, state = step(weights, state, X, Y)
        losses.append(loss)
    close(losses, [twin.train_on_batch(X, Y) for _ in range(4)])
    close(weights, twin.get_weights())


def test_draws_are_repeatable_and_can_be_traced():
    model = Sequential([Dropout(0.5, input_shape=(200,))])
    x, weights = np.ones((2, 200), "float32"), []

    def draw(seed, step):
        return model.stateless(weights, x, training=True, draws=(seed, step))

    plain = np.asarray(draw(3, 5))
    np.testing.assert_array_equal(jax.jit(draw)(3, 5), plain)
    assert np.any(draw(3, 6) != plain) and np.any(draw(4, 5) != plain)
    several = jax.vmap(lambda step: draw(3, step))(jnp.arange(4, 8))
    np.testing.assert_array_equal(several[1], plain)
    assert 0.4 < np.mean(plain == 0) < 0.6


def test_an_explicit_seed_ignores_that_of_the_run():
    x = K.placeholder((2,))
    model_of = [K.random_uniform((50,), seed=7), K.random_uniform((50,))]
    function = K.function([x], model_of)
    from keras_core.plugins import Draws, load_backend

    pure = load_backend("jax").functional(function.program(0))
    one, two = (
        jax.jit(lambda s: pure([], [], [np.zeros(2, "float32")], Draws(s, 1))[0]) for _ in "ab"
    )
    (own_1, run_1), (own_2, run_2) = one(1), two(2)
    np.testing.assert_array_equal(own_1, own_2)
    assert np.any(run_1 != run_2)


def test_the_precision_that_the_user_set_is_left_alone():
    model = small()
    model.fit(X, Y, verbose=0)
    jax.grad(lambda w: jnp.sum(model.stateless(w, X)))([*map(jnp.asarray, model.get_weights())])
    assert not jax.config.jax_enable_x64
    assert jnp.arange(3.0).dtype == "float32" and jnp.asarray(np.arange(3)).dtype == "int32"
