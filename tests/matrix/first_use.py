"""First use by eight threads at once, in a process of its own: `first_use.py KIND`.

What the threads get is compared with what one thread gets afterwards, or with a closed form.
"""

from __future__ import annotations

import os
import sys
import tempfile

import numpy as np
from at_once import THREADS, at_once

import keras_core as keras


def data(seed=0, rows=6):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)


def network(activation="tanh", **first):
    layers = keras.layers
    return keras.models.Sequential(
        [layers.Dense(4, activation=activation, **first), layers.Dense(1)]
    )


def built(seed=1, **options):
    model = network(input_shape=(3,), **options)
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def expected(model, x, activation=np.tanh):
    w, b, v, c = model.get_weights()
    return activation(x @ w + b) @ v + c


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def modules():
    """Each thread asks for another part of the package first."""
    names = ("layers", "models", "backend", "callbacks", "metrics", "utils", "optimizers", "engine")

    def work(name):
        getattr(keras, name)
        return keras.layers.Dense(2, name=name).name

    assert at_once(work, names) == list(names)


def predict():
    model = built()
    wanted = expected(model, data()[0])
    for got in at_once(lambda i: model.predict(data()[0])):
        close(got, wanted)


def shapes():
    """As `predict`, with batches of as many sizes as there are threads."""
    model = built()
    for i, got in enumerate(at_once(lambda i: model.predict(data(rows=i + 1)[0]))):
        close(got, expected(model, data(rows=i + 1)[0]))


def deferred():
    """The model has no weights before the first prediction, and is not wholly compiled."""
    model = network()
    model.compile("sgd", "mse", metrics=["mae"])
    got = at_once(lambda i: model.predict(data(i)[0]))
    assert [w.shape for w in model.get_weights()] == [(3, 4), (4,), (4, 1), (1,)]
    for i, y in enumerate(got):
        close(y, expected(model, data(i)[0]))
    losses = [loss for loss, _ in at_once(lambda i: model.evaluate(*data(i), verbose=0))]
    for i, loss in enumerate(losses):
        x, y = data(i)
        close(loss, np.square(expected(model, x) - y).mean())


def fit():
    """Models of their own."""

    def work(seed):
        model = built(seed)
        model.compile("adam", "mse")
        model.fit(*data(seed), epochs=2, batch_size=4, shuffle=False, verbose=0)
        return model.get_weights()

    for seed, weights in enumerate(at_once(work)):
        for got, wanted in zip(weights, work(seed)):
            close(got, wanted)


def one_step():
    """All threads train one model, whose learning rate of 0 leaves nothing to chance."""
    model = built()
    model.compile(keras.optimizers.Adam(0.0), "mse")
    wanted = np.square(expected(model, data()[0]) - data()[1]).mean()
    for loss in at_once(lambda i: model.train_on_batch(*data())):
        close(loss, wanted)
    before = keras.backend.get_value(model.optimizer.iterations)
    model.train_on_batch(*data())
    assert keras.backend.get_value(model.optimizer.iterations) == before + 1


def evaluate():
    model = built()
    model.compile("sgd", "mse")
    wanted = np.square(expected(model, data()[0]) - data()[1]).mean()
    for loss in at_once(lambda i: model.evaluate(*data(), verbose=0)):
        close(loss, wanted)


def load():
    """Each with an object of its own under the same name."""

    def scaled(x):
        return x

    keras.utils.get_custom_objects()["scaled"] = abs
    factors = [i + 1.0 for i in range(THREADS)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.h5")
        model = built(activation=scaled)
        model.save(path)

        def work(factor):
            def scaled(x):
                return x * factor

            loaded = keras.models.load_model(path, custom_objects={"scaled": scaled})
            assert loaded.get_layer(index=0).activation is scaled
            return loaded.predict(data()[0])

        for factor, got in zip(factors, at_once(work, factors)):
            close(got, expected(model, data()[0], lambda x, factor=factor: x * factor))
    assert keras.utils.get_custom_objects()["scaled"] is abs


def save():
    model = built()
    model.compile("adam", "mse")
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, f"{i % 4}.h5") for i in range(THREADS)]
        at_once(model.save, paths)
        for path in paths:
            for got, wanted in zip(
                keras.models.load_model(path).get_weights(), model.get_weights()
            ):
                np.testing.assert_array_equal(got, wanted)


def build():
    """Names are unique; a layer that all threads call keeps a record of each call."""
    shared = keras.layers.Dense(2)

    def work(i):
        x = keras.layers.Input((3,))
        model = keras.models.Model(x, keras.layers.Dense(1)(shared(x)))
        return model, shared.get_output_at(0)

    models = [model for model, _ in at_once(work)]
    layers = {layer for model in models for layer in model.layers}
    names = [layer.name for layer in (*models, *layers)]
    assert len(set(names)) == len(names) == 1 + 3 * THREADS, names
    assert len(shared.weights) == 2 and len(shared._inbound_nodes) == THREADS
    for model in models:
        w, b, v, c = model.get_weights()
        close(model.predict(data()[0]), (data()[0] @ w + b) @ v + c)


def function():
    K = keras.backend
    x, v = K.placeholder((None, 3)), K.variable(np.arange(3.0))
    double = K.function([x, K.learning_phase()], [K.in_train_phase(x * v, x + v)])
    assert len({id(phase) for phase in at_once(lambda i: K.learning_phase())}) == 1

    def work(i):
        return double([data(i)[0], i % 2])[0]

    for i, got in enumerate(at_once(work)):
        a, b = data(i)[0], np.arange(3.0)
        close(got, a * b if i % 2 else a + b)


def choice():
    """A backend is chosen while other threads find out which one there is, and used at once."""
    from keras_core.plugins import backend_name, current_backend

    name = os.environ["KERAS_BACKEND"]
    os.environ["KERAS_BACKEND"] = ""

    def work(i):
        if i == 0:
            keras.set_backend(name)
            return backend_name()
        with keras.use_backend(name):
            assert current_backend().name == name
            return float(keras.backend.eval(keras.backend.constant(i) * 2.0))

    assert at_once(work) == [name, *(2.0 * i for i in range(1, THREADS))]
    assert backend_name() == name


KINDS = (
    *(modules, predict, shapes, deferred, fit, one_step, evaluate),
    *(load, save, build, function, choice),
)

if __name__ == "__main__":
    sys.setswitchinterval(1e-5)
    {kind.__name__: kind for kind in KINDS}[sys.argv[1]]()
