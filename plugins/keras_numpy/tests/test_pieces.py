"""Ranks of one machine share out the updates of large variables."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import pieces, ranks
from keras_core.graph import Constant, Placeholder, Update, Variable
from keras_core.graph import primitives as p

LARGE = (701, 400)
ROWS = (range(351), range(351, 701))


class Pair(ranks.World):
    """Two ranks on one machine that have the same data; it tells what is asked of it."""

    size = 2
    shares_updates = True

    def __init__(self, rank=0):
        self.rank = rank
        self.spread_shapes = []

    def sums(self, arrays, into=None):
        for x, y in zip(arrays, into):
            np.multiply(x, 2, y)
        return list(into)

    def begin_rows(self, arrays, into):
        for x, y in zip(arrays, into):
            y[...] = np.nan
            np.multiply(x, 2, y, where=np.isin(np.arange(len(x)), ROWS[self.rank])[:, None])
        return lambda: None

    def spread(self, arrays):
        self.spread_shapes += [x.shape for x in arrays]


@pytest.fixture(params=[0, 1])
def world(request):
    world = Pair(request.param)
    ranks.become(world)
    yield world
    ranks.become(ranks.World())


def variable(value=0.0):
    return Variable(np.full(LARGE, value, "float32"))


def momentum(weight, moment, gradient):
    new = p.add(p.multiply(moment, Constant(np.float32(0.5))), gradient)
    return [Update(moment, new), Update(weight, p.subtract(weight, new))]


def rows_of(world, inside, outside):
    """What an array holds of which this rank has done its rows alone."""
    found = np.full(LARGE, outside, "float32")
    found[ROWS[world.rank]] = inside
    return found


def own_rows(world, state):
    return state.get_value()[ROWS[world.rank]]


def summed(x):
    return p.all_reduce(x)[0]


def trained(compiled, value, updates, x, outputs=()):
    run = compiled([x], list(outputs), updates)
    return run(np.full(LARGE, value, "float32"))


def test_each_rank_updates_its_rows(world, compiled):
    x, weight, moment = Placeholder(LARGE), variable(), variable(4)
    updates = momentum(weight, moment, summed(p.multiply(x, p.tanh(weight))))
    with pieces.in_pieces():
        trained(compiled, 3.0, updates, x)
        assert world.spread_shapes == [LARGE]  # the weight, which the gradient reads
    assert world.spread_shapes == [LARGE, LARGE]  # then the moment
    np.testing.assert_array_equal(moment.get_value(), rows_of(world, 2, 4))
    np.testing.assert_array_equal(weight.get_value(), rows_of(world, -2, 0))


def test_outside_of_pieces_each_rank_updates_all_rows(world, compiled):
    x, weight, moment = Placeholder(LARGE), variable(), variable(4)
    trained(compiled, 3.0, momentum(weight, moment, summed(x)), x)
    assert world.spread_shapes == []
    np.testing.assert_array_equal(moment.get_value(), np.full(LARGE, 8))


def test_what_a_result_is_read_from_is_whole(world, compiled):
    x, weight, moment = Placeholder(LARGE), variable(), variable(4)
    updates = momentum(weight, moment, summed(x))
    mean = p.reduce_mean(updates[0].value, axes=(0, 1), keepdims=False)
    with pieces.in_pieces():
        (found,) = trained(compiled, 3.0, updates, x, [mean])
    assert found == 8


def test_what_two_variables_take_is_in_pieces_in_both(world, compiled):
    x, weight, moment, copy = Placeholder(LARGE), variable(), variable(4), variable(1)
    updates = momentum(weight, moment, summed(p.multiply(x, p.tanh(weight))))
    with pieces.in_pieces():
        trained(compiled, 3.0, [*updates, Update(copy, updates[0].value)], x)
        assert world.spread_shapes == [LARGE]
    assert world.spread_shapes == [LARGE] * 3
    for state in (moment, copy):
        own = own_rows(world, state)
        np.testing.assert_array_equal(own, np.full_like(own, 2))


def test_plain_descent_is_done_by_each(world, compiled):
    x, weight = Placeholder(LARGE), variable(2)
    update = Update(weight, p.subtract(weight, summed(p.multiply(x, weight))))
    with pieces.in_pieces():
        trained(compiled, 3.0, [update], x)
    assert world.spread_shapes == []
    np.testing.assert_array_equal(weight.get_value(), np.full(LARGE, -10))


def test_what_needs_no_exchange_is_whole_beside_what_does(world, compiled):
    """Such as a moving mean, to which a sum over ranks is added."""
    x, weight, moment, mean = Placeholder(LARGE), variable(1), variable(4), variable(2)
    updates = momentum(weight, moment, summed(p.multiply(x, weight)))
    moved = Update(mean, p.add(mean, summed(p.subtract(x, mean))))
    with pieces.in_pieces():
        trained(compiled, 3.0, [*updates, moved], x)
        assert world.spread_shapes == [LARGE]
    np.testing.assert_array_equal(mean.get_value(), np.full(LARGE, 4))


def test_work_that_is_done_on_all_rows_is_exchanged_alike(world, compiled):
    """Here a product in the midst of the update keeps it from going block by block."""
    x, weight, moment = Placeholder(LARGE), variable(1), variable(4)
    square = Variable(np.eye(LARGE[1], dtype="float32"))
    gradient = p.dot(summed(p.multiply(x, weight)), square, contract=((1,), (0,)), batch=((), ()))
    with pieces.in_pieces():
        trained(compiled, 3.0, momentum(weight, moment, gradient), x)
        assert world.spread_shapes == [LARGE]
    assert world.spread_shapes == [LARGE, LARGE]
    own = own_rows(world, moment)
    np.testing.assert_array_equal(own, np.full_like(own, 8))


@pytest.mark.parametrize("how", ["output", "update"])
def test_a_moment_that_others_read_is_whole(world, compiled, how):
    x, weight, moment, old = Placeholder(LARGE), variable(1), variable(4), variable()
    updates = momentum(weight, moment, summed(p.multiply(x, weight)))
    outputs, more = ([moment], []) if how == "output" else ([], [Update(old, moment)])
    with pieces.in_pieces():
        trained(compiled, 3.0, [*updates, *more], x, outputs)
    assert world.spread_shapes == []


def mean_of_rows(x):
    return p.reduce_mean(x, axes=(0,), keepdims=True)


OWN = {
    "of the rank's own data": lambda x, other: x,
    "of the rank's own mean": lambda x, other: p.multiply(summed(x), mean_of_rows(x)),
    "of a variable of the rank's own": lambda x, other: p.add(summed(x), other),
    "of what chance gives": lambda x, other: p.add(
        summed(x), p.random_uniform(shape=LARGE, dtype="float32", stream=0)
    ),
}


@pytest.mark.parametrize("kind", OWN)
def test_updates_that_differ_from_rank_to_rank_are_done_by_each(world, compiled, kind):
    x, weight, moment, other = Placeholder(LARGE), variable(), variable(4), variable(1)
    updates = momentum(weight, moment, OWN[kind](x, other))
    with pieces.in_pieces():
        trained(compiled, 3.0, [*updates, Update(other, p.multiply(other, x))], x)
    assert world.spread_shapes == []
    assert (moment.get_value() != 4).all()


def test_small_variables_are_updated_by_each(world, compiled):
    x, weight = Placeholder((30, 40)), Variable(np.zeros((30, 40), "float32"))
    run = compiled([x], [], [Update(weight, p.subtract(weight, summed(x)))])
    with pieces.in_pieces():
        run(np.ones((30, 40), "float32"))
    np.testing.assert_array_equal(weight.get_value(), np.full((30, 40), -2))


def test_other_threads_do_all_rows(world, compiled):
    from concurrent.futures import ThreadPoolExecutor

    x, weight, moment = Placeholder(LARGE), variable(), variable(4)
    updates = momentum(weight, moment, summed(x))
    with pieces.in_pieces(), ThreadPoolExecutor(1) as pool:
        pool.submit(trained, compiled, 3.0, updates, x).result()
    np.testing.assert_array_equal(moment.get_value(), np.full(LARGE, 8))


def test_what_is_broken_off_warns_that_state_is_in_pieces(world, compiled):
    x, weight, moment = Placeholder(LARGE), variable(), variable(4)
    updates = momentum(weight, moment, summed(x))
    told = pytest.warns(UserWarning, match="each rank has its own rows")
    with told, pytest.raises(KeyError), pieces.in_pieces():
        trained(compiled, 3.0, updates, x)
        raise KeyError("broken off")
    assert pieces.rows_to_update(10) == (0, 10)
