"""Processes that jax.distributed has joined share their work, without MPI."""

from __future__ import annotations

import pytest

from keras_core.testing.launching import free_ports
from keras_core.testing.own_processes import OfAPair, Pair

JOIN = """
import os
import jax

if "PORT" in os.environ:
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize("127.0.0.1:" + os.environ["PORT"], 2, int(os.environ["RANK"]))
"""

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


def environments():
    (port,) = free_ports(1)
    return [{"PORT": str(port), "RANK": str(rank)} for rank in range(2)]


# Gloo ends a process in which sums of different sizes meet.
REFUSED = "do not make the same calls|Is there a distributed collective mismatch in your code"


@pytest.fixture(scope="module")
def pair():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "jax")
        yield Pair(environments, JOIN, refused=REFUSED)


class TestProcesses(OfAPair):
    pass


def test_calls_by_hand(pair, tmp_path):
    assert "REFUSED" in pair.done(tmp_path, BY_HAND)
