"""Many models on a local Dask cluster of two processes, and on what else joblib has."""

from __future__ import annotations

import subprocess
import sys

import pytest

MODELS = """
import os
import numpy as np
from keras_core.layers import Dense, Dropout
from keras_core.models import Sequential
from keras_core.utils import get_custom_objects, set_random_seed

def note(what):
    with open(os.environ["NOTES"], "a") as file:
        print(what, os.getpid(), file=file)

class Noted(Sequential):
    def __getstate__(self):
        note("pickled")
        return super().__getstate__()

    def __setstate__(self, state):
        note("unpickled")
        super().__setstate__(state)

get_custom_objects()["Noted"] = Noted

def build(units=4, rate=0.0):
    set_random_seed(units)
    note("built")
    model = Noted([Dense(units, activation="tanh", input_shape=(3,)), Dropout(rate), Dense(1)])
    model.compile("sgd", "mse")
    return model

rows = np.random.RandomState(0).normal(size=(90, 4))
"""

SEARCH = """
import os, sys
import numpy as np
from contextlib import ExitStack
from distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, cross_validate
from keras_core.wrappers.scikit_learn import KerasRegressor
from noted_models import build, rows

def search(x, y):
    grid = GridSearchCV(KerasRegressor(build, epochs=2, verbose=0), GRID, cv=3)
    return grid.fit(x, y).cv_results_["mean_test_score"]

def validate(x, y):
    estimator = KerasRegressor(build, epochs=2, verbose=0, rate=0.3)
    done = cross_validate(estimator, x, y, cv=3, return_estimator=True)
    return [w for one in done["estimator"] for w in one.model.get_weights()]

GRID = {"units": [2, 4], "rate": [0.0, 0.3]}

def notes(what):
    lines = [line.split() for line in open(os.environ["NOTES"])]
    return [int(process) for word, process in lines if word == what]

def main(backend):
    x, y = rows[:, :3], rows[:, 3]
    wanted, weights = search(x, y), validate(x, y)
    open(os.environ["NOTES"], "w").close()
    with ExitStack() as stack:
        options = {"n_jobs": 2}
        if backend == "dask":
            workers = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
            stack.enter_context(workers)
            stack.enter_context(Client(workers))
            options["scatter"] = [x, y]
        stack.enter_context(parallel_config(backend, **options))
        np.testing.assert_array_equal(search(x, y), wanted)
        assert notes("pickled") == []  # scores come back, and no models
        assert len(set(notes("built"))) == 3, "two workers, and the last fit in this process"
        found = validate(x, y)
        assert len(found) == len(weights) == 12
        for one, other in zip(found, weights):
            np.testing.assert_array_equal(one, other)
        assert len(notes("pickled")) == 3, "each model once"
        assert notes("unpickled") == [os.getpid()] * 3

if __name__ == "__main__":
    main(sys.argv[1])
"""


@pytest.mark.parametrize("backend", ["dask", "loky"])
def test_search_and_validation_are_those_of_one_process(tmp_path, monkeypatch, backend):
    pytest.importorskip("distributed")
    pytest.importorskip("sklearn")
    (tmp_path / "noted_models.py").write_text(MODELS)
    (tmp_path / "search.py").write_text(SEARCH)
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    command = [sys.executable, "search.py", backend]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


FORKED = """
import multiprocessing
import numpy as np
from keras_core.layers import Conv2D, Dense, Flatten
from keras_core.models import Sequential

def loss(_):
    model = Sequential([Conv2D(32, 3, input_shape=(32, 32, 3)), Flatten(), Dense(10)])
    model.compile("sgd", "mse")
    x, y = np.ones((64, 32, 32, 3)), np.ones((64, 10))
    return model.fit(x, y, verbose=0).history["loss"][0]

if __name__ == "__main__":
    loss(0)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        try:
            print(len(pool.map_async(loss, [1, 2]).get(300)), "went through")
        except RuntimeError as error:
            print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no forks")
def test_fork_trains_or_is_told_on_every_engine(tmp_path):
    (tmp_path / "forked.py").write_text(FORKED)
    command = [sys.executable, "-W", "ignore", "forked.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "2 went through" in done.stdout or "This process was forked from one" in done.stdout
