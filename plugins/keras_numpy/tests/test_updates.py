"""Variables: updates in place and at once, whoever else reads them."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Placeholder, Variable
from keras_core.graph import primitives as p


def variables(*values):
    return [Variable(value) for value in values]


def contents(*given):
    return [v.get_value().tolist() for v in given]


def test_an_update_is_written_where_the_variable_lies(compiled):
    v, x = Variable([1.0, 2.0]), Placeholder((2,))
    run = compiled([x], [], [(v, v + x)])
    run([1.0, 1.0])
    memory = v.storage
    run([1.0, 1.0])
    assert v.storage is memory and contents(v) == [[3, 4]]
    assert "copy" not in run.source((2,))


def test_two_variables_are_swapped(compiled):
    a, b = variables([1.0, 2.0], [3.0, 4.0])
    compiled([], [], [(a, b), (b, a)])()
    assert contents(a, b) == [[3, 4], [1, 2]]


def test_three_variables_change_places(compiled):
    a, b, c = variables([1.0, 2.0], [3.0, 4.0], [5.0, 6.0])
    run = compiled([], [a + b + c], [(a, b), (b, c), (c, a)])
    assert run()[0].tolist() == [9, 12]
    assert contents(a, b, c) == [[3, 4], [5, 6], [1, 2]]


@pytest.mark.parametrize("order", [0, 1])
def test_each_reads_the_others_old_value(compiled, order):
    a, b = variables([1.0, 2.0], [3.0, 4.0])
    updates = [(a, a + b), (b, a * b)]
    compiled([], [], updates[::-1] if order else updates)()
    assert contents(a, b) == [[4, 6], [3, 8]]


def test_outputs_show_old_values(compiled):
    v = Variable([1.0, 2.0])
    run = compiled([], [v, v * 2.0, v[:1]], [(v, v + 1.0)])
    assert [y.tolist() for y in run()] == [[1, 2], [2, 4], [1]]
    assert [y.tolist() for y in run()] == [[2, 3], [4, 6], [2]]


def test_a_new_value_may_be_returned_too(compiled):
    v = Variable([1.0, 2.0])
    new = v + 1.0
    run = compiled([], [new, v, new], [(v, new)])
    assert [y.tolist() for y in run()] == [[2, 3], [1, 2], [2, 3]]
    first = run()[0]
    run()
    assert first.tolist() == [3, 4] and contents(v) == [[4, 5]]


def test_one_value_for_two_variables(compiled):
    a, b = variables([1.0, 2.0], [0.0, 0.0])
    new = a * 3.0
    run = compiled([], [], [(a, new), (b, new)])
    run()
    run()
    assert contents(a, b) == [[9, 18], [9, 18]]
    assert not np.shares_memory(a.storage, b.storage)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda v: p.transpose(v, perm=(1, 0)), [[1, 3], [2, 4]]),
        (lambda v: p.reverse(v, axes=(0,)), [[3, 4], [1, 2]]),
        (lambda v: p.concat(v[1:], v[:1], axis=0), [[3, 4], [1, 2]]),
        (lambda v: v + p.transpose(v, perm=(1, 0)), [[2, 5], [5, 8]]),
        (lambda v: v * v[:1], [[1, 4], [3, 8]]),
        (lambda v: v - v[:, :1], [[0, 1], [0, 1]]),
        (lambda v: p.where(p.greater(v, p.scalar(2, "float32")), v, -v), [[-1, -2], [3, 4]]),
        (lambda v: p.dot(v, v, contract=((1,), (0,)), batch=((), ())), [[7, 10], [15, 22]]),
        (lambda v: p.cumsum(v, axis=0), [[1, 2], [4, 6]]),
        (lambda v: p.relu_grad(v, v), [[1, 2], [3, 4]]),
        (lambda v: p.tanh_grad(v, v), [[0, -6], [-24, -60]]),
        (lambda v: p.gather(v, p.as_size(1), axis=0) + v, [[4, 6], [6, 8]]),
    ],
)
def test_updates_that_read_their_own_variable_otherwise(compiled, build, expected):
    v = Variable([[1.0, 2.0], [3.0, 4.0]])
    compiled([], [], [(v, build(v))])()
    assert contents(v) == [expected]


def test_views_of_other_variables(compiled):
    a, b, c = variables([[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [9.0, 9.0])
    flipped = p.transpose(a, perm=(1, 0))
    compiled([], [], [(a, b + 1.0), (b, flipped), (c, a[1])])()
    assert contents(a, b, c) == [[[1, 1], [1, 1]], [[1, 3], [2, 4]], [3, 4]]


def test_a_view_is_read_before_its_variable_changes(compiled):
    v, w, x = Variable([1.0, 2.0, 3.0]), Variable([0.0, 0.0]), Placeholder((3,))
    tail = v[1:]
    compiled([x], [], [(v, p.exp(v) * 0.0 + x), (w, p.exp(tail) * 0.0 + tail)])([7.0, 8.0, 9.0])
    assert contents(v, w) == [[7, 8, 9], [2, 3]]


def test_scalars_and_integers(compiled):
    count, total = Variable(0, "int64"), Variable(0.5)
    run = compiled([], [count, total], [(count, count + 1), (total, total + total)])
    run()
    got = run()
    assert [y.dtype.name for y in got] == ["int64", "float32"] and got[0].shape == ()
    assert contents(count, total) == [2, 2.0]


def test_results_belong_to_the_caller(compiled):
    x, v = Placeholder((2,)), Variable([1.0, 2.0])
    array = np.array([5.0, 6.0], "float32")
    run = compiled([x], [p.identity(x), v, p.exp(x) * 0.0])
    first = run(array)
    for y in first:
        y += 100
    assert array.tolist() == [5, 6] and contents(v) == [[1, 2]]
    assert [y.tolist() for y in run(array)] == [[5, 6], [1, 2], [0, 0]]


def test_values_set_between_calls(compiled):
    v = Variable([[1.0, 2.0], [3.0, 4.0]])
    run = compiled([], [v[0]], [(v, v + 1.0)])
    run()
    v.set_value(np.asfortranarray([[10.0, 20.0], [30.0, 40.0]]))
    assert run()[0].tolist() == [10, 20]
    assert contents(v) == [[[11, 21], [31, 41]]]


def test_two_programs_share_a_variable(compiled):
    v = Variable([1.0, 2.0])
    add, double = compiled([], [], [(v, v + 1.0)]), compiled([], [v], [(v, v * 2.0)])
    add()
    assert double()[0].tolist() == [2, 3]
    add()
    assert contents(v) == [[5, 7]]
