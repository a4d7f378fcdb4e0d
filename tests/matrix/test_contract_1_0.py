"""Backends written for contract 1.0 run with the core of today: the sources that stood then."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from keras_core.plugins import backend_name

DATA = Path(__file__).parents[1] / "data"
HERE = Path(__file__).parent
PACKAGES = {"numpy": "keras_numpy", "tensorflow": "keras_tf", "theano": "keras_theano"}
TOLERANCE = 1e-4  # relative to the largest value of a weight

WHO = """
import sys
from keras_core.plugins import current_backend
from keras_core.plugins.discovery import backend_info, find

backend = current_backend()
print(backend_info(find(backend.name)).api, sys.modules[type(backend).__module__].__file__)
"""

DIGITS = """
import keras_core
from keras_core.datasets import digits
from keras_core.layers import Dense, Dropout, Flatten
from keras_core.models import Sequential, load_model

keras_core.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = digits.load_data()
hidden = [Flatten(input_shape=(8, 8)), Dense(64, activation="relu"), Dropout(0.2)]
model = Sequential([*hidden, Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train / 16, y_train, epochs=15, verbose=0, validation_data=(x_test / 16, y_test))
model.save("digits.h5")
print(model.evaluate(x_test / 16, y_test, verbose=0)[1])
print(abs(load_model("digits.h5").predict(x_test) - model.predict(x_test)).max())
"""


class Old:
    """A folder with the plugins of then, which processes find before those that are installed."""

    def __init__(self, folder):
        with tarfile.open(DATA / "contract_1_0" / "plugins.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        self.folder = folder
        self.source = folder / "plugins" / PACKAGES[backend_name()]

    def run(self, *words):
        """Runs Python in a process that uses this backend; returns what it printed."""
        paths = [str(self.source), os.environ.get("PYTHONPATH", "")]
        found = {
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "KERAS_BACKEND": backend_name(),
        }
        done = subprocess.run(
            [sys.executable, *words],
            env={**os.environ, **found},
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
        return done.stdout


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    if backend_name() not in PACKAGES:
        pytest.skip(f"the plugin of {backend_name()} is newer than contract 1.0")
    return Old(tmp_path_factory.mktemp("contract_1_0"))


def test_the_plugin_is_the_one_of_then(old):
    told = old.run("-c", WHO)
    assert told.startswith("(1, 0) ")
    assert str(old.source) in told


def test_training_ends_where_keras_2_ends(old):
    paths = DATA / "three_engines" / "initial.npz", old.folder / "trained.npz"
    old.run(str(HERE / "one_script.py"), "keras_core", *map(str, paths))
    with np.load(paths[1]) as got, np.load(DATA / "three_engines" / "trained.npz") as wanted:
        assert got.files == wanted.files
        for name in wanted.files:
            allowed = TOLERANCE * np.abs(wanted[name]).max()
            np.testing.assert_allclose(got[name], wanted[name], rtol=0, atol=allowed)


def test_it_learns_to_read_digits_and_comes_back_from_a_file(old):
    accuracy, difference = map(float, old.run("-c", DIGITS).split())
    assert accuracy > 0.95 and difference == 0


def test_the_kit_passes(old):
    """A part that is quick on all engines: hooks, storage, programs, native nodes, threads."""
    families = "contract or hold or native or programs or together or training"
    told = old.run("-m", "keras_core", "check-backend", backend_name(), "-k", families)
    passed, failed, _, not_offered = map(int, told.partition("\ntotal")[2].split()[:4])
    assert passed > 50 and failed == 0 and not_offered
    assert "what contract 1.4 asks" in told
