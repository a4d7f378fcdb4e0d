"""`inline` and `spec_of`: programs within the engine's own code, on its own tensors."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.graph import Placeholder, Program, Update, Variable, gradients
from keras_core.graph import primitives as p
from keras_core.plugins.authoring import native
from keras_core.testing.comparison import assert_all_near
from keras_core.testing.offers import NotOffered, offered
from keras_core.testing.runners import Function
from keras_core.testing.tensors import tensor

TOLERANCE = 1e-5
VALUES = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]], "float32")


def inlined(inputs, outputs, updates=(), phase=0):
    """What the engine runs of a program, within code of its own."""
    return offered("inline")(Program(inputs, outputs, updates), phase)


def within(run, value, shape=(2, 2)):
    """What a function of the engine's own tensors gives, called by the engine."""
    x = Placeholder((None, *value.shape[1:]), value.dtype.name)
    results = native(lambda a: run([a])[0], [x], [(shape, "float32")])
    return Function([x], results)([value])[0]


def dense():
    """A program with a variable, of any number of rows."""
    x, w = Placeholder((None, 3)), Variable(np.arange(6).reshape(3, 2) / 4)
    return x, w, p.tanh(p.dot(x, w, contract=((1,), (0,)), batch=((), ())))


@pytest.mark.parametrize("rows", [2, 1])
def test_value(rows):
    x, w, y = dense()
    got = within(inlined((x,), (y,)), VALUES[:rows], (rows, 2))
    assert_all_near([got], [np.tanh(VALUES[:rows] @ w.get_value())], TOLERANCE)


@pytest.mark.parametrize("phase", [0, 1])
def test_learning_phase(phase):
    x = Placeholder((2, 3))
    run = inlined((x,), (p.select(p.learning_phase(), p.negative(x), x),), phase=phase)
    np.testing.assert_array_equal(within(run, VALUES, (2, 3)), -VALUES if phase else VALUES)


def test_gradient():
    """The engine's own derivative of an inlined program is the graph's."""
    x = Placeholder((2, 3))
    run = inlined((x,), (p.multiply(p.exp(x), x),))

    def function(a):
        return run([a])[0]

    if offered("gradient_of")(function, 1, 1) is None:
        raise NotOffered("gradient_of")
    (y,) = native(function, [x], [((2, 3), "float32")])
    (g,) = gradients([p.square(y)], [x])
    assert g is not None
    expected = 2 * np.exp(2 * VALUES) * VALUES * (VALUES + 1)
    assert_all_near(Function([x], [g])([VALUES]), [expected], TOLERANCE)


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_tensors_are_told_by_their_shapes_and_dtypes(dtype):
    spec = offered("spec_of")(tensor(np.zeros((2, 3), dtype)))
    assert (spec.shape, spec.dtype) == ((2, 3), dtype)


@pytest.mark.parametrize(
    "value",
    [None, "text", 1.5, [1.0, 2.0], Placeholder((2,))],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_tensor_is_told(value):
    assert offered("spec_of")(value) is None


def test_results_are_tensors():
    x, _, y = dense()
    spec = offered("spec_of")(inlined((x,), (y,))([tensor(VALUES)])[0])
    assert (spec.shape, spec.dtype) == ((2, 2), "float32")


def test_updates_happen_where_it_is_called():
    x, v = Placeholder((2, 3)), Variable(np.zeros((2, 3)))
    run, given = inlined((x,), (), (Update(v, p.add(v, x)),)), tensor(VALUES)
    for _ in range(2):
        run([given])
    np.testing.assert_array_equal(v.get_value(), 2 * VALUES)


def test_values_that_are_set_are_read():
    x, v, copy = Placeholder((2, 3)), Variable(np.zeros((2, 3))), Variable(np.zeros((2, 3)))
    run, given = inlined((x,), (), (Update(copy, p.add(v, x)),)), tensor(VALUES)
    for value in (1.0, 2.0):
        K.set_value(v, np.full((2, 3), value))
        run([given])
        np.testing.assert_array_equal(copy.get_value(), VALUES + value)
