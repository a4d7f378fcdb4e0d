"""Indices that are out of range: refused, or NaN; never another row's value."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Placeholder
from keras_core.graph import primitives as p
from keras_core.graph.scan.build import scan
from keras_core.testing.runners import Function

ROWS = np.arange(1, 13).reshape(3, 4)
# Of three rows: beyond the end, further than that, and before the begin.
OUTSIDE = [3, 1000, -4]


def looked_up(function, values):
    """The results; None where the engine refuses."""
    try:
        return [np.array(value) for value in function.run(values)]
    except AssertionError:
        raise
    except Exception:
        return None


def assert_from_nowhere(found):
    """Refuses all but what stands for nothing: NaN, the least integer, False."""
    kind = found.dtype.kind
    nothing = np.nan if kind == "f" else np.iinfo(found.dtype).min if kind == "i" else False
    np.testing.assert_array_equal(found, np.full_like(found, nothing), "out of range, and yet")


@pytest.mark.parametrize("index", OUTSIDE)
@pytest.mark.parametrize("dtype", ["float32", "int32", "int64", "bool"])
@pytest.mark.parametrize("axis", [0, 1])
def test_gather_out_of_range(axis, dtype, index):
    rows = ROWS if axis == 0 else ROWS.T
    x, indices = Placeholder(rows.shape, dtype), Placeholder((2,), "int32")
    function = Function([x, indices], [p.gather(x, indices, axis=axis)])
    found = looked_up(function, [rows.astype(dtype), [1, index]])
    if found is not None:
        inside, outside = np.moveaxis(found[0], axis, 0)
        assert_from_nowhere(outside)
        np.testing.assert_array_equal(inside, ROWS[1].astype(dtype))


@pytest.mark.parametrize("index", OUTSIDE)
def test_gather_out_of_range_in_a_loop(index):
    x, indices = Placeholder((3, 4)), Placeholder((2,), "int32")

    def step(xs, states):
        place = p.add(xs[0], states[0])
        return [p.gather(x, place, axis=0)], [p.multiply(states[0], states[0])]

    (steps,) = scan(step, [indices], [p.scalar(0, "int32")])[1]
    found = looked_up(Function([x, indices], [steps]), [ROWS, [1, index]])
    if found is not None:
        assert_from_nowhere(found[0][1])


@pytest.mark.parametrize("index", OUTSIDE)
def test_gather_grad_out_of_range(index):
    """What was looked up nowhere is added nowhere."""
    g, indices = Placeholder((2, 4)), Placeholder((2,), "int32")
    function = Function([g, indices], [p.gather_grad(g, indices, axis=0, shape=(3, 4))])
    found = looked_up(function, [ROWS[:2], [1, index]])
    if found is not None:
        expected = np.zeros((3, 4))
        expected[1] = ROWS[0]
        np.testing.assert_array_equal(found[0], expected)
