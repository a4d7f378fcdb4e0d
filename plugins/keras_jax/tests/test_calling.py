"""Calls of Python in the midst of programs, with values of any size, on any number of threads."""

from __future__ import annotations

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from keras_jax.calling import tell

# So large that JAX leaves its copies to other threads; here there is but one.
ON_ONE_CORE = """
import os

if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.environ["NPROC"] = "1"

import jax
import jax.numpy as jnp
import numpy as np
from keras_core import backend as K
from keras_core import layers, models
from keras_core.graph import Function, Placeholder
from keras_core.graph import primitives as p

large = np.arange(1_500_000, dtype="float32").reshape(500, 3000)
x = Placeholder((None, 3000))
"""

WAYS = {
    "sums": "print(Function([x], [p.negative(p.all_reduce(x)[0])])([large])[0].sum() < 0)",
    "printed": "print(Function([x], [K.print_tensor(x, 'told: ')])([large])[0].shape)",
    "assigned": """
inputs = layers.Input(batch_shape=(500, 1, 100))
layer = layers.GRU(300, stateful=True)
model = models.Model(inputs, layer(inputs))
jax.jit(lambda x: model(x))(jnp.ones((500, 1, 100)))
jax.effects_barrier()
print(np.asarray(K.get_value(layer.states[0])).std() > 0)
""",
}


@pytest.mark.parametrize("way", WAYS)
def test_one_thread_is_enough(way):
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, "-c", ON_ONE_CORE + WAYS[way]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] in ("True", "(500, 3000)")


@pytest.fixture
def told():
    return []


def telling(told, ordered=True):
    """A function that tells its argument."""

    def function(x):
        tell(lambda value: told.append(np.array(value)), x, ordered=ordered)
        return x * 2

    return function


@pytest.mark.parametrize("ordered", [True, False])
class TestTell:
    def test_now(self, told, ordered):
        telling(told, ordered)(jnp.arange(3.0))
        np.testing.assert_array_equal(told, [[0, 1, 2]])

    def test_at_each_run_of_what_was_traced(self, told, ordered):
        traced = jax.jit(telling(told, ordered))
        for turn in range(3):
            traced(jnp.full(2, float(turn)))
            jax.effects_barrier()
        np.testing.assert_array_equal(told, [[0, 0], [1, 1], [2, 2]])

    def test_under_a_gradient(self, told, ordered):
        traced = jax.jit(jax.grad(lambda x: telling(told, ordered)(x).sum()))
        np.testing.assert_array_equal(traced(jnp.arange(3.0)), [2, 2, 2])
        jax.effects_barrier()
        np.testing.assert_array_equal(told, [[0, 1, 2]])

    def test_each_row_of_a_batch(self, told, ordered):
        rows = jnp.arange(6.0).reshape(2, 3)
        jax.jit(jax.vmap(telling(told, ordered), in_axes=1))(rows)
        jax.effects_barrier()
        assert sorted(map(tuple, told)) == [(0, 3), (1, 4), (2, 5)]

    def test_each_step_of_a_loop(self, told, ordered):
        jax.lax.fori_loop(0, 3, lambda _, x: telling(told, ordered)(x), jnp.ones(()))
        jax.effects_barrier()
        assert sorted(map(float, told)) == [1, 2, 4]
