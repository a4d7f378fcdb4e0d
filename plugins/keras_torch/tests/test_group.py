"""Processes that PyTorch started share their work, without MPI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from keras_core.testing.two_ranks import CHECKS

FIT = """
import sys
import numpy as np
from keras_core import distribute, layers, models
from keras_core.utils import set_random_seed

{begin}
distribute.init(quiet=False)
set_random_seed(0)
rng = np.random.RandomState(0)
x, y = rng.rand(45, 6).astype("float32"), rng.randint(0, 3, 45)
model = models.Sequential(
    [layers.Dense(8, activation="relu", input_shape=(6,)), layers.Dense(3, activation="softmax")]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=11, epochs=5, verbose=0, validation_split=0.2)
predicted = model.predict(x)
name = f"{{sys.argv[1]}}/{{distribute.rank()}}-{{distribute.size()}}.npz"
np.savez(name, *model.get_weights(), predicted, history.history["val_loss"])
"""


def started(count, *arguments):
    """What processes print that torchrun started."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    return python(*launcher, *arguments)


def python(*arguments):
    environment = {**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def outcomes():
    told = started(2, "-m", "keras_core.testing.two_ranks")
    return json.loads(next(line for line in told.splitlines() if line.startswith("{")))


@pytest.mark.parametrize("check", CHECKS)
def test_sums(outcomes, check):
    assert outcomes[check] is None, outcomes[check]


@pytest.mark.parametrize("begin", ["", "import torch; torch.distributed.init_process_group()"])
def test_fit_comes_to_what_one_process_does(tmp_path, begin):
    script = tmp_path / "fit.py"
    script.write_text(textwrap.dedent(FIT.format(begin=begin)))
    alone = tmp_path / "alone.py"
    alone.write_text(FIT.format(begin=""))
    python(alone, tmp_path)
    started(2, script, tmp_path)
    expected = np.load(tmp_path / "0-1.npz")
    for rank in range(2):
        found = np.load(tmp_path / f"{rank}-2.npz")
        for name in expected:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, atol=1e-6)


def test_run_takes_part_too(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("from keras import distribute\nprint(distribute.size())")
    assert started(2, "-m", "keras_core", "run", script).split() == ["2"]
