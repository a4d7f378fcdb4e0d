"""What the engine adds to a step: calls of functions, which cost more than a small network."""

import sys
from pathlib import Path

import numpy as np
import pytest

import keras_core
from keras_core.callbacks import Callback
from keras_core.layers import Dense
from keras_core.models import Sequential
from keras_core.plugins import backend_name

CORE = str(Path(keras_core.__file__).parent)


def calls(run):
    """How many functions of the core a second run calls, apart from comprehensions."""
    run()
    names = []

    def note(frame, event, argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(CORE) and code.co_name[0] != "<":
            names.append(code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    return len(names)


@pytest.fixture(scope="module")
def model():
    model = Sequential([Dense(4, input_shape=(3,)), Dense(2)])
    model.compile("sgd", "mse")
    return model


def data(steps):
    return np.ones((8 * steps, 3), "float32"), np.ones((8 * steps, 2), "float32")


def test_a_prediction_of_one_row(model):
    row = np.ones((1, 3), "float32")
    # What TensorFlow runs hears signals at its end, which takes four calls more.
    most = 31 if backend_name() == "tensorflow" else 27
    assert calls(lambda: model.predict(row)) <= most


class Watcher(Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


class Idle(Callback):
    """Has no hook of batches."""


def test_a_step_of_fit_calls_no_empty_hook(model):
    def run(steps):
        return calls(lambda: model.fit(*data(steps), 8, verbose=0, callbacks=[Watcher(), *idle]))

    idle = [Idle() for _ in range(10)]
    assert (run(30) - run(20)) / 10 <= 30
