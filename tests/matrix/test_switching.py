"""KERAS_BACKEND is all that changes, and the chosen engine is the only one that is loaded."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from keras_core.plugins import backend_name

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "matrix" / "one_script.py"
INITIAL = ROOT / "tests" / "data" / "three_engines" / "initial.npz"
ENGINES = ("tensorflow", "theano", "torch")

TRAINING = """
    import sys
    import numpy as np
    from keras_core.layers import Dense
    from keras_core.models import Sequential

    model = Sequential([Dense(2, input_shape=(3,))])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    print(*[name for name in {engines} if name in sys.modules])
"""


def here():
    """The settings that let a fresh process use the backend of this one."""
    names = ("KERAS_THEANO_MODE", "THEANO_FLAGS")
    return {"KERAS_BACKEND": backend_name(), **{n: os.environ[n] for n in names if n in os.environ}}


def test_only_the_chosen_engine_is_loaded(sandbox):
    chosen = backend_name()
    for engine in ENGINES:
        if engine != chosen:
            (sandbox.site / f"{engine}.py").write_text("")
    done = sandbox.run(TRAINING.format(engines=ENGINES), **here())
    assert done.stdout.split() == [name for name in ENGINES if name == chosen], done.stderr


def test_the_script_runs_by_the_environment_alone(sandbox):
    trained = sandbox.home / "trained.npz"
    done = sandbox.command(
        sys.executable, str(SCRIPT), "keras_core", str(INITIAL), str(trained), **here()
    )
    assert done.returncode == 0, done.stderr
    with np.load(trained) as arrays:
        assert arrays["loss"][-1] < arrays["loss"][0]


def test_a_warning_of_the_choice_points_at_the_line_that_trains(sandbox):
    sandbox.settings('{"backend": "cntk"}')
    done = sandbox.run(TRAINING.format(engines=()), **{**here(), "KERAS_BACKEND": ""})
    (warned,) = [line for line in done.stderr.splitlines() if "BackendChoiceWarning" in line]
    assert warned.startswith("<string>:9: ")
