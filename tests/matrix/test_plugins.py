"""Plugins that are no backends, in the hands of models: callbacks and custom objects."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.callbacks import Callback
from keras_core.layers import Activation, Dense
from keras_core.models import Sequential, model_from_json
from keras_core.plugins import hookimpl
from keras_core.plugins.manager import manager, register

X = np.ones((3, 2), "float32")
Y = np.ones((3, 1), "float32")


class Doubled(Dense):
    """A layer that only a plugin knows by name."""

    def call(self, inputs):
        return 2 * super().call(inputs)


def cubed(x):
    return x**3


class Witness(Callback):
    """Notes the beginnings of runs and of batches."""

    def __init__(self, notes):
        super().__init__()
        self.notes = notes

    def on_train_begin(self, logs=None):
        self.notes.append("fit")

    def on_train_batch_end(self, batch, logs=None):
        self.notes.append(sorted(logs))

    def on_test_begin(self, logs=None):
        self.notes.append("evaluate")

    def on_predict_begin(self, logs=None):
        self.notes.append("predict")


@pytest.fixture
def notes():
    """What a plugin is asked, and what its callbacks see, as long as a test runs."""
    seen = []

    class Plugin:
        @hookimpl
        def keras_core_callbacks(self, model, mode):
            seen.append((model.name, mode))
            return [Witness(seen)]

        @hookimpl
        def keras_core_custom_objects(self):
            return {"Doubled": Doubled, "cubed": cubed}

    plugin = Plugin()
    register(plugin, "of_this_test")
    yield seen
    manager().unregister(plugin)


def line():
    model = Sequential([Dense(1, input_shape=(2,))], name="line")
    model.compile("sgd", "mse")
    return model


def test_callbacks_join_each_run_once(notes):
    model = line()
    model.fit(X, Y, batch_size=3, epochs=1, verbose=0)
    model.evaluate(X, Y, verbose=0)
    assert model.predict(X).shape == (3, 1)
    model.predict(X, batch_size=2)
    batch = ["batch", "loss", "size"]
    asked = [("line", "train"), ("line", "test"), ("line", "predict"), ("line", "predict")]
    train, test, predict, again = asked
    expected = [train, "fit", batch, test, "evaluate", predict, "predict", again, "predict"]
    assert notes == expected


def test_validation_is_part_of_the_training_run(notes):
    line().fit(X, Y, verbose=0, validation_data=(X, Y))
    assert [note for note in notes if isinstance(note, tuple)] == [("line", "train")]
    assert notes.count("evaluate") == 1


def test_callbacks_join_runs_on_generators(notes):
    model = line()
    batches = iter([(X, Y)] * 9)
    model.fit_generator(batches, 1, verbose=0, workers=0)
    model.evaluate_generator(batches, 1, workers=0)
    model.predict_generator(batches, 1, workers=0)
    modes = [note[1] for note in notes if isinstance(note, tuple)]
    assert modes == ["train", "test", "predict"]


def test_objects_are_found_by_name(notes):
    model = Sequential([Doubled(2, activation=cubed, input_shape=(2,)), Activation("cubed")])
    twin = model_from_json(model.to_json())
    assert type(twin.layers[0]) is Doubled
    twin.set_weights([np.eye(2), [0, 1]])
    x = K.eval(K.constant([[1.0, 2.0]]))
    np.testing.assert_allclose(twin.predict(x), [[8.0, 54.0**3]])
