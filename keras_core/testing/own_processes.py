"""Checks of the processes that an engine has by itself, without a launcher.

The tests of a backend whose `world()` is made of such processes start them by a `Pair`, and derive
a class of `OfAPair`: the two share runs as MPI's do, and a fault of one ends both.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from keras_core.testing.launching import side_by_side
from keras_core.testing.two_ranks import CHECKS

SOON = 10  # seconds in which all have to be gone after a fault

_FIT = """
import sys
import numpy as np
from keras_core import distribute, layers, models
from keras_core.utils import set_random_seed

distribute.init(quiet=False)
set_random_seed(0)
rng = np.random.RandomState(0)
x, y = rng.rand(45, 6).astype("float32"), rng.randint(0, 3, 45)
model = models.Sequential(
    [
        layers.Dense(8, activation="relu", input_shape=(6,)),
        layers.BatchNormalization(**({"sync": True} if distribute.size() > 1 else {})),
        layers.Dense(3, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=11, epochs=5, verbose=0, validation_split=0.2)
scores = model.evaluate(x, y, batch_size=8, verbose=0)
losses = history.history["loss"], history.history["val_loss"]
name = f"{sys.argv[1]}/{distribute.rank()}-{distribute.size()}.npz"
np.savez(name, *model.get_weights(), model.predict(x), scores, *losses)
"""

_COUNT = """
import numpy as np
from keras_core import distribute, layers, models, ranks

distribute.init()
model = models.Sequential([layers.Dense(2, input_shape=(4,)), layers.Dense(3)])
model.compile("sgd", "mse")
x, y = np.ones((16, 4), "float32"), np.ones((16, 3), "float32")
world = ranks.current()
before = world.messages, world.bytes
model.fit(x, y, batch_size=8, epochs=5, verbose=0)
if distribute.rank() == 0:
    print("COUNTED", world.messages - before[0], world.bytes - before[1])
"""

# Ranks meet shapes of their own in an order of their own.
_SHAPES = """
import numpy as np
from keras_core import distribute, ranks
from keras_core.graph import Function, Placeholder
from keras_core.graph import primitives as p

distribute.init()
x = Placeholder((None, 2))
total = Function([x], [p.all_reduce(p.reduce_sum(x, axes=(0,), keepdims=False))[0]])
rows = [(3, 3), (4, 3), (3, 5), (0, 5), (6, 1)]
for both in rows:
    (found,) = total([np.ones((both[distribute.rank()], 2), "float32")])
    np.testing.assert_array_equal(found, [sum(both)] * 2)
print("RIGHT")
"""

_FAULT = """
import os, sys, time
import numpy as np
from keras_core import distribute, layers, models
from keras_core.callbacks import LambdaCallback

distribute.init()
model = models.Sequential([layers.Dense(2, input_shape=(4,))])
model.compile("sgd", "mse")
x, y = np.ones((16, 4), "float32"), np.ones((16, 2), "float32")

def fail():
    raise ValueError("out of luck")

def check(epoch, logs):
    if epoch == 3 and distribute.rank() == LAST:
        with open(f"{sys.argv[1]}/began", "w") as file:
            file.write(str(time.time()))
        CALL

model.fit(x, y, epochs=10**6, verbose=0, callbacks=[LambdaCallback(on_epoch_end=check)])
"""

_DIFFER = "do not make the same calls"

# What one rank does while the other one trains, which rank, and what is told of it.
FAULTS = {
    "the_first_is_killed": ("os.kill(os.getpid(), 9)", 0, "rank 0 has ended"),
    "another_is_killed": ("os.kill(os.getpid(), 9)", 1, "rank 1 has ended"),
    "ends_without_a_word": ("os._exit(0)", 1, "rank 1 has ended"),
    "raises": ("fail()", 1, r"\[rank 1\] .*ValueError: out of luck"),
    "the_first_leaves": ("sys.exit(0)", 0, "rank 0 has come to its end"),
    "another_leaves": ("sys.exit(0)", 1, "rank 1 has come to its end"),
    "gathers": ("distribute.allgather(np.ones(3))", 1, _DIFFER),
    "adds_up_something_else": ("distribute.allreduce(np.ones(3))", 1, _DIFFER),
    "adds_up_as_much": ("distribute.allreduce(np.ones(11, 'float32'))", 1, _DIFFER),
}


class Pair:
    """Two processes of an engine's own.

    Args:
        environments: gives the variables, beside those of this process, by which the two find each
            other.
        begin: the first lines of their scripts.
        seconds: how long a pair may run.
        refused: what the engine says, as a regular expression, where sums do not fit.
    """

    def __init__(
        self,
        environments: Callable[[], Sequence[Mapping[str, str]]],
        begin: str = "",
        seconds: float = 120,
        refused: str = _DIFFER,
    ) -> None:
        self._environments, self._begin = environments, begin
        self._seconds, self._refused = seconds, refused
        self._outcomes: dict[str, str | None] | None = None

    def run(self, folder: Path, script: str) -> list[subprocess.CompletedProcess[str]]:
        """What comes of a script that both run, whose one argument is the folder."""
        return self._run(folder, script, self._environments())

    def _run(
        self, folder: Path, script: str, environments: Sequence[Mapping[str, str]]
    ) -> list[subprocess.CompletedProcess[str]]:
        file = folder / "script.py"
        file.write_text(self._begin + script)
        commands = [[str(file), str(folder)]] * len(environments)
        whole = [{**os.environ, "OMP_NUM_THREADS": "1", **own} for own in environments]
        return side_by_side(commands, whole, self._seconds)

    def done(self, folder: Path, script: str) -> str:
        """What the first one printed of a script that both have done well."""
        return _well(self.run(folder, script))[0]

    def outcomes(self, folder: Path) -> dict[str, str | None]:
        """What came of the checks of `two_ranks`, by their names; they run once."""
        if self._outcomes is None:
            self._outcomes = self._new_outcomes(folder)
        return self._outcomes

    def _new_outcomes(self, folder: Path) -> dict[str, str | None]:
        script = "from keras_core.testing import two_ranks\ntwo_ranks.main()\n"
        lines = self.done(folder, script).splitlines()
        found: dict[str, str | None] = json.loads(next(x for x in lines if x.startswith("{")))
        return found

    def check_runs(self, folder: Path) -> None:
        """`fit`, `evaluate` and `predict` come to what one process comes to."""
        self.done(folder, _FIT)
        _well(self._run(folder, _FIT, [{}]))
        expected = np.load(folder / "0-1.npz")
        for rank in range(2):
            found = np.load(folder / f"{rank}-2.npz")
            for name in expected:
                np.testing.assert_allclose(found[name], expected[name], rtol=1e-5, atol=1e-6)

    def check_messages(self, folder: Path) -> None:
        """At each of 5 epochs of 2 batches one, of the gradients of 19 weights and of the loss."""
        assert f"COUNTED 10 {10 * 4 * 20}" in self.done(folder, _COUNT)

    def check_shapes(self, folder: Path) -> None:
        """Sums fit together where the ranks trace programs for other shapes, at other times."""
        assert "RIGHT" in self.done(folder, _SHAPES)

    def check_fault(self, folder: Path, fault: str) -> None:
        """Soon after a fault of one both have ended, and it is told."""
        call, last, told = FAULTS[fault]
        ended = self.run(folder, _FAULT.replace("CALL", call).replace("LAST", str(last)))
        took = time.time() - float((folder / "began").read_text())
        written = "".join(done.stdout for done in ended)
        assert took < SOON, written[-3000:]
        assert re.search(self._refused if told is _DIFFER else told, written), written[-3000:]
        assert ended[1 - last].returncode, written[-3000:]


class OfAPair:
    """Tests of a pair, for the fixture `pair` of the module of a subclass."""

    @pytest.mark.parametrize("check", CHECKS)
    def test_sums(self, pair: Pair, tmp_path: Path, check: str) -> None:
        outcome = pair.outcomes(tmp_path)[check]
        assert outcome is None, outcome

    def test_runs_come_to_what_one_process_does(self, pair: Pair, tmp_path: Path) -> None:
        pair.check_runs(tmp_path)

    def test_a_step_sends_one_message(self, pair: Pair, tmp_path: Path) -> None:
        pair.check_messages(tmp_path)

    def test_ranks_with_shapes_of_their_own(self, pair: Pair, tmp_path: Path) -> None:
        pair.check_shapes(tmp_path)

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_ends_all(self, pair: Pair, tmp_path: Path, fault: str) -> None:
        pair.check_fault(tmp_path, fault)


def _well(ended: Sequence[subprocess.CompletedProcess[str]]) -> list[str]:
    for done in ended:
        assert done.returncode == 0, done.stdout[-3000:]
    return [done.stdout for done in ended]
