"""What single cases cannot show: random draws, the learning phase, printing, updates."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Function, Placeholder, Update, Variable
from keras_core.graph import primitives as p
from keras_core.graph.randomness import new_stream, set_random_seed

pytestmark = pytest.mark.usefixtures("conformance_backend")

COUNT = 20000
# Mean, standard deviation, least and largest value. The truncated normal's variance is
# 1 - 4 * density(2) / (integral from -2 to 2) of the normal distribution.
DISTRIBUTIONS = {
    "random_uniform": (0.5, 12**-0.5, 0.0, 1.0),
    "random_normal": (0.0, 1.0, -7.0, 7.0),
    "random_truncated_normal": (0.0, (1 - 4 * 0.053991 / 0.954500) ** 0.5, -2.0, 2.0),
}


def draws(name, seed=None, shape=(COUNT,)):
    """A function without inputs that draws."""
    stream = new_stream(seed)
    return Function([], [getattr(p, name)(shape=shape, dtype="float32", stream=stream)])


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distribution(name):
    mean, deviation, least, largest = DISTRIBUTIONS[name]
    set_random_seed(1)
    values = draws(name)([])[0]
    assert values.dtype == "float32" and values.shape == (COUNT,)
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


def test_two_nodes_of_one_function_draw_apart():
    nodes = [p.random_normal(shape=(9,), dtype="float32", stream=new_stream()) for _ in range(2)]
    a, b = Function([], nodes)([])
    assert not np.array_equal(a, b)


def test_one_node_is_drawn_once_a_call():
    node = p.random_normal(shape=(9,), dtype="float32", stream=new_stream())
    a, b = Function([], [node, p.add(node, p.scalar(1, "float32"))])([])
    np.testing.assert_allclose(b, a + 1, rtol=1e-6)


def test_sizes_of_draws_may_come_at_run_time():
    x = Placeholder((None, 2))
    node = p.random_uniform(*p.dims_of(x), shape=x.shape, dtype="float32", stream=new_stream())
    function = Function([x], [node])
    assert [function([np.zeros((n, 2))])[0].shape for n in (3, 0, 5)] == [(3, 2), (0, 2), (5, 2)]


def test_the_learning_phase_picks_a_branch():
    phase = p.learning_phase()
    x = Placeholder((2,))
    y = p.select(phase, p.negative(x), x)
    function = Function([x, phase], [y])
    assert function([[1.0, 2.0], 1])[0].tolist() == [-1, -2]
    assert function([[1.0, 2.0], 0])[0].tolist() == [1, 2]


def test_printing_happens_at_each_call(capsys):
    x = Placeholder((2,))
    function = Function([x], [p.print(x, message="seen: ")])
    capsys.readouterr()
    for _ in range(2):
        assert function([[1.5, 2.5]])[0].tolist() == [1.5, 2.5]
    written = capsys.readouterr().out
    assert written.count("seen: ") == 2 and "2.5" in written


def test_updates_happen_after_all_reads():
    a, b = Variable([1.0]), Variable([10.0])
    swap = Function([], [p.add(a, b)], [Update(a, b), Update(b, a)])
    assert swap([])[0].tolist() == [11]
    assert (a.get_value().tolist(), b.get_value().tolist()) == ([10], [1])


def test_an_update_may_add_to_itself():
    v = Variable(np.zeros((2, 2)))
    x = Placeholder((2, 2))
    step = Function([x], [], [Update(v, p.add(v, x))])
    for _ in range(3):
        step([np.ones((2, 2))])
    np.testing.assert_array_equal(v.get_value(), np.full((2, 2), 3.0))
