"""`template`: what is compiled once serves other variables, streams and layers as their own."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers, models
from keras_core.graph import Placeholder, Update, Variable
from keras_core.graph import primitives as p
from keras_core.graph.randomness import set_random_seed
from keras_core.graph.scan.build import scan
from keras_core.graph.signature import signature_of
from keras_core.testing.offers import offered
from keras_core.testing.runners import Function


def noise(stream):
    return p.random_uniform(shape=(2,), dtype="float32", stream=stream)


def accumulating(value):
    """A function that adds its input to a variable of its own, and gives what was there."""
    v, x = Variable(value), Placeholder((2,))
    return Function([x], [p.identity(v)], [Update(v, p.add(v, x))]), v


def drawing(*streams):
    return Function([], [noise(stream) for stream in streams])


def drawing_in_a_loop(stream):
    x = Placeholder((4, 2))
    (rows,) = scan(lambda xs, _: ([p.add(xs[0], noise(stream))], []), [x], [])[1]
    return Function([x], [rows])


def of_one_structure(*functions):
    """The functions, if the backend has templates, which all of them share."""
    offered("template")
    K.clear_session()
    signatures = [signature_of(function._program()) for function in functions]
    assert len({signature and signature.digest for signature in signatures}) == 1
    return functions


def test_each_has_variables_of_its_own():
    (first, a), (second, b) = accumulating([1.0, 2.0]), accumulating([10.0, 20.0])
    of_one_structure(first, second)
    seen = [f([[1.0, 1.0]])[0].tolist() for f in (first, second, first, second, second)]
    assert seen == [[1, 2], [10, 20], [2, 3], [11, 21], [12, 22]]
    assert (a.get_value().tolist(), b.get_value().tolist()) == ([3, 4], [13, 23])


def test_one_variable_in_another_place():
    a, b = Variable([5.0]), Variable([3.0])
    pairs = ((a, b), (b, a))
    first, second = (Function([], [p.subtract(x, y)], [Update(x, y)]) for x, y in pairs)
    of_one_structure(first, second)
    assert first([])[0].tolist() == [2]
    b.set_value([4.0])
    assert second([])[0].tolist() == [1]
    assert (a.get_value().tolist(), b.get_value().tolist()) == ([3], [3])


def test_each_draws_from_streams_of_its_own():
    first, second = of_one_structure(drawing(17, 23), drawing(23, 29))
    set_random_seed(2)
    (one, two), (again, three) = first([]), second([])
    np.testing.assert_array_equal(two, again)
    assert not (one == two).any() and not (two == three).any() and not (one == three).any()


def test_each_draws_from_streams_of_its_own_in_loops():
    first, second, again = of_one_structure(*map(drawing_in_a_loop, (17, 23, 17)))
    set_random_seed(2)
    a, b, c = (function([np.zeros((4, 2))])[0] for function in (first, second, again))
    assert not (a == b).any()
    np.testing.assert_array_equal(a, c)


def test_a_program_goes_on_when_the_first_one_is_gone():
    (first, _), (second, b) = accumulating([1.0, 2.0]), accumulating([10.0, 20.0])
    of_one_structure(first, second)
    first([[1.0, 1.0]])
    second([[1.0, 1.0]])
    del first, _
    K.clear_session()
    gc.collect()
    assert second([[1.0, 1.0]])[0].tolist() == [11, 21]
    assert b.get_value().tolist() == [12, 22]


def test_an_error_names_the_layer_of_its_own_program():
    """Rows of 3 fit into rows of 4 where there are 4 of them, and not where there are 3."""
    offered("template")
    K.clear_session()

    def model(name):
        four = layers.Lambda(lambda x: K.reshape(x, (-1, 4)), input_shape=(3,), name=name)
        return models.Sequential([four])

    assert model("the_first").predict_on_batch(np.zeros((4, 3))).shape == (3, 4)
    with pytest.raises(Exception, match="the_second") as caught:
        model("the_second").predict_on_batch(np.zeros((3, 3)))
    assert "the_first" not in str(caught.value)
