"""Lifting out of loops: each case of the kit as the step of a loop, in the loop and outside."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import PRIMITIVES, Placeholder, Program, evaluate
from keras_core.graph.passes import optimize
from keras_core.graph.scan import scan
from keras_core.testing.cases import CASES

STEPS = 3
LIFTED = [case for case in CASES if case.composed is None and PRIMITIVES[case.primitive].lift]
SMALL = [case for case in LIFTED if all(np.prod(x.shape) < 1000 for x in case.inputs)]

ALL_INPUTS, FIRST_INPUT = "all inputs", "first input"


def steps_of(array):
    """The array, and the same numbers in another order at the later steps."""
    later = np.roll(array, 1, axis=-1) if array.ndim else array
    return np.stack([array, *[later] * (STEPS - 1)])


def looped(case, varying, known):
    """A loop over the case, with some of its inputs different at each step, and their values."""
    arrays = case.arrays()
    # Sizes that are given as tensors are the same at all steps.
    tensors = [i for i, x in enumerate(arrays) if x.ndim] or [0]
    vary = tensors if varying == ALL_INPUTS else tensors[:1]
    values = [steps_of(x) if i in vary else x for i, x in enumerate(arrays)]
    steps = (STEPS,) if known else (None,)
    shapes = [x.static(x.shape, not known and case.unknown) for x in case.inputs]
    leaves = [
        Placeholder((*steps, *shape) if i in vary else shape, x.dtype)
        for i, (x, shape) in enumerate(zip(case.inputs, shapes))
    ]
    primitive = PRIMITIVES[case.primitive]

    def step(slices, _):
        given = iter(slices)
        inputs = [next(given) if i in vary else x for i, x in enumerate(leaves)]
        return [primitive(*inputs, **case.params)], []

    _, rows = scan(step, [leaves[i] for i in vary], [])
    return Program(leaves, rows), values


def is_lifted(program):
    return not any(node.primitive.loop for node in program.nodes)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("varying", [ALL_INPUTS, FIRST_INPUT])
@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_values_stay(case, varying, known):
    program, values = looped(case, varying, known)
    lifted = optimize(program)
    feeds = [dict(zip(p.inputs, values)) for p in (program, lifted)]
    (expected,) = evaluate(program.outputs, feeds[0])
    (got,) = evaluate(lifted.outputs, feeds[1])
    assert got.dtype == expected.dtype and got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", sorted({case.primitive for case in SMALL}))
def test_some_case_leaves_its_loop(name):
    cases = [case for case in SMALL if case.primitive == name]
    ways = [(case, varying) for case in cases for varying in (ALL_INPUTS, FIRST_INPUT)]
    assert any(is_lifted(optimize(looped(*way, known=True)[0])) for way in ways)
