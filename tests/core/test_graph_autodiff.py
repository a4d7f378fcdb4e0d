"""Reverse-mode differentiation: which cotangents meet, and how they are summed."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import (
    Constant,
    Placeholder,
    Primitive,
    Program,
    Variable,
    evaluate,
    gradients,
    order,
)
from keras_core.graph import passes as q
from keras_core.graph import primitives as p
from keras_core.graph.order import topological
from keras_core.graph.primitive import PRIMITIVES, _registry
from keras_core.graph.tensor import Spec


def names(tensors):
    return [node.primitive.name for node in topological(tensors)]


def value(tensor):
    return evaluate([tensor])[0]


def test_uses_of_one_tensor_add_up():
    x = Constant([1.0, 2.0], "float32")
    (g,) = gradients([x * x + 3.0 * x], [x])
    assert value(g).tolist() == [5, 7]


def test_several_ys_add_up():
    x = Constant(2.0, "float32")
    (g,) = gradients([x * x, 5.0 * x, x], [x])
    assert value(g) == 4 + 5 + 1


def test_cotangents_may_be_given():
    x = Constant([1.0, 2.0], "float32")
    weights = Constant([10.0, 100.0], "float32")
    (g,) = gradients([p.square(x), x], [x], [weights, None])
    assert value(g).tolist() == [21, 401]


def test_none_where_nothing_depends():
    x, y = Placeholder((2,)), Placeholder((2,))
    assert gradients([p.exp(x)], [y]) == [None]
    assert gradients([p.stop_gradient(x)], [x]) == [None]


def test_a_tensor_depends_on_itself():
    x = Placeholder((2,))
    np.testing.assert_array_equal(evaluate(gradients([x], [x]))[0], [1, 1])


def test_derivatives_by_results_in_the_middle():
    x = Constant(3.0, "float32")
    middle = x * x
    g_middle, g_x = gradients([middle * 2.0], [middle, x])
    assert (value(g_middle), value(g_x)) == (2, 12)


def test_another_handle_on_a_result_is_the_same_result():
    middle = p.square(Constant(3.0, "float32"))
    handle = middle.node.outputs()[0]
    assert value(gradients([middle * 2.0], [handle])[0]) == 2


def test_one_x_may_be_asked_for_twice():
    x = Constant(3.0, "float32")
    assert [value(g) for g in gradients([x * x], [x, x])] == [6, 6]


def test_gradients_have_the_dtype_of_their_tensors():
    x = Variable([1.0, 2.0], "float16")
    (g,) = gradients([p.cast(p.square(p.cast(x, dtype="float64")), dtype="float32")], [x])
    assert g.dtype == "float16" and value(g).tolist() == [2, 4]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_higher_orders_of_a_power(order):
    x = Constant(2.0, "float64")
    y = x * x * x * x
    for _ in range(order):
        (y,) = gradients([y], [x])
    assert value(y) == {1: 32, 2: 48, 3: 48}[order]


def test_mixed_second_derivatives_agree():
    x, y = Constant(0.3, "float64"), Constant(0.7, "float64")
    z = p.sin(x * y) * p.exp(x)
    by_x, by_y = gradients([z], [x, y])
    first, second = gradients([by_x], [y])[0], gradients([by_y], [x])[0]
    np.testing.assert_allclose(value(first), value(second), rtol=1e-12)


@pytest.fixture
def rough():
    """A primitive without a gradient rule."""
    primitive = Primitive("rough_test", lambda x: Spec(x.shape, x.dtype), lambda x: x)
    yield primitive
    del _registry[primitive.name]


def test_a_missing_rule_is_named(rough):
    x = Placeholder((2,))
    with pytest.raises(ValueError, match=r"'rough_test' \(.*\) has no gradient.*K.stop_gradient"):
        gradients([rough(x)], [x])
    assert gradients([p.exp(p.stop_gradient(rough(x)))], [x]) == [None]


def test_a_name_is_declared_once(rough):
    with pytest.raises(ValueError, match="'rough_test' is declared twice"):
        Primitive("rough_test", rough.shape, rough.reference)
    assert PRIMITIVES["rough_test"] is rough


def test_composites_are_differentiated_by_their_parts():
    primitive = Primitive(
        "parts_test", lambda a, b: Spec(a.shape, a.dtype), decomposition=lambda a, b: a * p.exp(b)
    )
    try:
        x = Constant(0.5, "float64")
        y = primitive(x, x)
        np.testing.assert_allclose(value(y), 0.5 * np.exp(0.5))
        np.testing.assert_allclose(value(gradients([y], [x])[0]), 1.5 * np.exp(0.5))
    finally:
        del _registry[primitive.name]


def test_long_chains_need_no_deep_stack():
    x = Placeholder((1,))
    y = x
    for _ in range(5000):
        y = y + 1.0
    (g,) = gradients([y], [x])
    assert evaluate([y, g], {x: np.zeros(1, "float32")})[0].tolist() == [5000]


# Cotangents of slices


def sliced_gradient(bounds, size=5):
    """The gradient of sum(k * slice k) by the sliced tensor."""
    x = Constant(np.zeros((2, size)), "float32")
    parts = [x[:, start:stop] * float(k + 1) for k, (start, stop) in enumerate(bounds)]
    (g,) = gradients(parts, [x])
    expected = np.zeros((2, size))
    for k, (start, stop) in enumerate(bounds):
        expected[:, start:stop] += k + 1
    return g, expected


TILES = [
    [(0, 2), (2, 5)],
    [(2, 5), (0, 2)],
    [(0, 1), (3, 5)],
    [(None, 2), (2, None)],
    [(1, 3), (3, 4)],
    [(0, 3), (3, 1)],
    [(0, 9), (7, 9)],
]


@pytest.mark.parametrize("bounds", TILES)
def test_slices_that_tile_an_axis_are_joined(bounds):
    g, expected = sliced_gradient(bounds)
    np.testing.assert_array_equal(value(g), expected)
    assert "unslice" not in names([g]) and "add" not in names([g])


@pytest.mark.parametrize(
    "bounds", [[(0, 3), (2, 5)], [(0, 2), (0, 2)], [(-2, None), (0, 3)], [(0, 5), (2, 2)]]
)
def test_slices_that_do_not_tile_are_added(bounds):
    g, expected = sliced_gradient(bounds)
    np.testing.assert_array_equal(value(g), expected)
    assert "add" in names([g])


def test_slices_of_nothing():
    g, expected = sliced_gradient([(0, 2), (1, None)], size=0)
    np.testing.assert_array_equal(value(g), expected)


def test_slices_of_two_axes_are_added():
    x = Constant(np.zeros((2, 2)), "float32")
    (g,) = gradients([x[:1] * 2.0, x[:, :1] * 3.0], [x])
    assert value(g).tolist() == [[5, 2], [3, 0]]


def test_steps_and_single_positions():
    x = Constant(np.zeros(4), "float32")
    (g,) = gradients([x[::2] * 2.0, x[-1] * 3.0, x[::-1] * Constant([1, 2, 3, 4], "float32")], [x])
    assert value(g).tolist() == [2 + 4, 3, 2 + 2, 3 + 1]


def test_composites_in_a_row_are_differentiated_part_by_part(monkeypatch):
    """Counts the nodes that walks meet: the parts of a composite do not lead behind its inputs."""

    def visits(count):
        met = 0

        def counted(tensors, stop=lambda tensor: False):
            nonlocal met
            nodes = topological(tensors, stop)
            met += len(nodes)
            return nodes

        x = y = Constant(np.ones((2, 3)), "float32")
        for _ in range(count):
            y = p.l2_normalize(y, axes=(1,))
        with monkeypatch.context() as patch:
            patch.setattr(order, "topological", counted)
            gradients([y], [x])
        return met

    assert visits(40) < 4.4 * visits(10)


# Choices: each branch has its own cotangents, and the condition decides where they meet


def phases(tensors):
    """The values for both learning phases."""
    programs = [q.optimize(Program([], tensors), phase) for phase in (0, 1)]
    return [[float(v) for v in evaluate(program.results)] for program in programs]


def test_the_branch_that_is_not_taken_adds_nothing_even_if_it_is_infinite():
    x = Constant(-4.0, "float32")
    y = p.select(p.learning_phase(), x * x, p.sqrt(x))
    (test,), (train,) = phases(gradients([y], [x]))
    assert np.isnan(test) and train == -8
    assert [node.primitive.name for node in q.optimize(Program([], [y]), 1).nodes] == []


def test_no_zeros_are_carried_through_the_branch_that_is_not_taken():
    x, w = Placeholder((None, 3)), Variable(np.ones((3, 3)))
    taken = p.dot(x, w, contract=((1,), (0,)), batch=((), ()))
    y = p.select(p.learning_phase(), taken, p.exp(x))
    for phase, expected in ((0, {"exp"}), (1, {"dot"})):
        used = names(q.optimize(Program([x], gradients([y], [x])), phase).results)
        assert {"exp", "dot"} & set(used) == expected


def test_branches_meet_what_goes_by_both():
    x = Constant(3.0, "float32")
    y = x * p.select(p.learning_phase(), x * x, p.negative(x)) + 2.0 * x
    assert phases(gradients([y], [x])) == [[-6 + 2], [27 + 2]]


def test_choices_within_choices():
    x, flag = Constant(3.0, "float32"), Variable(True, "bool")
    phase = p.learning_phase()
    inner = p.select(flag, x * x, p.negative(x))
    again = p.select(p.learning_phase(), x, 100.0 * x)
    y = p.select(phase, p.select(phase, inner * again, 50.0 * x), inner)
    for held, expected in ((True, [[6], [27]]), (False, [[-1], [-6]])):
        flag.set_value(held)
        assert phases(gradients([y], [x])) == expected


def test_what_one_branch_alone_reads_gets_zeros_in_the_other_phase():
    x, w = Constant(3.0, "float32"), Variable(2.0)
    y = p.select(p.learning_phase(), x * w, x)
    assert phases(gradients([y], [x, w])) == [[1, 0], [2, 3]]


def test_branches_of_other_sizes():
    x, flag = Placeholder((None, 2)), Placeholder((), "bool")
    y = p.select(flag, x, p.concat(x, x, axis=0))
    for held, expected in ((True, 1), (False, 2)):
        (g,) = evaluate(gradients([y], [x]), {x: np.ones((3, 2), "float32"), flag: held})
        np.testing.assert_array_equal(g, np.full((3, 2), expected))


def test_derivatives_of_derivatives_of_choices():
    x = Constant(3.0, "float32")
    y = p.select(p.learning_phase(), x * x * x, x * x)
    assert phases(gradients(gradients([y], [x]), [x])) == [[2], [18]]
