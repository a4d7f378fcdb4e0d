"""Threads: predicting, building and training at once, without any ceremony."""

from __future__ import annotations

import sys
from pathlib import Path

import first_use
import numpy as np
import pytest
from at_once import THREADS, at_once
from test_switching import here

from keras_core import backend as K
from keras_core.layers import GRU, Conv1D, Dense, Flatten, Input, concatenate
from keras_core.models import Model, Sequential

SCRIPT = Path(first_use.__file__)


def branches():
    x = Input((6, 2))
    joined = concatenate([GRU(3)(x), Flatten()(Conv1D(2, 3, padding="same")(x))])
    return Model(x, Dense(2, activation="softmax")(joined))


def batches():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(4 + i % 3, 6, 2)).astype("float32") for i in range(THREADS)]


def test_threads_predict_with_one_model():
    model = branches()
    arrays = batches()
    expected = [model.predict(array) for array in arrays]

    def work(array):
        return [model.predict(array) for _ in range(5)]

    for results, wanted in zip(at_once(work, arrays), expected):
        for got in results:
            np.testing.assert_array_equal(got, wanted)


def test_the_first_calls_may_come_at_once():
    model = branches()
    results = at_once(model.predict, batches())
    for got, array in zip(results, batches()):
        np.testing.assert_allclose(got, model.predict(array), rtol=1e-6, atol=1e-6)


def test_threads_build_and_train_models_of_their_own():
    def work(seed):
        rng = np.random.default_rng(seed)
        model = Sequential([Dense(3, input_shape=(2,), activation="tanh"), Dense(1)])
        model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
        model.compile("adam", "mse")
        x = rng.normal(size=(16, 2))
        model.fit(x, x[:, :1], epochs=3, batch_size=4, shuffle=False, verbose=0)
        return model.get_weights()

    together = at_once(work, range(4))
    for seed, weights in enumerate(together):
        for got, wanted in zip(weights, work(seed)):
            np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_names_and_scopes_do_not_mix():
    def work(name):
        with K.name_scope(name):
            return [K.variable(0.0, name="v").name for _ in range(50)]

    for name, found in zip("abcd", at_once(work, "abcd")):
        assert all(n.startswith(f"{name}/v") for n in found)


def test_updates_of_other_variables_do_not_mix():
    counters = [K.variable(np.zeros(3)) for _ in range(THREADS)]
    steps = [K.function([], [], [K.update_add(v, K.ones((3,)))]) for v in counters]

    def work(step):
        for _ in range(100):
            step([])

    at_once(work, steps)
    assert [K.get_value(v).tolist() for v in counters] == [[100] * 3] * THREADS


@pytest.mark.parametrize("kind", [kind.__name__ for kind in first_use.KINDS])
def test_first_use_may_come_at_once(sandbox, kind):
    done = sandbox.command(sys.executable, str(SCRIPT), kind, **here())
    assert done.returncode == 0, done.stderr
