"""Several steps in one call give the numbers of single steps."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import use_backend
from keras_core.callbacks import Callback
from keras_core.graph import Function, Placeholder, Update, Variable
from keras_core.graph import primitives as p
from keras_core.graph.randomness import new_stream, set_random_seed
from keras_core.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten
from keras_core.models import Sequential
from keras_core.plugins import load_backend
from keras_tf.compiled import CompiledProgram
from keras_tf.loop import LoopTemplate

SAMPLES, FEATURES = 70, 3
RANDOM = np.random.RandomState(0)
X = RANDOM.randn(SAMPLES, FEATURES).astype("float32")
Y = np.eye(2)[RANDOM.randint(0, 2, SAMPLES)]


@pytest.fixture(autouse=True)
def backend():
    with use_backend("tensorflow"):
        yield load_backend("tensorflow")


@pytest.fixture
def loops(monkeypatch):
    """How many steps each call of a loop did."""
    counts = []
    call = CompiledProgram.__call__

    def counted(self, arrays, state):
        if isinstance(self._template, LoopTemplate):
            counts.append(len(arrays[0]))
        return call(self, arrays, state)

    monkeypatch.setattr(CompiledProgram, "__call__", counted)
    return counts


class Watcher(Callback):
    """Makes each batch a call of its own."""

    def on_batch_end(self, batch, logs=None):
        pass


def network(**options):
    set_random_seed(3)
    model = Sequential(
        [
            Dense(8, activation="relu", input_shape=(FEATURES,)),
            BatchNormalization(),
            Dropout(0.3),
            Dense(2, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], **options)
    return model


def trained(callbacks=(), epochs=2, weights=None, **options):
    """The history and the weights after training with batches of 2."""
    model = network(**options)
    history = model.fit(
        X,
        Y,
        batch_size=2,
        epochs=epochs,
        verbose=0,
        callbacks=list(callbacks),
        sample_weight=weights,
    )
    return history.history, model.get_weights()


def assert_same(one, other):
    for name, values in other[0].items():
        np.testing.assert_allclose(one[0][name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    for a, b in zip(one[1], other[1]):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_an_epoch_is_one_call(loops):
    trained()
    assert loops == [35, 35]


def test_callbacks_that_watch_batches_get_each_one(loops):
    trained([Watcher()])
    assert loops == []


@pytest.mark.parametrize("jit_compile", [None, False])
def test_steps_in_one_call_give_the_numbers_of_single_ones(jit_compile):
    assert_same(trained(jit_compile=jit_compile), trained([Watcher()]))


def test_weights_of_samples_are_heeded():
    weights = np.linspace(0, 2, SAMPLES)
    assert_same(trained(weights=weights), trained([Watcher()], weights=weights))


def test_a_seed_repeats_a_run():
    one, other = trained(), trained()
    for a, b in zip(one[1], other[1]):
        np.testing.assert_array_equal(a, b)


def test_few_batches_are_done_one_by_one(loops):
    network().fit(X, Y, batch_size=3, verbose=0)
    assert loops == []


def test_heavy_steps_are_done_one_by_one(loops):
    model = Sequential([Conv2D(1, 2, input_shape=(3, 3, 1)), Flatten(), Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.zeros((40, 3, 3, 1)), np.zeros((40, 1)), batch_size=1, verbose=0)
    assert loops == []


def test_many_batches_are_shared_among_calls(loops):
    model = Sequential([Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse")
    model.fit(np.zeros((201, 1)), np.zeros((201, 1)), batch_size=2, verbose=0)
    assert loops == [50, 50]


def test_updates_of_a_run_are_seen_by_the_next():
    x, total = Placeholder(()), Variable(0.0)
    after = p.add(total, x)
    function = Function([x], [total, after], [Update(total, after)])
    before, sums = function.loop()([np.arange(1, 6)])
    assert before.tolist() == [0, 1, 3, 6, 10]
    assert sums.tolist() == [1, 3, 6, 10, 15]
    assert total.get_value() == 15


@pytest.mark.parametrize("name", ["random_uniform", "random_normal", "random_truncated_normal"])
@pytest.mark.parametrize("jit_compile", [True, False])
def test_draws_are_those_of_single_calls(name, jit_compile):
    x = Placeholder(())
    draw = getattr(p, name)(shape=(4,), dtype="float32", stream=new_stream())
    functions = [Function([x], [p.add(draw, x)], jit_compile=jit_compile) for _ in range(2)]
    set_random_seed(8)
    single = [functions[0]([0.0])[0] for _ in range(4)]
    (looped,) = functions[1].loop()([np.zeros(3)])
    np.testing.assert_allclose(looped, single[:3], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(functions[1]([0.0])[0], single[3], rtol=1e-5, atol=1e-6)


def test_values_of_another_shape_are_refused():
    x = Placeholder((2,))
    with pytest.raises(ValueError, match=r"shape \(2,\); a value of shape \(3,\) was given"):
        Function([x], [p.exp(x)]).loop()([np.zeros((4, 3))])
