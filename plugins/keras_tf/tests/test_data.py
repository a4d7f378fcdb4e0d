"""`tf.data.Dataset` in fit, evaluate and predict, against arrays with the same batches."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_core.callbacks import Callback
from keras_core.layers import Dense, Input, add
from keras_core.models import Model, Sequential

RANDOM = np.random.RandomState(0)
X = RANDOM.uniform(size=(22, 4)).astype("float32")
Y = X.sum(1, keepdims=True)
WEIGHTS = RANDOM.uniform(size=22).astype("float32")


def model(weights=None):
    made = Sequential([Dense(3, activation="tanh", input_shape=(4,)), Dense(1)])
    made.set_weights(weights or [RANDOM.uniform(-1, 1, w.shape) for w in made.get_weights()])
    made.compile("sgd", "mse", metrics=["mae"])
    return made


def both():
    first = model()
    return first, model(first.get_weights())


def batched(*arrays, size=5):
    return tf.data.Dataset.from_tensor_slices(arrays).batch(size)


def assert_equal_weights(a, b):
    for x, y in zip(a.get_weights(), b.get_weights()):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("arrays", [(X, Y), (X, Y, WEIGHTS)], ids=["plain", "weighted"])
def test_fit_and_its_history_are_those_of_arrays(arrays):
    on_data, on_arrays = both()
    found = on_data.fit(batched(*arrays), epochs=3, verbose=0)
    x, y, weight = (*arrays, None)[:3]
    options = {"batch_size": 5, "epochs": 3, "shuffle": False, "verbose": 0}
    expected = on_arrays.fit(x, y, sample_weight=weight, **options)
    assert_equal_weights(on_data, on_arrays)
    for name, values in expected.history.items():
        np.testing.assert_allclose(found.history[name], values, rtol=1e-5)


def test_validation_data_and_evaluate_are_those_of_arrays():
    on_data, on_arrays = both()
    data = batched(X, Y)
    options = {"epochs": 2, "verbose": 0}
    found = on_data.fit(data, validation_data=data, **options).history
    options.update(batch_size=5, shuffle=False)
    expected = on_arrays.fit(X, Y, validation_data=(X, Y), **options).history
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5)
    expected = on_arrays.evaluate(X, Y, batch_size=5, verbose=0)
    np.testing.assert_allclose(on_data.evaluate(data, verbose=0), expected, rtol=1e-5)


@pytest.mark.parametrize("arrays", [(X,), (X, Y)])
def test_predict_takes_inputs_with_or_without_targets(arrays):
    made = model()
    np.testing.assert_allclose(
        made.predict(batched(*arrays)), made.predict(X), rtol=1e-5, atol=1e-6
    )


def test_predict_takes_a_data_set_of_bare_arrays():
    made = model()
    data = tf.data.Dataset.from_tensor_slices(X).batch(4)
    np.testing.assert_allclose(made.predict(data), made.predict(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("form", [tuple, lambda pair: dict(zip(("a", "b"), pair))])
def test_several_inputs_as_a_tuple_or_by_name(form):
    a, b = Input((4,), name="a"), Input((4,), name="b")
    made = Model([a, b], Dense(1)(add([a, b])))
    made.compile("sgd", "mse")
    data = tf.data.Dataset.from_tensor_slices((form((X, 2 * X)), Y)).batch(22)
    expected = made.evaluate([X, 2 * X], Y, batch_size=22, verbose=0)
    np.testing.assert_allclose(made.evaluate(data, verbose=0), expected, rtol=1e-5)


class Counter(Callback):
    """Counts batches."""

    def __init__(self):
        super().__init__()
        self.batches = 0

    def on_batch_end(self, batch, logs=None):
        self.batches += 1


@pytest.mark.parametrize(
    ("data", "options", "batches"),
    [
        (batched(X, Y), {}, 10),
        (batched(X, Y).repeat(), {"steps_per_epoch": 3}, 6),
        (batched(X, Y).filter(lambda x, y: tf.shape(x)[0] == 5), {}, 8),
    ],
    ids=["known size", "without end", "unknown size"],
)
def test_how_many_batches_an_epoch_has(data, options, batches):
    counter = Counter()
    model().fit(data, epochs=2, verbose=0, callbacks=[counter], **options)
    assert counter.batches == batches


def test_a_data_set_without_end_needs_steps():
    made = model()
    with pytest.raises(ValueError, match="steps_per_epoch"):
        made.fit(batched(X, Y).repeat(), verbose=0)


def test_targets_besides_a_data_set_are_refused():
    with pytest.raises(ValueError, match="y was given"):
        model().fit(batched(X, Y), Y, verbose=0)
    with pytest.raises(ValueError, match="batch_size"):
        model().fit(batched(X, Y), batch_size=4, verbose=0)


def test_each_epoch_reads_the_data_set_anew():
    drawn = []

    def noted(x):
        drawn.append(x.numpy())
        return x

    data = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(22, seed=1).batch(22)
    data = data.map(lambda x, y: (tf.py_function(noted, [x], x.dtype), y))
    model().fit(data, epochs=2, verbose=0)
    first, second = drawn
    assert (first != second).any()
    np.testing.assert_array_equal(np.sort(first.sum(1)), np.sort(second.sum(1)))
