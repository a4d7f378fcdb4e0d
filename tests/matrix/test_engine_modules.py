"""What the modules that Keras 2 had for each engine have besides the K functions."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.backend import numpy_backend, tensorflow_backend, theano_backend


@pytest.mark.parametrize("module", [numpy_backend, tensorflow_backend, theano_backend])
def test_the_shape_of_a_variable(module):
    assert module.get_variable_shape(K.zeros((2, 3))) == (2, 3)
    assert module.get_variable_shape(K.placeholder((None, 3))) == (None, 3)


def test_what_is_symbolic():
    variable = K.variable(1.0)
    found = [variable, variable + 1, K.placeholder((2,)), K.constant(1.0), np.ones(2), 1.0]
    told = [tensorflow_backend.is_symbolic(x) for x in found]
    assert told == [False, True, True, True, False, False]


def test_variables_have_values_from_the_start():
    variable = K.variable(3.0)
    assert tensorflow_backend.v1_variable_initialization() is None
    assert K.get_value(variable) == 3.0


def test_functions_of_theano():
    x, total = K.placeholder((2,)), K.variable(1.0)
    update = theano_backend.moving_average_update(variable=total, value=3.0, momentum=0.5)
    run = theano_backend.function(inputs=[x], outputs=[x + total], updates=[update])
    np.testing.assert_array_equal(run([[1.0, 2.0]])[0], [2.0, 3.0])
    assert theano_backend.batch_get_value(xs=[total]) == [2.0]
    run = theano_backend.Function([x], [x + total], [(total, total + 1)], name="mine")
    np.testing.assert_array_equal(run(inputs=[[1.0, 2.0]])[0], [3.0, 4.0])
    assert K.get_value(total) == 3.0
    with pytest.raises(TypeError, match="mode"):
        theano_backend.Function([x], [x], mode="FAST_RUN")


def test_the_names_of_open_scopes():
    assert theano_backend.NAME_SCOPE_STACK == []
    with K.name_scope("outer"), K.name_scope("inner"):
        assert theano_backend.NAME_SCOPE_STACK == ["outer", "inner"]
    assert theano_backend.NAME_SCOPE_STACK == []
