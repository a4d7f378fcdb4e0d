"""The text of the progress bar, with a clock that stands still or is moved by hand."""

from __future__ import annotations

import io
import re
import sys

import numpy as np
import pytest

from keras_core.layers import Dense
from keras_core.models import Sequential
from keras_core.utils import Progbar
from keras_core.utils import progbar as progbar_module


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(progbar_module.time, "time", clock)
    return clock


@pytest.fixture
def redrawn(monkeypatch):
    """What is drawn, one over the other, on an output that takes it."""
    monkeypatch.setattr(progbar_module, "_can_redraw", lambda: True)

    def drawings(text):
        return [line.rstrip(" ") for line in re.split("\b*\r", text)]

    return drawings


def test_running_means_and_formats(clock, capsys, redrawn):
    bar = Progbar(10)
    bar.update(1, [("a", 1.23456), ("b", 1e-5), ("c", 123456.789)])
    clock.now += 4e-5
    bar.update(10, [("a", 2.0), ("b", 1e-5), ("c", 123456.789)])
    # The mean of a is (1.23456 + 9 * 2) / 10.
    assert redrawn(capsys.readouterr().out) == [
        "",
        " 1/10 [==>...........................] - ETA: 0s - a: 1.2346 - b: 1.0000e-05 - "
        "c: 123456.7890",
        "10/10 [==============================] - 0s 4us/step - a: 1.9235 - b: 1.0000e-05 - "
        "c: 123456.7890\n",
    ]


def test_one_line_where_a_line_cannot_be_drawn_over(clock, capsys):
    bar = Progbar(10)
    for done in (2, 6, 10):
        bar.update(done, [("a", 0.5)])
    line = "10/10 [==============================] - 0s 0us/step - a: 0.5000\n"
    assert capsys.readouterr().out == line


def test_the_last_call_may_come_before_the_target(clock, capsys):
    bar = Progbar(4)
    bar.update(1)
    clock.now += 3
    bar.update(3, finalize=True)
    assert capsys.readouterr().out == "3/4 [=====================>........] - 3s 1s/step\n"


def test_unknown_target(clock, capsys):
    bar = Progbar(None)
    bar.update(3)
    clock.now += 7e-6
    bar.update(7)
    expected = "\n      3/Unknown - 0s 0us/step\n      7/Unknown - 0s 1us/step"
    assert capsys.readouterr().out == expected


def test_one_line_at_the_end(clock, capsys):
    bar = Progbar(10, verbose=2)
    bar.update(4, [("a", 1.23456), ("b", -2.0)])
    bar.update(10, [("a", 1.23456), ("b", -2.0)])
    assert capsys.readouterr().out == " - 0s - a: 1.2346 - b: -2.0000e+00\n"


def test_stateful_values_are_shown_as_they_stand(clock, capsys):
    bar = Progbar(4, stateful_metrics=["m"])
    bar.update(2, [("m", 0.25)])
    clock.now += 1
    bar.update(4, [("m", 0.75)])
    assert capsys.readouterr().out.endswith(" - 1s 250ms/step - m: 0.7500\n")


def test_draws_at_most_once_in_an_interval(clock, capsys, redrawn):
    bar = Progbar(100, interval=0.5)
    for done in range(1, 101):
        bar.update(done)
        clock.now += 0.125
    drawn = re.findall(r"(\d+)/100", capsys.readouterr().out)
    assert drawn == [*map(str, range(1, 100, 4)), "100"]


@pytest.mark.parametrize(
    "elapsed, text",
    [(9.0, "ETA: 9s"), (70.0, "ETA: 1:10"), (3700.0, "ETA: 1:01:40")],
)
def test_time_left(clock, capsys, redrawn, elapsed, text):
    bar = Progbar(2)
    clock.now += elapsed
    bar.update(1)
    expected = ["", f"1/2 [==============>...............] - {text}"]
    assert redrawn(capsys.readouterr().out) == expected


@pytest.mark.parametrize(
    "elapsed, text", [(4.0, "4s 2s/step"), (0.4, "0s 200ms/step"), (1e-4, "0s 50us/step")]
)
def test_time_of_a_step(clock, capsys, elapsed, text):
    bar = Progbar(2)
    clock.now += elapsed
    bar.update(2)
    assert capsys.readouterr().out.endswith(f"] - {text}\n")


def test_redraws_on_a_terminal(clock, capsys, monkeypatch):
    monkeypatch.setattr(progbar_module, "_can_redraw", lambda: True)
    bar = Progbar(2, width=4)
    bar.update(1)
    clock.now += 1
    bar.update(2)
    first, second = "1/2 [=>..] - ETA: 0s", "2/2 [====] - 1s 500ms/step"
    assert capsys.readouterr().out == f"\r{first}" + "\b" * len(first) + f"\r{second}\n"


def test_add_moves_on(clock, capsys, redrawn):
    bar = Progbar(4)
    bar.add(1)
    bar.add(3)
    assert "1/4" in capsys.readouterr().out


def without_times(text):
    return re.sub(r"\d+(us|ms|s)/step", "T/step", re.sub(r"- \d+s", "- Ts", text))


def constant_model():
    """Predicts 0 whatever comes, so that its losses are known."""
    model = Sequential([Dense(1, use_bias=False, kernel_initializer="zeros", input_shape=(1,))])
    model.compile("sgd", "mse", metrics=["mae"])
    model.trainable = False
    model.compile("sgd", "mse", metrics=["mae"])
    return model


X = np.zeros((6, 1))
Y = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
FIRST = "3/6 [==============>...............] - ETA: 0s - loss: 1.0000 - mae: 1.0000"
FULL = "6/6 [==============================] - Ts T/step"


@pytest.mark.parametrize("watched", [False, True])
def test_text_of_fit(clock, capsys, redrawn, watched):
    from keras_core.callbacks import LambdaCallback

    watcher = [LambdaCallback(on_batch_end=lambda batch, logs: None)] if watched else None
    constant_model().fit(X, Y, batch_size=3, epochs=2, shuffle=False, callbacks=watcher)
    last = f"{FULL} - loss: 2.5000 - mae: 1.5000\n"
    expected = ["Epoch 1/2\n", FIRST, f"{last}Epoch 2/2\n", FIRST, last]
    assert redrawn(without_times(capsys.readouterr().out)) == expected


def test_text_of_fit_with_validation(clock, capsys):
    constant_model().fit(X, Y, verbose=2, validation_data=(X[:2], Y[:2]))
    assert without_times(capsys.readouterr().out) == (
        "Train on 6 samples, validate on 2 samples\nEpoch 1/1\n"
        " - Ts - loss: 2.5000 - mae: 1.5000 - val_loss: 1.0000 - val_mae: 1.0000\n"
    )


def test_text_of_fit_generator(clock, capsys, redrawn):
    batches = ((X[i : i + 3], Y[i : i + 3]) for i in (0, 3))
    constant_model().fit_generator(batches, 2, workers=0)
    assert redrawn(without_times(capsys.readouterr().out)) == [
        "Epoch 1/1\n",
        "1/2 [==============>...............] - ETA: 0s - loss: 1.0000 - mae: 1.0000",
        "2/2 [==============================] - Ts T/step - loss: 2.5000 - mae: 1.5000\n",
    ]


def test_an_epoch_that_ends_early_has_its_line(clock, capsys):
    from keras_core.callbacks import ProgbarLogger

    logger = ProgbarLogger("steps")
    logger.set_params({"verbose": 1, "epochs": 1, "steps": 2, "metrics": ["loss"]})
    logger.on_train_begin()
    logger.on_epoch_begin(0)
    logger.on_batch_begin(0)
    logger.on_batch_end(0, {"loss": 1.0})
    logger.on_epoch_end(0, {"loss": 1.0})
    line = "1/2 [==============>...............] - Ts T/step - loss: 1.0000\n"
    assert without_times(capsys.readouterr().out) == f"Epoch 1/1\n{line}"


@pytest.mark.parametrize("run", ["evaluate", "predict"])
def test_text_of_evaluate_and_predict(clock, capsys, redrawn, run):
    arrays = (X, Y) if run == "evaluate" else (X,)
    getattr(constant_model(), run)(*arrays, batch_size=3, verbose=1)
    expected = ["", "3/6 [==============>...............] - ETA: 0s", f"{FULL}\n"]
    assert redrawn(without_times(capsys.readouterr().out)) == expected


def test_quiet_runs_print_nothing(capsys):
    model = constant_model()
    model.fit(X, Y, verbose=0)
    model.evaluate(X, Y, verbose=2)
    model.predict(X)
    assert capsys.readouterr().out == ""


def test_names_that_an_output_cannot_spell_do_not_end_training(clock, monkeypatch):
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="")
    monkeypatch.setattr(sys, "stdout", output)
    Progbar(2, width=5).update(2, [("pr\xe9cision", 0.5)])
    assert output.buffer.getvalue().endswith(b" - pr?cision: 0.5000\n")


def test_a_program_without_a_console_is_told_nothing(clock, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    bar = Progbar(2)
    bar.update(2, [("loss", 0.5)])
    assert bar._seen == 2
