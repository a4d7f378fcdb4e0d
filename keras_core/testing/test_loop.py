"""`compile_loop`: several runs of a program in one call are as many single ones."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.graph import Placeholder, Update, Variable
from keras_core.graph import primitives as p
from keras_core.graph.randomness import set_random_seed
from keras_core.testing.comparison import assert_all_near
from keras_core.testing.memory import OVERWRITTEN, PLACES, zeros_at
from keras_core.testing.offers import NotOffered
from keras_core.testing.runners import Function

TOLERANCE = 1e-5


class Counter:
    """A program with a state, a count, results of three dtypes, and draws if it has a stream."""

    def __init__(self, start=0.0, stream=None):
        x = Placeholder((None, 3))
        self.state, self.count = Variable(np.full(3, start)), Variable(0, dtype="int32")
        rows = p.reduce_sum(x, axes=(0,), keepdims=False)
        total = p.add(p.multiply(self.state, p.scalar(0.5, "float32")), rows)
        if stream is not None:
            total = p.add(total, p.random_normal(shape=(3,), dtype="float32", stream=stream))
        more = p.add(self.count, p.scalar(1, "int32"))
        updates = [Update(self.state, total), Update(self.count, more)]
        self.run = Function([x], [total, self.count, p.less(total, rows)], updates)

    def values(self):
        return [self.state.get_value(), self.count.get_value()]

    def singly(self, batches):
        """The results of one run after the other, stacked."""
        return [np.stack(rows) for rows in zip(*(self.run([batch]) for batch in batches))]

    def in_one_call(self, batches):
        return looped(self.run)([batches])


def looped(function):
    """What does many runs of a function in one call."""
    loop = function.loop()
    if loop is None:
        raise NotOffered("compile_loop")
    return loop


def batches(count, rows=4):
    return np.random.default_rng(count).normal(size=(count, rows, 3)).astype("float32")


def assert_same(got, expected):
    assert [x.dtype for x in got] == [x.dtype for x in expected]
    assert_all_near(got, expected, TOLERANCE)


@pytest.mark.parametrize("stream", [None, 17], ids=["plain", "random"])
def test_equals_single_runs(stream):
    single, many = Counter(stream=stream), Counter(stream=stream)
    set_random_seed(4)
    expected = single.singly(batches(7))
    assert_same(many.in_one_call(batches(7)), expected)
    assert_same(many.values(), single.values())


def test_runs_are_counted_on():
    """What is left over from a loop is done singly, and draws what it would have drawn."""
    single, many = Counter(stream=5), Counter(stream=5)
    set_random_seed(4)
    data = batches(10)
    expected = single.singly(data)
    parts = [
        *(many.singly(data[:2]), many.in_one_call(data[2:6])),
        *(many.singly(data[6:7]), many.in_one_call(data[7:])),
    ]
    assert_same([np.concatenate(rows) for rows in zip(*parts)], expected)
    assert_same(many.values(), single.values())


def test_other_numbers_of_runs_and_rows():
    single, many = Counter(), Counter()
    for count, rows in ((3, 4), (2, 4), (5, 1), (3, 4)):
        data = batches(count, rows)
        assert_same(many.in_one_call(data), single.singly(data))


def test_updates_of_a_run_happen_before_the_next():
    a, b, x = Variable([1.0]), Variable([1.0]), Placeholder((1,))
    loop = looped(Function([x], [p.identity(a)], [Update(a, b), Update(b, p.add(a, b))]))
    (values,) = loop([np.zeros((6, 1))])
    assert values.ravel().tolist() == [1, 1, 2, 3, 5, 8]
    assert (a.get_value().tolist(), b.get_value().tolist()) == ([13], [21])


def test_a_loop_without_results():
    v, x = Variable([0.0]), Placeholder((1,))
    assert looped(Function([x], [], [Update(v, p.add(v, x))]))([np.ones((4, 1))]) == []
    assert v.get_value().tolist() == [4]


@pytest.mark.parametrize("place", PLACES)
def test_inputs_are_the_callers_again(place):
    v, x = Variable(np.zeros((64, 64))), Placeholder((64, 64))
    loop = looped(Function([x], [], [Update(v, p.add(v, p.exp(x)))]))
    given = zeros_at(place, (50, 64, 64))
    loop([given])
    given.fill(1)
    assert np.unique(v.get_value()).tolist() == [50], OVERWRITTEN


def test_values_that_are_set_between_loops():
    many = Counter()
    many.in_one_call(batches(3))
    single = Counter(2.0)
    K.set_value(many.state, np.full(3, 2.0))
    K.set_value(many.count, 0)
    assert_same(many.in_one_call(batches(4)), single.singly(batches(4)))


def test_a_second_program_has_variables_and_draws_of_its_own():
    single, first, second = Counter(3.0, 23), Counter(0.0, 17), Counter(3.0, 23)
    set_random_seed(4)
    expected = single.singly(batches(5))
    first.in_one_call(batches(5))
    before = first.values()
    assert_same(second.in_one_call(batches(5)), expected)
    assert_same(first.values(), before)
