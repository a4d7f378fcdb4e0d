"""Functions of the engine's own arrays that stand in the graph."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Placeholder, Spec, gradients
from keras_core.graph import primitives as p
from keras_core.plugins.authoring import native
from keras_core.testing.offers import NotOffered, offered, since
from keras_core.testing.runners import Function

VALUES = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, 0.0]], "float32")
SPEC = ((2, 3), "float32")


@pytest.fixture
def doubled(conformance_backend):
    """Makes a node that adds its input to itself: `+` is in reach of all engines."""

    def build(x, name=conformance_backend.name):
        return p.native(
            x,
            fn=lambda a: a + a,
            backend=name,
            specs=(Spec(x.shape, x.dtype),),
            gradient=lambda g, a: g + g,
        )[0]

    return build


@pytest.mark.parametrize("shape", [(2, 3), (None, 3), (None, None)])
def test_value(doubled, shape):
    x = Placeholder(shape)
    (value,) = Function([x], [p.add(doubled(x), x)])([VALUES])
    np.testing.assert_allclose(value, 3 * VALUES, rtol=1e-6)


def test_gradient(doubled):
    x = Placeholder((2, 3))
    (g,) = gradients([p.square(doubled(x))], [x])
    assert g is not None
    np.testing.assert_allclose(Function([x], [g])([VALUES])[0], 8 * VALUES, rtol=1e-6)


def test_several_inputs_and_results(conformance_backend):
    x, y = Placeholder((2, 3)), Placeholder((2, 3))
    spec = Spec((2, 3), "float32")
    results = p.native(
        *(x, y), fn=lambda a, b: (a + b, a - b), backend=conformance_backend.name, specs=(spec,) * 2
    )
    total, difference = Function([x, y], list(results))([VALUES, VALUES])
    np.testing.assert_allclose(total, 2 * VALUES, rtol=1e-6)
    np.testing.assert_array_equal(difference, np.zeros((2, 3)))


def test_a_node_of_another_engine_is_refused(doubled):
    x = Placeholder((2, 3))
    foreign = doubled(x, "another_engine")
    with pytest.raises(NotImplementedError, match="another_engine"):
        Function([x], [foreign])([VALUES])


# The public function


def test_a_gradient_that_is_given():
    x = Placeholder((None, 3))
    specs = [((None, 3), "float32")] * 2
    total, nothing = native(
        lambda a, b: (a + b, a - b), [x, VALUES], specs, lambda g, h, a, b: (g + h, g - h)
    )
    (g,) = gradients([p.add(total, nothing)], [x])
    assert g is not None
    got = Function([x], [total, nothing, g])([VALUES])
    for value, expected in zip(got, (2 * VALUES, 0 * VALUES, 0 * VALUES + 2)):
        np.testing.assert_allclose(value, expected, rtol=1e-6)


def derived(function, *inputs):
    """A native node with the engine's own derivative."""
    if offered("gradient_of")(function, len(inputs), 1) is None:
        raise NotOffered("gradient_of")
    return native(function, inputs, [SPEC])[0]


def test_the_engines_own_derivative():
    x = Placeholder((2, 3))
    (g,) = gradients([p.square(derived(lambda a: a * a + a, x))], [x])
    assert g is not None
    expected = 2 * (VALUES**2 + VALUES) * (2 * VALUES + 1)
    np.testing.assert_allclose(Function([x], [g])([VALUES])[0], expected, rtol=1e-5)


def test_the_engines_own_derivative_by_several_inputs():
    """Those that no float depends on have zeros, and integers no derivative."""
    x, y, n = Placeholder((2, 3)), Placeholder((2, 3)), Placeholder((2, 3), "int32")
    found = gradients([derived(lambda a, b, c: a * a, x, y, n)], [x, y])
    wanted = [p.zeros_like(x) if g is None else g for g in found]
    by_x, by_y = Function([x, y, n], wanted)([VALUES, VALUES, VALUES])
    np.testing.assert_allclose(by_x, 2 * VALUES, rtol=1e-6)
    np.testing.assert_array_equal(by_y, np.zeros((2, 3)))


def test_the_engines_own_derivative_is_derived_again():
    def cubed(a):
        return a * a * a

    x = Placeholder((2, 3))
    y = derived(cubed, x)
    if getattr(offered("gradient_of")(cubed, 1, 1), "gradient", None) is None:
        raise NotOffered("gradient_of twice")
    (g,) = gradients([y], [x])
    assert g is not None
    (h,) = gradients([g], [x])
    assert h is not None
    np.testing.assert_allclose(Function([x], [h])([VALUES])[0], 6 * VALUES, rtol=1e-5)


# Functions that give something else than was declared


def refused(function, specs, dtype="float32"):
    """What is said of a node whose function lies."""
    x = Placeholder((2, 3), dtype)
    with pytest.raises(ValueError) as caught:
        Function([x], native(function, [x], specs))([VALUES])
    return str(caught.value)


def lying(a):
    return a + a


def lying_by_rank(a):
    return (a + a)[0]


def lying_by_size(a):
    return (a + a)[:1]


@since(1, 4)
def test_too_few_results_are_refused():
    message = refused(lying, [SPEC, SPEC])
    assert "lying" in message and "(2, 3)" in message


@since(1, 4)
def test_too_many_results_are_refused():
    message = refused(lambda a: (lying(a), a), [SPEC])
    assert "lambda" in message and "(2, 3)" in message


@since(1, 4)
def test_a_result_of_another_rank_is_refused():
    message = refused(lying_by_rank, [SPEC])
    assert "lying_by_rank" in message and "(2, 3)" in message


@since(1, 4)
def test_a_result_of_another_size_is_refused():
    message = refused(lying_by_size, [SPEC])
    assert "lying_by_size" in message and "(2, 3)" in message


@since(1, 4)
def test_a_result_of_another_kind_of_dtype_is_refused():
    message = refused(lying, [SPEC], "int32")
    assert "lying" in message and "float32" in message


def test_a_result_of_another_width_is_cast():
    x = Placeholder((2, 3), "int32")
    results = native(lying, [x], [((2, 3), "int64")])
    (value,) = Function([x], results).run([VALUES])
    assert np.asarray(value).dtype == "int64"
    np.testing.assert_array_equal(value, 2 * VALUES.astype("int32"))
