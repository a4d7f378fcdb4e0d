"""Rows that are kept apart: what is said of models is true; the last batch is filled up then."""

from __future__ import annotations

import model_zoo
import numpy as np
import pytest

import keras_core
from keras_core import backend as K
from keras_core.layers import Dense, Input, Lambda
from keras_core.models import Model
from keras_core.plugins import current_backend

# Of these nothing is said, though they keep rows apart: steps and samples share an axis for a
# while, or sizes are computed of the number of samples.
UNSEEN = {
    "conv_2d_transpose",
    "conv_3d_transpose",
    "conv_lstm",
    "conv_lstm_hard",
    "time_distributed",
}

MIXING = {
    "batch": lambda x: x - K.mean(x, axis=0, keepdims=True),
    "count": lambda x: x / K.cast(K.shape(x)[0], "float32"),
    "softmax": lambda x: K.softmax(x, axis=0),
    "reversed": lambda x: K.reverse(x, 0),
    "gram": lambda x: K.dot(K.dot(x, K.transpose(x)), x),
    "cumulated": lambda x: K.cumsum(x, axis=0),
}


def keeps_apart(model):
    return model._step_program("predict").keeps_rows_apart


@pytest.mark.parametrize("name", model_zoo.ZOO)
def test_no_row_depends_on_another_where_they_are_kept_apart(name):
    model = model_zoo.ZOO[name](keras_core)
    model_zoo.randomize(name, model)
    assert keeps_apart(model) == (name not in UNSEEN)
    arrays = model_zoo.arrays_for(name, model, 4)
    others = [np.concatenate([x[:1], x[:0:-1], x[1:]]) for x in arrays]
    for y, z in zip(model_zoo.predicted(model, arrays), model_zoo.predicted(model, others)):
        np.testing.assert_allclose(z[0], y[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(z[1:4], y[:0:-1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mix", MIXING.values(), ids=MIXING)
def test_models_that_mix_rows_are_told(mix):
    x = Input((3,))
    assert not keeps_apart(Model(x, Lambda(mix)(Dense(3)(x))))
    assert keeps_apart(Model(x, Lambda(lambda y: y)(Dense(3)(x))))


@pytest.mark.parametrize("mixes", [False, True])
def test_the_last_batch_is_filled_up_for_a_backend_to_which_sizes_are_dear(monkeypatch, mixes):
    monkeypatch.setattr(type(current_backend()), "compiles_sizes", True)
    x = Input((3,))
    y = Dense(2)(x)
    model = Model(x, Lambda(MIXING["batch"])(y) if mixes else y)
    data = np.random.default_rng(0).normal(size=(10, 3)).astype("float32")
    seen = []
    function = model._step_program("predict").function
    run = function.run
    monkeypatch.setattr(function, "run", lambda values: seen.append(len(values[0])) or run(values))
    found = model.predict(data, batch_size=4)
    assert seen == ([4, 4, 2] if mixes else [4, 4, 4])
    assert found.shape == (10, 2)
    expected = [model.predict_on_batch(data[i : i + 4]) for i in (0, 4, 8)]
    np.testing.assert_allclose(found, np.concatenate(expected), rtol=1e-5, atol=1e-6)
