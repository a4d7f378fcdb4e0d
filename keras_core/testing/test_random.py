"""Random draws: distributions, repeatability, independence."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Placeholder, evaluate
from keras_core.graph import primitives as p
from keras_core.graph.randomness import new_stream, set_random_seed
from keras_core.graph.scan.build import scan
from keras_core.testing.runners import Function

COUNT = 20000
# Mean, standard deviation, least and largest value. The truncated normal's variance is
# 1 - 4 * density(2) / (integral from -2 to 2) of the normal distribution.
DISTRIBUTIONS = {
    "random_uniform": (0.5, 12**-0.5, 0.0, 1.0),
    "random_normal": (0.0, 1.0, -7.0, 7.0),
    "random_truncated_normal": (0.0, (1 - 4 * 0.053991 / 0.954500) ** 0.5, -2.0, 2.0),
}


def drawn(name, seed=None, shape=(COUNT,), dtype="float32"):
    """A tensor with a stream of its own, or that of a seed."""
    return getattr(p, name)(shape=shape, dtype=dtype, stream=new_stream(seed))


def draws(*arguments, **options):
    """A function without inputs that draws."""
    return Function([], [drawn(*arguments, **options)])


def correlation(a, b):
    return abs(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distribution(name, dtype):
    mean, deviation, least, largest = DISTRIBUTIONS[name]
    set_random_seed(1)
    values = draws(name, dtype=dtype)([])[0]
    assert values.dtype == dtype and values.shape == (COUNT,)
    assert abs(values.mean() - mean) < 5 * deviation / COUNT**0.5
    assert abs(values.std() - deviation) < 0.02
    assert least <= values.min() and values.max() <= largest
    assert name != "random_uniform" or values.max() < 1


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_seed_repeats_a_run(name):
    def run():
        set_random_seed(5)
        function = draws(name, shape=(9,))
        return [function([])[0] for _ in range(3)]

    first, again = run(), run()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


def test_another_seed_is_another_run():
    set_random_seed(5)
    first = draws("random_normal")([])[0]
    set_random_seed(6)
    assert correlation(first, draws("random_normal")([])[0]) < 5 / COUNT**0.5


def flipped(number, bits):
    """The number, and it with each of these bits, counted from the lowest, the other way round."""
    return [number, *(number ^ (1 << bit) for bit in bits)]


def of_stream(stream):
    return p.random_uniform(shape=(4,), dtype="float32", stream=stream)


def assert_all_differ(rows, numbers):
    """Refuses numbers that draw alike."""
    found: dict[bytes, int] = {}
    for row, number in zip(rows, numbers):
        alike = found.setdefault(np.asarray(row).tobytes(), number)
        assert alike == number, f"{alike:#x} and {number:#x} draw alike: a bit is dropped"


def test_seeds_differ_by_each_of_their_bits():
    function, seeds, rows = Function([], [of_stream(17)]), flipped(5, range(32)), []
    for seed in seeds:
        set_random_seed(seed)
        rows += function([])
    assert_all_differ(rows, seeds)


# Streams of nodes without a seed, and those of explicit seeds.
STREAMS = {"drawn": flipped(17, range(40)), "seeded": flipped((1 << 40) + 17, range(40))}


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_differ_by_each_of_their_bits(kind):
    streams = STREAMS[kind]
    assert_all_differ(Function([], [*map(of_stream, streams)])([]), streams)


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_in_a_loop_differ_by_each_of_their_bits(kind):
    x, streams = Placeholder((1, 4)), STREAMS[kind]
    stacks = scan(lambda xs, _: ([p.add(xs[0], of_stream(s)) for s in streams], []), [x], [])[1]
    assert_all_differ(Function([x], stacks)([np.zeros((1, 4))]), streams)


def test_a_node_with_a_seed_draws_alike_in_each_run():
    set_random_seed(5)
    first = draws("random_normal", seed=3, shape=(9,))([])[0]
    set_random_seed(6)
    np.testing.assert_array_equal(draws("random_normal", seed=3, shape=(9,))([])[0], first)


def test_calls_draw_independently():
    set_random_seed(2)
    function = draws("random_normal")
    values = [function([])[0] for _ in range(3)]
    assert correlation(values[0], values[1]) < 5 / COUNT**0.5
    assert correlation(values[1], values[2]) < 5 / COUNT**0.5
    assert correlation(values[0][1:], values[1][:-1]) < 5 / COUNT**0.5


def test_two_nodes_of_one_function_draw_independently():
    set_random_seed(2)
    a, b = Function([], [drawn("random_normal"), drawn("random_normal")])([])
    assert correlation(a, b) < 5 / COUNT**0.5


def test_one_node_is_drawn_once_a_call():
    node = drawn("random_normal", shape=(9,))
    a, b = Function([], [node, p.add(node, p.scalar(1, "float32"))])([])
    np.testing.assert_allclose(b, a + 1, rtol=1e-6)


def test_sizes_of_draws_may_come_at_run_time():
    x = Placeholder((None, 2))
    node = p.random_uniform(*p.dims_of(x), shape=x.shape, dtype="float32", stream=new_stream())
    function = Function([x], [node])
    assert [function([np.zeros((n, 2))])[0].shape for n in (3, 0, 5)] == [(3, 2), (0, 2), (5, 2)]


def test_each_step_of_a_loop_draws_anew():
    x = Placeholder((4, COUNT))

    def step(xs, _):
        return [p.add(xs[0], drawn("random_normal"))], []

    (row,) = scan(step, [x], [])[1]
    set_random_seed(4)
    function = Function([x], [row])
    rows = function([np.zeros((4, COUNT))])[0]
    assert all(correlation(rows[t], rows[t + 1]) < 5 / COUNT**0.5 for t in range(3))
    assert correlation(rows, function([np.zeros((4, COUNT))])[0]) < 5 / COUNT**0.5


def of_nine(x, stream):
    """A row of nine draws."""
    return p.random_normal(shape=(9,), dtype="float32", stream=stream)


def of_as_many(x, stream):
    """The same, of a size that is computed from the values of `x`."""
    count = p.cast(p.reduce_sum(x, axes=(0,), keepdims=False), dtype="int32")
    return p.random_normal(count, shape=(None,), dtype="float32", stream=stream)


def drawn_in_a_loop(row, seed):
    """A function without inputs that gives the rows of three steps."""
    x, stream = Placeholder((3, 9)), new_stream(seed)
    function = Function([x], scan(lambda xs, _: ([row(xs[0], stream)], []), [x], [])[1])
    return lambda: function([np.ones((3, 9))])[0]


@pytest.mark.parametrize("row", [of_nine, of_as_many])
@pytest.mark.parametrize("seed", [None, 3])
def test_a_loop_draws_anew_in_each_call(seed, row):
    """An explicit seed takes the place of the run's, not that of the number of the call."""
    set_random_seed(5)
    run = drawn_in_a_loop(row, seed)
    rows = np.concatenate([run(), run(), run()])
    assert len(np.unique(rows, axis=0)) == 9, "steps or calls of a loop draw alike"


@pytest.mark.parametrize("row", [of_nine, of_as_many])
def test_a_seed_in_a_loop_draws_alike_in_each_run(row):
    set_random_seed(5)
    first = drawn_in_a_loop(row, 3)()
    set_random_seed(6)
    np.testing.assert_array_equal(drawn_in_a_loop(row, 3)(), first)


def test_a_loop_in_a_loop_draws_anew_in_each_step():
    x = Placeholder((2, 3, 9))

    def outer(xs, _):
        return scan(lambda ys, _: ([of_nine(ys[0], stream)], []), [xs[0]], [])[1], []

    stream = new_stream(3)
    function = Function([x], scan(outer, [x], [])[1])
    rows = np.concatenate([function([np.zeros((2, 3, 9))])[0].reshape(6, 9) for _ in range(2)])
    assert len(np.unique(rows, axis=0)) == 12, "steps or calls of a loop draw alike"


def test_initial_values_are_the_references_on_every_backend():
    from keras_core import backend as K

    set_random_seed(8)
    tensor = p.random_normal(shape=(5,), dtype="float32", stream=17)
    np.testing.assert_array_equal(
        K.get_value(K.variable(tensor)), evaluate([tensor], rng=(8, 0))[0]
    )
