"""Sums over ranks in what engines trace, derive, batch and compile by themselves."""

from __future__ import annotations

import numpy as np
import pytest
from nearness import assert_near

from keras_core.plugins import backend_name

TRACES = backend_name() in ("jax", "torch")
RUNS = ("transformations", "steps_of_pure_functions") if TRACES else ()
RUNS += ("compiled_as_a_whole",)
traces = pytest.mark.skipif(not TRACES, reason="the engine has no transformations of functions")


def of_all(outcomes, count, name):
    found = outcomes(count, *RUNS)[name]
    assert isinstance(found[0], dict), found[0]
    return found


@traces
def test_transformations(outcomes):
    """Of x s, s being the sum: all ranks' gradients of their sums add up to 2 s, for s' = 2."""
    for rank, found in enumerate(of_all(outcomes, 2, "transformations")):
        x, total = 1.0 + rank, 3.0
        expected = {
            "called": x * total,
            "compiled": x * total,
            "batched": x * total,
            "gradient": 2 * total,
            "gradient_compiled": 2 * total,
            "tangent": total + 2 * x,
        }
        for name, value in found.items():
            np.testing.assert_allclose(value, np.full((3, 2), expected[name]), err_msg=name)


@traces
def test_steps_of_pure_functions(outcomes):
    (alone,) = of_all(outcomes, 1, "steps_of_pure_functions")
    for found in of_all(outcomes, 2, "steps_of_pure_functions"):
        assert_near(found["weights"], alone["weights"], "weights")
        losses = [one["loss"] for one in of_all(outcomes, 2, "steps_of_pure_functions")]
        assert_near(losses, [alone["loss"]] * 2, "losses")


def test_programs_that_are_compiled_as_a_whole(outcomes):
    (alone,) = of_all(outcomes, 1, "compiled_as_a_whole")
    for found in of_all(outcomes, 2, "compiled_as_a_whole"):
        assert_near(found["weights"], alone["weights"], "weights")
        assert bool(found["own_warnings"]) is (backend_name() == "tensorflow")
