"""Training that is killed and started again ends as if nothing had been."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys

import numpy as np
import pytest

from keras_core.backend import backend as backend_name
from keras_core.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    LambdaCallback,
    ModelCheckpoint,
)
from keras_core.layers import Dense
from keras_core.models import Sequential

SCRIPT = """
import os, sys, threading
import numpy as np
from keras_core import backend as K
from keras_core.callbacks import (
    BackupAndRestore, CSVLogger, EarlyStopping, LambdaCallback, ReduceLROnPlateau)
from keras_core.layers import BatchNormalization, Dense, Dropout
from keras_core.models import Sequential
from keras_core.preprocessing.image import Iterator
from keras_core.utils import Sequence

folder, every, data, killed_after = sys.argv[1:]
np.random.seed(3)
x = np.random.rand(96, 5)
y = (x.sum(1, keepdims=True) > 2.5) * 1.0


class Batches(Sequence):
    def __init__(self):
        self.order = np.arange(96)

    def __len__(self):
        return 12

    def __getitem__(self, index):
        rows = self.order[index * 8 : index * 8 + 8]
        return x[rows], y[rows]

    def on_epoch_end(self):
        np.random.RandomState(1).shuffle(self.order)


class Drawn(Iterator):
    def _get_batches_of_transformed_samples(self, rows):
        return x[rows] + np.random.rand(), y[rows]


def generator():
    while True:
        for i in range(0, 96, 8):
            yield x[i : i + 8], y[i : i + 8]


layers = [Dense(8, activation="relu", input_shape=(5,)), BatchNormalization(), Dropout(0.3)]
model = Sequential([*layers, Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
seen = []


def kill():
    os.kill(os.getpid(), 9)


def count(*_):
    seen.append(1)
    if "." in killed_after and len(seen) == 1:
        threading.Timer(float(killed_after), kill).start()
    elif len(seen) == int(float(killed_after)):
        kill()


callbacks = [
    EarlyStopping("loss", patience=9, restore_best_weights=True),
    ReduceLROnPlateau("loss", patience=1, min_delta=0.05),
    CSVLogger(folder + "/log.csv"),
    LambdaCallback(on_epoch_begin=count, on_batch_end=count, on_epoch_end=count),
    BackupAndRestore(folder + "/backup.h5", int(every) if every.isdigit() else every),
]
options = {"epochs": 4, "verbose": 0, "callbacks": callbacks}
if data == "arrays":
    history = model.fit(x, y, batch_size=8, validation_split=0.2, **options)
elif data == "drawn":
    history = model.fit(Drawn(96, 8, True, None), workers=1, **options)
elif data == "generator":
    history = model.fit(generator(), steps_per_epoch=7, **options)
else:
    workers = int(data)
    history = model.fit(Batches(), workers=workers, validation_data=Batches(), **options)
weights = [*model.get_weights(), *model.optimizer.get_weights(), K.get_value(model.optimizer.lr)]
np.savez(folder + "/end.npz", *weights, history.history["loss"], history.epoch)
"""


def run(folder, every, data, killed_after):
    folder.mkdir(exist_ok=True)
    words = [sys.executable, "-c", SCRIPT, str(folder), every, data, str(killed_after)]
    environment = {**os.environ, "KERAS_BACKEND": backend_name(), "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == 0


@pytest.mark.parametrize(
    ("every", "data"),
    [
        ("epoch", "arrays"),
        ("3", "arrays"),
        ("5", "generator"),
        ("3", "0"),
        ("4", "2"),
        ("5", "drawn"),
    ],
)
def test_a_killed_run_ends_like_an_unbroken_one(tmp_path, every, data):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert run(whole, every, data, 0)
    draw = random.Random(7)
    assert not run(broken, every, data, draw.randrange(4, 40))
    assert not run(broken, every, data, draw.randrange(2, 8))
    assert run(broken, every, data, 0)
    assert sorted(os.listdir(broken)) == ["end.npz", "log.csv"]
    assert_equal_ends(whole, broken)


def assert_equal_ends(whole, broken):
    """Also on the engines, which repeat what they compute on one machine."""
    assert (whole / "log.csv").read_text() == (broken / "log.csv").read_text()
    wanted, found = np.load(whole / "end.npz"), np.load(broken / "end.npz")
    for name in wanted.files:
        np.testing.assert_array_equal(found[name], wanted[name])


def test_a_run_killed_amid_its_steps_and_writing_ends_like_an_unbroken_one(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert run(whole, "1", "arrays", 0)
    for seconds in (0.02, 0.08, 0.14):
        if run(broken, "1", "arrays", seconds + random.uniform(0.001, 0.05)):
            break  # the last bit was short
    else:
        assert run(broken, "1", "arrays", 0)
    assert_equal_ends(whole, broken)


X = np.arange(16.0).reshape(8, 2) / 16


def new_model(units=1):
    model = Sequential([Dense(units, input_shape=(2,), kernel_initializer="ones")])
    model.compile("sgd", "mse")
    return model


def broken_off(path, **options):
    def fail(epoch, logs):
        raise OSError("power cut")

    callbacks = [BackupAndRestore(path, **options), LambdaCallback(on_epoch_end=fail)]
    with pytest.raises(OSError, match="power cut"):
        new_model().fit(X, X[:, :1], verbose=0, callbacks=callbacks)
    assert path.exists()


def test_a_backup_of_another_model_is_refused(tmp_path):
    path = tmp_path / "backup.h5"
    broken_off(path)
    with pytest.raises(ValueError, match=r"another run.*remove the file"):
        new_model(2).fit(X, X, verbose=0, callbacks=[BackupAndRestore(path)])


def test_a_damaged_backup_is_told(tmp_path):
    path = tmp_path / "backup.h5"
    path.write_bytes(b"no backup")
    with pytest.raises(OSError, match="backup.h5"):
        new_model().fit(X, X[:, :1], verbose=0, callbacks=[BackupAndRestore(path)])


@pytest.mark.parametrize("every", [0, "day", 1.5, True])
def test_other_intervals_are_refused(tmp_path, every):
    with pytest.raises((TypeError, ValueError), match="every is"):
        BackupAndRestore(tmp_path / "backup.h5", every)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        BackupAndRestore(tmp_path)


def test_a_csv_goes_on_after_a_half_written_line(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\r\n0,0.5\r\n1,0.2")
    logger = CSVLogger(path, append=True)
    new_model().fit(X, X[:, :1], initial_epoch=1, epochs=2, verbose=0, callbacks=[logger])
    lines = path.read_text().splitlines()
    assert lines[:2] == ["epoch,loss", "0,0.5"]
    assert len(lines) == 3
    assert re.fullmatch(r"1,\d\.\d+(e-\d+)?", lines[2])


def appended(path, text, separator=","):
    """The lines of a file that another epoch is added to; the model has a loss and an error."""
    path.write_text(text)
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse", metrics=["mae"])
    logger = CSVLogger(path, separator, append=True)
    model.fit(X, X[:, :1], verbose=0, callbacks=[logger])
    return path.read_text().splitlines()


def test_a_csv_keeps_to_the_columns_that_it_has(tmp_path):
    before = "epoch;mae;acc;loss\n0;1;2;3\n"
    first, second, row = appended(tmp_path / "log.csv", before, ";")
    assert [first, second] == before.split()
    _, mae, acc, loss = row.split(";")
    assert (float(mae) > 0, acc, float(loss) > 0) == (True, "NA", True)


def test_a_csv_without_a_place_for_a_value_is_told(tmp_path):
    with pytest.warns(UserWarning, match=r"log.csv has the columns loss.*no place for mae"):
        *_, row = appended(tmp_path / "log.csv", "epoch,loss\n0,1\n")
    assert len(row.split(",")) == 2


@pytest.mark.parametrize("before", ["epo", "epoch,loss", ""])
def test_a_csv_without_a_whole_header_begins_anew(tmp_path, before):
    header, row = appended(tmp_path / "log.csv", before)
    assert (header, row[:2]) == ("epoch,loss,mae", "0,")


def test_a_csv_whose_header_is_gone_gets_rows_alone(tmp_path):
    first, second = appended(tmp_path / "log.csv", "4,0.5,0.6\n")
    assert (first, len(second.split(","))) == ("4,0.5,0.6", 3)


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    path = tmp_path / "model.h5"
    model = new_model()
    model.fit(X, X[:, :1], verbose=0, callbacks=[ModelCheckpoint(path, "loss")])
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        model.fit(X, X[:, :1], verbose=0, callbacks=[ModelCheckpoint(path, "loss")])
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.h5"]


def test_the_state_of_a_callback_of_ones_own_is_kept(tmp_path):
    class Counter(Callback):
        total = 0

        def on_batch_end(self, batch, logs=None):
            self.total += 1

        def get_state(self):
            return {"total": self.total, "names": ["a", None]}

        def set_state(self, state):
            assert state["names"] == ["a", None]
            self.total = state["total"]

    def fail(epoch, logs):
        if epoch == 1:
            raise OSError("power cut")

    path = tmp_path / "backup.h5"
    callbacks = [BackupAndRestore(path), Counter(), LambdaCallback(on_epoch_begin=fail)]
    with pytest.raises(OSError, match="power cut"):
        new_model().fit(X, X[:, :1], 2, epochs=3, verbose=0, callbacks=callbacks)
    counter = Counter()
    callbacks = [BackupAndRestore(path), counter]
    new_model().fit(X, X[:, :1], 2, epochs=3, verbose=0, callbacks=callbacks)
    assert counter.total == 3 * 4
