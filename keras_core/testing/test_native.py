"""Functions of the engine's own arrays that stand in the graph."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Function, Placeholder, Spec, gradients
from keras_core.graph import primitives as p

VALUES = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, 0.0]], "float32")


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
