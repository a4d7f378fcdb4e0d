"""The progress bar on terminals of all widths, as a small emulator of one shows it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import unicodedata
from types import SimpleNamespace

import pytest

from keras_core.utils import Progbar
from keras_core.utils import progbar as progbar_module


class Terminal:
    """Rows of characters, as a VT100 shows what is written: it wraps behind its last column."""

    def __init__(self, width):
        self.width = width
        self.rows = [[]]
        self.column = 0

    def isatty(self):
        return True

    def flush(self):
        pass

    def write(self, text):
        for letter in text:
            self._take(letter)

    def _take(self, letter):
        if letter == "\n":
            self.rows.append([])
            self.column = 0
        elif letter == "\r":
            self.column = 0
        elif letter == "\b":
            self.column = max(0, min(self.column, self.width - 1) - 1)
        else:
            self._put(letter, 2 if unicodedata.east_asian_width(letter) in "WF" else 1)

    def _put(self, letter, cells):
        if self.column + cells > self.width:
            self.rows.append([])
            self.column = 0
        row = self.rows[-1]
        row.extend(" " * (self.column - len(row)))
        row[self.column : self.column + cells] = [letter, ""][:cells]
        self.column += cells

    def lines(self):
        return ["".join(row).rstrip() for row in self.rows]


@pytest.fixture
def terminal(monkeypatch):
    def of(width):
        shown = Terminal(width)
        monkeypatch.setattr(sys, "stdout", shown)
        monkeypatch.setattr(
            shutil, "get_terminal_size", lambda: os.terminal_size((shown.width, 24))
        )
        return shown

    return of


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(progbar_module.time, "time", clock)
    return clock


VALUES = {
    "none": [],
    "two": [("loss", 0.34567), ("accuracy", 0.98767)],
    "validated": [
        *(("loss", 0.34567), ("accuracy", 0.98765)),
        *(("val_loss", 1.23456e-5), ("val_accuracy", 1234.56789)),
    ],
    "many": [(f"output_{i}_mean_absolute_error", i + 0.5) for i in range(12)],
    "wide letters": [("損失", 0.5), ("正解率", 0.25)],
}


def train(clock, target, values, steps=20, each=lambda step: None):
    bar = Progbar(target)
    for step in range(1, steps + 1):
        clock.now += 7.77
        each(step)
        last = step == steps
        bar.update(target if last else step * target // steps, values if last else values[:2])


@pytest.mark.parametrize("width", [1, 2, 5, 10, 20, 40, 60, 80, 100, 132, 200])
@pytest.mark.parametrize("target", [1, 20, 1437, 123456789])
@pytest.mark.parametrize("values", VALUES)
def test_an_epoch_is_one_line(terminal, clock, width, target, values):
    shown = terminal(width)
    train(clock, target, VALUES[values])
    (line, end) = shown.lines()
    assert (end, len(line) < width) == ("", True)
    assert line.startswith(f"{target}/{target}"[: width - 1])


def test_what_fits_is_the_text_of_keras_2(terminal, clock):
    shown = terminal(100)
    train(clock, 1437, VALUES["two"])
    # 20 drawings, 7.77 s apart: 155.4 s for 1437 samples.
    assert shown.lines()[0] == (
        "1437/1437 [==============================] - 155s 108ms/step - loss: 0.3457 - "
        "accuracy: 0.9877"
    )


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (
            90,
            "1437/1437 [==============================] - 155s 108ms/step - loss: 0.35 - "
            "accuracy: 0.99",
        ),
        (80, "1437/1437 [====================] - 155s 108ms/step - loss: 0.35 - accuracy: 0.99"),
        (60, "1437/1437 - 155s 108ms/step - loss: 0.35 - accuracy: 0.99"),
        (53, "1437/1437 - 155s 108ms/step - loss: 0.35 - accu: 0.99"),
        (48, "1437/1437 - 155s 108ms/step - loss: 0.35"),
        (28, "1437/1437 - 155s 108ms/step"),
        (20, "1437/1437 - 155s 108"),
    ],
)
def test_values_are_shortened_first_then_the_bar(terminal, clock, width, line):
    shown = terminal(width + 1)
    train(clock, 1437, VALUES["two"])
    assert shown.lines()[0] == line


def test_all_four_values_of_a_validated_epoch_are_seen_in_80_columns(terminal, clock):
    shown = terminal(80)
    values = [("loss", 0.3), ("accuracy", 0.9), ("val_loss", 0.4), ("val_accuracy", 0.8)]
    train(clock, 1437, values, steps=1)
    numbers = re.findall(r" - \w+: (\S+)", shown.lines()[0])
    assert numbers == ["0.30", "0.90", "0.40", "0.80"]


def test_abbreviated_names_stay_apart(terminal, clock):
    shown = terminal(50)
    train(clock, 10, [("val_loss_a", 0.5), ("val_loss_b", 0.25)], steps=1)
    names = re.findall(r" - (\w+):", shown.lines()[0])
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("widths", [(200, 40), (40, 200), (80, 20), (20, 80)])
def test_a_window_that_changes_its_size_is_followed(terminal, clock, widths):
    shown = terminal(widths[0])

    def resize(step):
        if step == 10:
            # A terminal that gets narrower cuts what stood behind its last column.
            shown.width = widths[1]
            shown.column = min(shown.column, shown.width)
            shown.rows[-1] = shown.rows[-1][: shown.width]

    train(clock, 1437, VALUES["two"], each=resize)
    # A letter that the resize left in the last column may stay, since none is written there.
    (line, end) = shown.lines()
    assert (end, len(line) <= widths[1]) == ("", True)
    assert line.startswith("1437/1437 ")


def test_a_shorter_line_leaves_nothing_of_a_longer_one(terminal, clock):
    shown = terminal(120)
    bar = Progbar(10)
    bar.update(1, [("a", 123456.0)])
    clock.now += 1
    bar.update(10, [("a", -123455.0 / 9)])
    assert shown.lines()[0].endswith("- a: 0.1000")


def test_a_notebook_has_no_width(monkeypatch, clock):
    written = []
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    page = SimpleNamespace(write=written.append, flush=lambda: None)
    monkeypatch.setattr(sys, "stdout", page)
    train(clock, 10, VALUES["many"], steps=2)
    drawn = "".join(written).split("\r")[1:]
    assert len(drawn) == 2 and drawn[-1].count("mean_absolute_error: ") == 12


FIT = """
import numpy as np
from keras_core.layers import Dense
from keras_core.models import Sequential

model = Sequential([Dense(1, input_shape=(2,))])
model.compile("sgd", "mse", metrics=["mae", "mape", "cosine_similarity"])
x = np.ones((640, 2))
model.fit(x, x[:, :1], epochs=3, batch_size=1, validation_split=0.5)
model.evaluate(x, x[:, :1], verbose=1)
model.predict(x, verbose=1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs pseudo-terminals")
@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_fit_scrolls_nothing_away_on_a_real_terminal(width):
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    words = [sys.executable, "-c", FIT]
    process = subprocess.Popen(words, stdout=theirs, stderr=subprocess.PIPE, env=environment)
    os.close(theirs)
    shown = Terminal(width)
    try:
        while text := os.read(ours, 65536):
            shown.write(text.decode())
    except OSError:  # what reading gives when the other side is closed
        pass
    os.close(ours)
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0, told
    epochs = [line for line in shown.lines() if line.startswith(("320/320", "640/640"))]
    assert len(epochs) == 3 + 2
    # What is left: the line about the samples, and one that heads each epoch.
    others = len("Train on 320 samples, validate on 320 samples") // width + 1 + 3
    assert len(shown.rows) == len(epochs) + others + 1


def test_where_the_output_is_no_terminal_an_epoch_is_a_line():
    done = subprocess.run([sys.executable, "-c", FIT], capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert lines[0] == "Train on 320 samples, validate on 320 samples"
    assert lines[1::2][:3] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    bars = [*lines[2:8:2], *lines[7:]]
    assert len(bars) == 5 and len(lines) == 9
    assert all(re.match(r"(320/320|640/640) \[={30}\] - ", bar) for bar in bars)
    assert all("val_cosine_similarity: " in bar for bar in bars[:3])
    assert "\b" not in done.stdout and "\r" not in done.stdout
