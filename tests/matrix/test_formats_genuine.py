"""Files between keras_core and the genuine programs, where they are found.

`KERAS_CORE_TEST_KERAS_2` names a Python with keras 2.3.1 and tensorflow 1.15,
`KERAS_CORE_TEST_KERAS_3` one with Keras 3; `tox -e genuine` makes both. What is installed beside
keras_core is found by itself.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import model_zoo
import numpy as np
import pytest

import keras_core
from keras_core.models import load_model

pytestmark = pytest.mark.filterwarnings("ignore:.*has no training configuration")


class Genuine:
    """Another Keras in a process of its own."""

    def __init__(self, python, package, **environment):
        self.python, self.package, self.environment = python, package, environment

    def does(self, what, folder, ending):
        """Runs the zoo there; returns what could not be done, by name."""
        inherited = {
            k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "KERAS_BACKEND")
        }
        words = [self.python, model_zoo.__file__, what, self.package, str(folder), ending]
        environment = {**inherited, "TF_CPP_MIN_LOG_LEVEL": "3", **self.environment}
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads((folder / "failures.json").read_text())


def has(package):
    return importlib.util.find_spec(package) is not None


def keras_2():
    python = os.environ.get("KERAS_CORE_TEST_KERAS_2")
    return python and Genuine(python, "keras", KERAS_BACKEND="tensorflow")


def tf_keras():
    return Genuine(sys.executable, "tf_keras") if has("tf_keras") else None


def keras_3():
    python = os.environ.get("KERAS_CORE_TEST_KERAS_3")
    if python:
        return Genuine(python, "keras", KERAS_BACKEND="jax")
    beside = has("tensorflow") and has("keras") and metadata.version("keras").startswith("3")
    return Genuine(sys.executable, "keras", KERAS_BACKEND="tensorflow") if beside else None


PROGRAMS = {"keras_2": keras_2, "tf_keras": tf_keras, "keras_3": keras_3}

# What Keras 3 has no layer or function for, and says so.
_NOT_IN_KERAS_3 = {
    *("hard_sigmoid", "lstm_hard", "conv_lstm_hard", "local_1d", "local_2d", "upsampling_bilinear"),
}
# 2.3.1 leaves out the input layer that the user put first, and cannot read its own file.
_FORGOTTEN = {"sequential"}
# What 2.3.1's layout cannot say: tf-keras takes the word for another function.
_OTHER_THERE = {"upsampling_bilinear"}

WRITTEN_THERE = [
    ("keras_2", ".h5", _FORGOTTEN),
    ("tf_keras", ".h5", set()),
    ("tf_keras", ".keras", set()),
    ("keras_3", ".h5", set()),
    ("keras_3", ".keras", set()),
]
WRITTEN_HERE = [
    ("keras_2", ".h5", set()),
    ("tf_keras", ".h5", _OTHER_THERE),
    ("keras_3", ".keras", _NOT_IN_KERAS_3),
]


def program(name):
    found = PROGRAMS[name]()
    if not found:
        pytest.skip(f"{name} is not installed; see the beginning of this file")
    return found


def difference(outputs, others):
    if len(outputs) != len(others) or any(x.shape != y.shape for x, y in zip(outputs, others)):
        return np.inf
    return max(np.abs(x - y).max() / max(1, np.abs(y).max()) for x, y in zip(outputs, others))


@pytest.mark.parametrize("name, ending, not_read", WRITTEN_THERE, ids=lambda x: x and str(x)[:10])
def test_files_from_there_predict_the_same_here(name, ending, not_read, tmp_path):
    failures = program(name).does("write", tmp_path, ending)
    assert all("has no attribute" in reason for reason in failures.values()), failures
    wrong = {}
    for model_name in set(model_zoo.ZOO) - set(failures):
        try:
            found = read_here(tmp_path / f"{model_name}{ending}")
        except ValueError as error:
            found = str(error)
        if isinstance(found, str) or found > 2e-5:
            wrong[model_name] = found
    assert set(wrong) == not_read, wrong


def read_here(path):
    model = load_model(path)
    arrays = path.with_suffix(".npz")
    outputs = model_zoo.predicted(model, model_zoo.arrays_in(arrays, "input"))
    return difference(outputs, model_zoo.arrays_in(arrays, "output"))


@pytest.mark.parametrize("name, ending, not_read", WRITTEN_HERE, ids=lambda x: x and str(x)[:10])
def test_files_from_here_predict_the_same_there(name, ending, not_read, tmp_path):
    there = program(name)
    model_zoo.main("write", keras_core.__name__, str(tmp_path), ending, [])
    assert json.loads((tmp_path / "failures.json").read_text()) == {}
    wrong = there.does("predict", tmp_path, ending)
    for arrays in Path(tmp_path).glob("*.there.npz"):
        model_name = arrays.name.partition(".")[0]
        here = model_zoo.arrays_in(tmp_path / f"{model_name}.npz", "output")
        found = difference(model_zoo.arrays_in(arrays, "output"), here)
        if found > 2e-5:
            wrong[model_name] = found
    assert set(wrong) == not_read, wrong
