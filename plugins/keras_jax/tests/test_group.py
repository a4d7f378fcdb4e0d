"""Processes that jax.distributed has joined share their work, without MPI."""

from __future__ import annotations

import json
import os
import re
import textwrap
import time

import numpy as np
import pytest

from keras_core.testing.launching import free_ports, side_by_side
from keras_core.testing.two_ranks import CHECKS

JOIN = """
import os, sys
import jax

if "PORT" in os.environ:
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize("127.0.0.1:" + os.environ["PORT"], 2, int(os.environ["RANK"]))
"""

CHECK = """
import runpy
runpy.run_module("keras_core.testing.two_ranks", run_name="__main__")
"""

FIT = """
import numpy as np
from keras_core import distribute, layers, models, ranks
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
name = f"{sys.argv[1]}/{distribute.rank()}-{distribute.size()}.npz"
losses = history.history["loss"], history.history["val_loss"]
np.savez(name, *model.get_weights(), model.predict(x), scores, *losses)
"""

MESSAGES = """
import numpy as np
from keras_core import distribute, layers, models, ranks

distribute.init()
model = models.Sequential([layers.Dense(2, input_shape=(4,)), layers.Dense(3)])
model.compile("sgd", "mse")
x, y = np.ones((16, 4), "float32"), np.ones((16, 3), "float32")
model.fit(x, y, batch_size=8, epochs=1, verbose=0)
world = ranks.current()
before = world.messages, world.bytes
model.fit(x, y, batch_size=8, epochs=5, verbose=0)
if distribute.rank() == 0:
    print("COUNTED", world.messages - before[0], world.bytes - before[1])
"""

BEGIN = """
import time
import numpy as np
from keras_core import distribute, layers, models
from keras_core.callbacks import LambdaCallback

distribute.init()
model = models.Sequential([layers.Dense(2, input_shape=(4,))])
model.compile("sgd", "mse")
x, y = np.ones((16, 4), "float32"), np.ones((16, 2), "float32")

def fit(**callbacks):
    model.fit(x, y, epochs=10**6, verbose=0, callbacks=[LambdaCallback(**callbacks)])

def at_epoch_3(action):
    def check(epoch, logs):
        if epoch == 3 and distribute.rank() == LAST:
            open(f"{sys.argv[1]}/began", "w").write(str(time.time()))
            action()
    fit(on_epoch_end=check)

def fail():
    raise ValueError("out of luck")
"""

MISMATCH = "do not make the same calls|Is there a distributed collective mismatch in your code"

# What one rank does while the other one trains, which rank, and what is told of it.
FAULTS = {
    "the_first_is_killed": ("os.kill(os.getpid(), 9)", 0, "rank 0 has ended"),
    "another_is_killed": ("os.kill(os.getpid(), 9)", 1, "rank 1 has ended"),
    "ends_without_a_word": ("os._exit(0)", 1, "rank 1 has ended"),
    "raises": ("fail()", 1, r"\[rank 1\] ValueError: out of luck"),
    "the_first_leaves": ("sys.exit(0)", 0, "rank 0 has come to its end"),
    "another_leaves": ("sys.exit(0)", 1, "rank 1 has come to its end"),
    "gathers": ("distribute.allgather(np.ones(3))", 1, MISMATCH),
    "adds_up_something_else": ("distribute.allreduce(np.ones(3))", 1, MISMATCH),
    "adds_up_as_much": ("distribute.allreduce(np.ones(11, 'float32'))", 1, MISMATCH),
}

BY_HAND = """
import jax.numpy as jnp
import numpy as np
from keras_core import distribute, layers, models
from keras_core.graph import primitives as p

distribute.init(quiet=False)
inputs = layers.Input((2,))
model = models.Model(inputs, layers.Lambda(lambda x: x * p.all_reduce(x)[0])(inputs))
x = jnp.full((3, 2), 1.0 + distribute.rank())
found = {
    "called": model(x),
    "gradient": jax.grad(lambda x: model(x).sum())(x),
    "tangent": jax.jvp(model, (x,), (jnp.ones((3, 2)),))[1],
    "batched": jax.vmap(model)(jnp.stack([x, x]))[1],
}
expected = {"called": 3 * x, "gradient": 6.0, "tangent": 3 + 2 * x, "batched": 3 * x}
for name, value in found.items():
    np.testing.assert_allclose(value, np.broadcast_to(expected[name], (3, 2)), err_msg=name)
try:
    jax.jit(model)(x)
except RuntimeError as error:
    assert "mpiexec" in str(error), error
    print("REFUSED")
"""


def together(folder, script, *arguments):
    """What two processes come to that run a script."""
    file = folder / "script.py"
    file.write_text(JOIN + textwrap.dedent(script))
    (port,) = free_ports(1)
    environments = [environment(PORT=str(port), RANK=str(rank)) for rank in range(2)]
    return side_by_side([[str(file), *arguments]] * 2, environments)


def environment(**more):
    return {**os.environ, "KERAS_BACKEND": "jax", "OMP_NUM_THREADS": "1", **more}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    first, _ = together(tmp_path_factory.mktemp("checks"), CHECK)
    lines = [line for line in first.stdout.splitlines() if line.startswith("{")]
    assert lines, first.stdout[-3000:]
    return json.loads(lines[0])


@pytest.mark.parametrize("check", CHECKS)
def test_sums(outcomes, check):
    assert outcomes[check] is None, outcomes[check]


def test_runs_come_to_what_one_process_does(tmp_path):
    both = together(tmp_path, FIT, str(tmp_path))
    alone = side_by_side([[str(tmp_path / "script.py"), str(tmp_path)]], [environment()])
    for done in (*both, *alone):
        assert done.returncode == 0, done.stdout[-3000:]
    expected = np.load(tmp_path / "0-1.npz")
    for rank in range(2):
        found = np.load(tmp_path / f"{rank}-2.npz")
        for name in expected:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-5, atol=1e-6)


def test_a_step_sends_one_message(tmp_path):
    """Of the gradients of 19 weights and of the loss, at each of 5 epochs of 2 batches."""
    first, _ = together(tmp_path, MESSAGES)
    assert f"COUNTED 10 {10 * 4 * 20}" in first.stdout, first.stdout[-3000:]


def test_calls_by_hand(tmp_path):
    for done in together(tmp_path, BY_HAND):
        assert done.returncode == 0 and "REFUSED" in done.stdout, done.stdout[-3000:]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_all(tmp_path, fault):
    call, last, told = FAULTS[fault]
    script = BEGIN + f"\nLAST = {last}\nat_epoch_3(lambda: {call})\n"
    ended = together(tmp_path, script, str(tmp_path))
    took = time.time() - float((tmp_path / "began").read_text())
    written = "".join(done.stdout for done in ended)
    assert took < 10, written[-3000:]
    assert re.search(told, written), written[-3000:]
    assert ended[1 - last].returncode, written[-3000:]
