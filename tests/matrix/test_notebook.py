"""What a notebook shows of models, trainings and progress."""

from __future__ import annotations

import io
import math
import re
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from keras_core.callbacks import History
from keras_core.layers import Add, Dense, Dropout, Input
from keras_core.models import Model, Sequential
from keras_core.utils import Progbar


class Cells(HTMLParser):
    """The cells of the rows of a table, and the texts around it."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.texts, self.tags, self._in_cell = [], [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True
        elif tag == "br":
            self.rows[-1][-1] += "\n"

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data):
        if self._in_cell:
            self.rows[-1][-1] += data
        else:
            self.texts.append(data)


def branched():
    x = Input((4,), name="x")
    left, right = Dense(3, name="left")(x), Dense(3, name="right")(x)
    return Model(x, Add(name="both")([left, right]), name="branched")


def lines_of(model):
    lines = []
    model.summary(line_length=120, print_fn=lines.append)
    return lines


def test_a_model_shows_its_layers():
    cells = Cells(branched()._repr_html_())
    heading, *rows = cells.rows
    assert heading == ["Layer (type)", "Output Shape", "Param #", "Connected to"]
    assert rows == [
        ["x (InputLayer)", "(None, 4)", "0", ""],
        ["left (Dense)", "(None, 3)", "15", "x[0][0]"],
        ["right (Dense)", "(None, 3)", "15", "x[0][0]"],
        ["both (Add)", "(None, 3)", "0", "left[0][0]\nright[0][0]"],
    ]
    assert cells.texts[0] == 'Model: "branched"'
    assert cells.texts[1:] == [
        "Total params: 30",
        "Trainable params: 30",
        "Non-trainable params: 0",
    ]


@pytest.mark.parametrize("make", [branched, lambda: Sequential([Dense(1500, input_shape=(1000,))])])
def test_the_table_says_what_the_summary_says(make):
    model = make()
    cells = Cells(model._repr_html_())
    printed = lines_of(model)
    for row in cells.rows:
        words = " ".join(row).split()
        found = " ".join(printed).split()
        assert all(word in found for word in words), words
    assert [line for line in printed if "params" in line] == cells.texts[1:]


def test_a_sequential_model_has_no_connections():
    model = Sequential([Dense(2, input_shape=(3,), name="only"), Dropout(0.5, name="drop")])
    assert Cells(model._repr_html_()).rows == [
        ["Layer (type)", "Output Shape", "Param #"],
        ["only (Dense)", "(None, 2)", "8"],
        ["drop (Dropout)", "(None, 2)", "0"],
    ]


def test_a_model_without_weights_shows_no_table():
    assert Sequential([Dense(2)])._repr_html_() is None


def test_names_are_escaped():
    name = "<b>&\"'</b><script>"
    model = Sequential([Dense(2, input_shape=(3,), name=name)], name=name)
    cells = Cells(model._repr_html_())
    assert cells.rows[1][0] == f"{name} (Dense)"
    assert cells.texts[0] == f'Sequential: "{name}"'
    assert not {"b", "script"} & set(cells.tags)
    history = trained({name: [1.0, 2.0]})
    assert f"<title>{name}" not in history._repr_html_()
    assert [panel.find(f"{SVG}title").text for panel in panels(history)] == [name]


SVG = "{http://www.w3.org/2000/svg}"


def trained(values, first=0):
    history = History()
    history.history = values
    history.epoch = list(range(first, first + max(map(len, values.values()))))
    return history


def panels(history):
    return ElementTree.fromstring(history._repr_html_()).findall(f"{SVG}svg")


def points(path):
    return [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+),([\d.]+)", path.get("d"))]


def curves(panel):
    return [points(path) for path in panel.findall(f"{SVG}path")[1:]]


def test_a_training_shows_a_panel_for_each_value():
    values = {"loss": [4.0, 2.0, 1.0], "val_loss": [5.0, 3.0, 2.0], "mae": [0.5, 0.25, 0.0]}
    loss, mae = panels(trained(values))
    training, validation = curves(loss)
    # High values are at the top, where y is small: 5 is the highest, 1 the lowest.
    top, bottom = validation[0][1], training[2][1]
    wanted = [top + (5.0 - value) / 4.0 * (bottom - top) for value in (4.0, 2.0, 1.0)]
    np.testing.assert_allclose([y for _, y in training], wanted, atol=0.1)
    left, middle, right = (x for x, _ in training)
    assert middle == pytest.approx((left + right) / 2, abs=0.1)
    dashes = [path.get("stroke-dasharray") for path in loss.findall(f"{SVG}path")[1:]]
    assert dashes[0] is None and dashes[1] is not None
    texts = [text.text for text in loss.findall(f"{SVG}text")]
    assert texts == ["loss (dashed: validation)", "5", "1", "epoch 1", "3"]
    assert len(curves(mae)) == 1


def test_a_training_that_goes_on_counts_its_epochs():
    (panel,) = panels(trained({"loss": [2.0, 1.0]}, first=7))
    assert [text.text for text in panel.findall(f"{SVG}text")][-2:] == ["epoch 8", "9"]


def test_a_picture_has_the_colour_of_the_page():
    html = trained({"loss": [2.0, 1.0], "val_loss": [2.0, 1.5]})._repr_html_()
    colours = re.findall(r'(?:fill|stroke|color)="([^"]*)"', html)
    assert set(colours) == {"currentColor", "none"}
    assert "style" not in html.replace('style="display: flex; flex-wrap: wrap"', "")


def test_values_that_cannot_be_drawn_leave_gaps():
    nothing = {"loss": [math.nan, math.inf], "words": ["a", "b"]}
    assert panels(trained(nothing)) == []
    (panel,) = panels(trained({"loss": [1.0, math.nan, 3.0, math.inf]}))
    ((first, second),) = curves(panel)
    assert first[0] < second[0]
    ((only,),) = curves(panels(trained({"loss": [2.0]}))[0])
    assert all(map(math.isfinite, only))


def test_a_long_training_is_drawn_with_few_points():
    (panel,) = panels(trained({"loss": [1.0 / (1 + i) for i in range(10_001)]}))
    (line,) = curves(panel)
    assert len(line) <= 302 and line[-1][0] == pytest.approx(310)


def test_a_history_of_nothing_shows_nothing():
    history = History()
    assert history._repr_html_() is None
    history.on_train_begin()
    assert history._repr_html_() is None


def test_fit_returns_what_is_shown():
    model = Sequential([Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse", metrics=["mae"])
    x = np.linspace(0.0, 1.0, 8).reshape(-1, 1)
    history = model.fit(x, x, epochs=2, verbose=0, validation_data=(x, x))
    assert [panel.find(f"{SVG}title").text for panel in panels(history)] == [
        "loss (dashed: validation)",
        "mae (dashed: validation)",
    ]


# Progress


class Page(io.TextIOBase):
    """The output of a cell, which keeps all that is written."""

    def __init__(self):
        self.written = []

    def write(self, text):
        self.written.append(text)
        return len(text)


def in_notebook(monkeypatch, output):
    """Sets the output; in the test itself, since pytest sets its own before it."""
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    monkeypatch.setattr(sys, "stdout", output)
    return output


def train(clock, steps, seconds):
    bar = Progbar(steps)
    for step in range(1, steps + 1):
        clock.now += seconds / steps
        bar.update(step, [("loss", 1.0 / step)])


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

    monkeypatch.setattr("keras_core.utils.progbar.time.time", lambda: Clock.now)
    return Clock


def test_a_short_epoch_writes_one_line_in_a_notebook(monkeypatch, clock):
    page = in_notebook(monkeypatch, Page())
    train(clock, 1000, seconds=0.3)
    (line,) = page.written
    assert line.startswith("\r1000/1000 [=") and line.endswith("\n")


def test_a_long_epoch_is_drawn_twice_a_second_on_one_line(monkeypatch, clock):
    page = in_notebook(monkeypatch, Page())
    train(clock, 10_000, seconds=10.0)
    assert 15 <= len(page.written) <= 21
    text = "".join(page.written)
    assert text.count("\n") == 1 and "\b" not in text and len(text) < 3000


@pytest.mark.parametrize("make", [io.StringIO, lambda: io.TextIOWrapper(io.BytesIO())])
def test_what_a_notebook_writes_elsewhere_is_one_line(monkeypatch, clock, make):
    output = in_notebook(monkeypatch, make())
    train(clock, 1000, seconds=10.0)
    output.seek(0)
    assert len(output.read().splitlines()) == 1
