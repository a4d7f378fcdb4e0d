"""Sums over several machines begin as soon as what they add is there."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import ranks
from keras_core.graph import Constant, Placeholder, Update, Variable
from keras_core.graph import primitives as p
from keras_core.plugins.authoring import native

LARGE = (300, 300)


class Doubles(ranks.World):
    """Two machines that do the same; it tells what is asked of it."""

    size = 2
    sends_meanwhile = True

    def __init__(self):
        self.told = []

    def sums(self, arrays, into=None):
        self.told.append(("sums", [x.shape for x in arrays]))
        for x, y in zip(arrays, into):
            np.multiply(x, 2, y)
        return list(into)

    def begin(self, arrays, into):
        self.told.append(("begin", [x.shape for x in arrays]))

        def end():
            self.told.append(("end", [x.shape for x in arrays]))
            for x, y in zip(arrays, into):
                np.multiply(x, 2, y)

        return end


@pytest.fixture
def world():
    world = Doubles()
    ranks.become(world)
    yield world
    ranks.become(ranks.World())


def test_large_arrays_are_sent_before_the_rest_is_computed(world, compiled):
    xs = [Placeholder(LARGE), Placeholder((3,)), Placeholder((256, 512))]
    seen = []

    def looked_at(x):
        seen.append(list(world.told))
        return x

    (late,) = native(looked_at, [p.negative(xs[2])], [xs[2].spec])
    run = compiled(xs, list(p.all_reduce(p.exp(xs[0]), p.square(xs[1]), late)))
    found = run(*(np.full(x.shape, 2.0, "float32") for x in xs))
    for y, value in zip(found, (np.exp(2), 4, -2)):
        np.testing.assert_allclose(y, np.full_like(y, 2 * value), rtol=1e-6)
    assert seen == [[("begin", [LARGE])]]
    assert world.told[1:] == [
        ("begin", [(256, 512)]),
        ("sums", [(3,)]),
        ("end", [LARGE]),
        ("end", [(256, 512)]),
    ]


def test_where_all_are_large_nothing_else_is_sent(world, compiled):
    x = Placeholder(LARGE)
    run = compiled([x], list(p.all_reduce(p.exp(x))))
    np.testing.assert_array_equal(run(np.zeros(LARGE, "float32"))[0], np.full(LARGE, 2))
    assert [what for what, _ in world.told] == ["begin", "end"]


def test_memory_that_others_read_takes_no_sum_before_its_turn(world, compiled):
    x, state = Placeholder(LARGE), Variable(np.full(LARGE, 5.0, "float32"))
    (total,) = p.all_reduce(p.exp(x))
    late = p.tanh(p.multiply(state, Constant(np.float32(0.1))))
    run = compiled([x], [late], [Update(state, total)])
    (found,) = run(np.zeros(LARGE, "float32"))
    np.testing.assert_allclose(found, np.full(LARGE, np.tanh(0.5)), rtol=1e-6)
    np.testing.assert_array_equal(state.get_value(), np.full(LARGE, 2))


def test_what_is_on_its_way_is_not_written_over(world, compiled):
    x = Placeholder(LARGE)
    sent = p.exp(x)
    others = x
    for _ in range(4):
        others = p.tanh(p.negative(others))
    (total, few) = p.all_reduce(sent, p.reduce_sum(others, axes=(0, 1), keepdims=False))
    run = compiled([x], [p.multiply(total, sent), few])
    found, few = run(np.zeros(LARGE, "float32"))
    np.testing.assert_array_equal(found, np.full(LARGE, 2))
    assert few == 0
