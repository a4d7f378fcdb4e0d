"""Signals at any moment find whole steps, and threads see whole states."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading

import numpy as np
import pytest
from at_once import at_once

from keras_core import backend as K
from keras_core.callbacks import Callback, LambdaCallback
from keras_core.layers import Dense
from keras_core.models import Sequential, load_model
from keras_core.utils.io_utils import save_to_binary_h5py

X = np.linspace(-1, 1, 64 * 8).reshape(64, 8).astype("float32")


def new_model():
    layers = [Dense(16, input_shape=(8,), activation="tanh", kernel_initializer="orthogonal")]
    np.random.seed(5)
    model = Sequential([*layers, *(Dense(16, activation="tanh") for _ in range(4)), Dense(1)])
    model.compile("adam", "mse")
    return model


def state(model):
    return [*model.get_weights(), *model.optimizer.get_weights()]


def states_of_an_unbroken_run(steps):
    model = new_model()
    found = []
    keep = LambdaCallback(on_batch_end=lambda *_: found.append(state(model)))
    model.fit(X, X[:, :1], batch_size=16, shuffle=False, epochs=steps // 4, callbacks=[keep])
    return found


def same(one, other):
    return all(np.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(one, other))


def test_ctrl_c_at_any_moment_finds_whole_steps(capsys):
    wanted = states_of_an_unbroken_run(80)
    for attempt in range(20):
        model = new_model()
        model.fit(X, X[:, :1], batch_size=16, shuffle=False, verbose=0, epochs=1)
        ender = threading.Timer(0.001 * attempt, os.kill, (os.getpid(), signal.SIGINT))
        begin = LambdaCallback(on_train_begin=lambda *_, ender=ender: ender.start())
        with pytest.raises(KeyboardInterrupt):
            model.fit(
                X,
                X[:, :1],
                batch_size=16,
                shuffle=False,
                verbose=0,
                epochs=1000_000,
                callbacks=[begin],
            )
        ender.join()
        steps = int(model.optimizer.get_weights()[0])
        if steps <= len(wanted):
            assert same(state(model), wanted[steps - 1]), steps


def test_a_signal_within_a_call_is_heard_at_its_end():
    heard, inside = [], []
    old = signal.signal(signal.SIGUSR1, lambda *_: heard.append(len(inside)))
    try:
        from keras_core.unbroken import Unbroken

        with Unbroken():
            signal.raise_signal(signal.SIGUSR1)
            inside.append(1)
        assert heard == [1]
        signal.raise_signal(signal.SIGUSR1)
        assert heard == [1, 1]
    finally:
        signal.signal(signal.SIGUSR1, old)


def test_ctrl_c_while_a_file_is_made_is_heard_when_h5py_is_done():
    def fill(file):
        signal.raise_signal(signal.SIGINT)
        file.attrs["whole"] = True
        inside.append(1)

    inside, stream = [], io.BytesIO()
    with pytest.raises(KeyboardInterrupt):
        save_to_binary_h5py(fill, stream)
    assert (inside, stream.getvalue()) == ([1], b"")


def test_ctrl_c_in_a_callback_ends_fit_at_once_and_whole():
    model = new_model()
    model.fit(X, X[:, :1], batch_size=16, shuffle=False, verbose=0)
    end = LambdaCallback(on_batch_end=lambda batch, _: batch == 2 and signal.raise_signal(2))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, X[:, :1], batch_size=16, shuffle=False, verbose=0, callbacks=[end])
    assert same(state(model), states_of_an_unbroken_run(8)[6])


def batches():
    while True:
        yield X[:16], X[:16, :1]


RUNS = {
    "evaluate": lambda model: model.evaluate_generator(batches(), 10**9),
    "predict": lambda model: model.predict_generator(batches(), 10**9, workers=0),
    "fit": lambda model: model.fit_generator(batches(), 10**9, verbose=0, workers=2),
}


@pytest.mark.parametrize("name", RUNS)
def test_ctrl_c_twice_in_a_long_run_leaves_a_model_to_use(name):
    model = new_model()
    model.fit(X, X[:, :1], verbose=0)

    def interrupt():
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)

    ender = threading.Timer(0.1, interrupt)

    def run():
        try:
            ender.start()
            RUNS[name](model)
        finally:
            ender.join()

    with pytest.raises(KeyboardInterrupt):
        run()
    assert np.isfinite(model.fit(X, X[:, :1], verbose=0).history["loss"]).all()


class Interrupting:
    """Ctrl-C comes while it is collected, where Python throws away what a handler raises."""

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


class InterruptingAtTheSecondBatch(Callback):
    def __init__(self):
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(batch)
        if batch == 1:
            Interrupting()

    on_test_batch_end = on_predict_batch_end = on_train_batch_end


@pytest.mark.parametrize("name", ["fit", "evaluate", "predict"])
def test_ctrl_c_within_a_destructor_ends_a_run(name):
    model, callback = new_model(), InterruptingAtTheSecondBatch()
    arrays = [X] if name == "predict" else [X, X[:, :1]]
    with pytest.raises(KeyboardInterrupt):
        getattr(model, name)(*arrays, batch_size=16, verbose=0, callbacks=[callback])
    assert callback.seen == [0, 1]


class InterruptingStream(io.BytesIO):
    def read(self, *size):
        Interrupting()
        return super().read(*size)


@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_ctrl_c_within_a_destructor_while_a_file_is_read_is_heard(ending, tmp_path):
    path = tmp_path / f"model{ending}"
    new_model().save(str(path))
    with pytest.raises(KeyboardInterrupt):
        load_model(InterruptingStream(path.read_bytes()))
    with pytest.raises(KeyboardInterrupt):
        new_model().load_weights(InterruptingStream(path.read_bytes()))


def test_what_else_destructors_raise_is_told_as_ever(monkeypatch):
    class Failing:
        def __del__(self):
            raise ValueError("in vain")

    def fail(*_):
        Failing()

    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: told.append(str(found.exc_value)))
    hook = sys.unraisablehook
    new_model().fit(X, X[:, :1], verbose=0, callbacks=[LambdaCallback(on_epoch_end=fail)])
    assert told == ["in vain"]
    assert sys.unraisablehook is hook


def test_handlers_are_as_before():
    before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    new_model().train_on_batch(X, X[:, :1])
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == before
    assert before[1] == signal.SIG_DFL


def test_readers_see_whole_states():
    variables = [K.variable(np.zeros(1)) for _ in range(30)]
    read = K.function([], [v + 0.0 for v in variables])
    step = K.function([], [], [K.update_add(v, K.ones((1,))) for v in variables])

    def work(task):
        for i in range(100):
            if task == "set":
                K.batch_set_value([(v, [float(i)]) for v in variables])
            elif task == "step":
                step([])
            else:
                found = read([]) if task == "run" else K.batch_get_value(variables)
                assert len({float(x[0]) for x in found}) == 1

    at_once(work, ["set", "step", "run", "get"])


def test_two_fits_of_one_model_are_refused():
    model = new_model()
    inside, refused = threading.Event(), []

    def other():
        inside.wait()
        for run in (model.fit, model.evaluate):
            try:
                run(X, X[:, :1], verbose=0)
            except RuntimeError as error:
                refused.append(str(error))

    thread = threading.Thread(target=other)
    thread.start()

    def meet(*_):
        inside.set()
        thread.join()

    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, X[:, :1], verbose=0, callbacks=[LambdaCallback(on_epoch_begin=meet)])
    assert len(refused) == 2
    assert all(model.name in text and "another thread is in fit" in text for text in refused)
    model.fit(X, X[:, :1], verbose=0)
