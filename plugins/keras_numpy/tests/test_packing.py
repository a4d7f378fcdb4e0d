"""Packs: many small variables in one array, and nobody can tell."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Placeholder, Program, Update, Variable, evaluate, gradients
from keras_core.graph import primitives as p
from keras_numpy.compiler import packing
from keras_numpy.compiler.packing import Pack, Packer

SHAPES = ((3, 2), (2,), (2, 2), (2,))


def weights(seed=0, shapes=SHAPES, dtype="float32"):
    rng = np.random.default_rng(seed)
    return [Variable(rng.uniform(-1, 1, shape), dtype) for shape in shapes]


def network(x, w1, b1, w2, b2):
    hidden = p.tanh(p.dot(x, w1, contract=((1,), (0,)), batch=((), ())) + b1)
    return p.square(p.dot(hidden, w2, contract=((1,), (0,)), batch=((), ())) + b2)


def momentum_step(x, ws, ms):
    """The updates of a momentum optimizer: a velocity and a weight for each gradient."""
    updates = []
    for w, m, g in zip(ws, ms, gradients([network(x, *ws)], ws)):
        velocity = 0.9 * m - 0.1 * g
        updates += [(m, velocity), (w, w + velocity)]
    return updates


def expected_after(updates, feeds, steps):
    """The values of the variables after some steps, computed by the references."""
    copies = {v: v.get_value() for v, _ in updates}
    for _ in range(steps):
        values = evaluate([value for _, value in updates], {**feeds, **copies})
        copies = dict(zip(copies, values))
    return list(copies.values())


def packs_of(run, *shapes):
    run.source(*shapes)
    return [
        pack for pack in run.compiled._template._packer._packs.values() if isinstance(pack, Pack)
    ]


def trained(compiled, steps=3, between=lambda ws: None):
    x, array = Placeholder((None, 3)), np.random.default_rng(1).uniform(-1, 1, (5, 3))
    array = array.astype("float32")
    ws, ms = weights(), [Variable(np.zeros(shape)) for shape in SHAPES]
    updates = momentum_step(x, ws, ms)
    run = compiled([x], [], updates)
    for _ in range(steps):
        expected = expected_after(updates, {x: array}, 1)
        run(array)
        for (v, _), value in zip(updates, expected):
            np.testing.assert_allclose(v.get_value(), value, rtol=1e-5, atol=1e-6)
        between(ws)
    return run, ws


def test_an_optimizer_is_packed_and_right(compiled):
    run, _ = trained(compiled)
    assert sorted(len(pack.members) for pack in packs_of(run, (5, 3))) == [4, 4]


def test_without_packing_it_is_the_same(compiled, monkeypatch):
    _, packed = trained(compiled)
    monkeypatch.setattr(packing, "SMALL", 0)
    run, plain = trained(compiled)
    assert packs_of(run, (5, 3)) == []
    for a, b in zip(packed, plain):
        np.testing.assert_allclose(a.get_value(), b.get_value(), rtol=1e-6)


def test_values_may_be_set_between_steps(compiled):
    def halve(ws):
        ws[1].set_value(ws[1].get_value() / 2)

    trained(compiled, between=halve)


def test_values_are_copies(compiled):
    _, ws = trained(compiled, between=lambda ws: ws[0].get_value().fill(7))
    ws[0].get_value().fill(7)
    assert not (ws[0].get_value() == 7).any()


def test_values_taken_earlier_do_not_change(compiled):
    taken = []
    trained(compiled, between=lambda ws: taken.append(ws[1].get_value()))
    assert not np.array_equal(taken[0], taken[1])


def test_shapes_of_inputs_share_the_packs(compiled):
    run, ws = trained(compiled)
    count = len(packs_of(run, (5, 3)))
    run(np.zeros((2, 3), "float32"))
    assert len(packs_of(run, (2, 3))) == count


def test_two_programs_pack_one_variable_otherwise(compiled):
    a, b, c = (Variable([float(i), 1.0]) for i in range(3))
    first = compiled([], [], [(a, a + 1.0), (b, b + 1.0)])
    second = compiled([], [a, b, c], [(a, a * 2.0), (c, c * 2.0)])
    for _ in range(2):
        first()
        second()
    assert a.get_value().tolist() == [6, 10]
    assert b.get_value().tolist() == [3, 3] and c.get_value().tolist() == [8, 4]
    assert [y.tolist() for y in second()] == [[6, 10], [3, 3], [8, 4]]


def test_a_member_is_read_by_another_program(compiled):
    run, ws = trained(compiled)
    read = compiled([], [ws[0] * 2.0])
    x = np.ones((5, 3), "float32")
    for _ in range(2):
        run(x)
        np.testing.assert_array_equal(read()[0], ws[0].get_value() * 2)


def test_members_are_read_and_returned_at_their_old_values(compiled):
    a, b = Variable([1.0, 2.0]), Variable([3.0, 4.0, 5.0])
    run = compiled([], [a, b[1:], a * 2.0], [(a, a + 1.0), (b, b + 1.0)])
    assert [y.tolist() for y in run()] == [[1, 2], [4, 5], [2, 4]]
    assert [y.tolist() for y in run()] == [[2, 3], [5, 6], [4, 6]]


def test_members_may_be_swapped(compiled):
    a, b = Variable([1.0, 2.0]), Variable([3.0, 4.0])
    run = compiled([], [], [(a, b + 1.0), (b, a + 1.0)])
    run()
    assert a.get_value().tolist() == [4, 5] and b.get_value().tolist() == [2, 3]
    run()
    assert a.get_value().tolist() == [3, 4] and b.get_value().tolist() == [5, 6]


def test_a_member_that_changes_by_itself_is_read_before(compiled):
    """The velocities are read as one, but each has its own way to change."""
    (a, b), (ma, mb) = (weights(seed, ((2, 3), (4,))) for seed in (0, 1))
    updates = [(ma, ma * 0.9), (mb, mb * 0.8), (a, a + ma * 0.5), (b, b + mb * 0.5)]
    expected = expected_after(updates, {}, 2)
    run = compiled([], [], updates)
    run()
    run()
    for (v, _), value in zip(updates, expected):
        np.testing.assert_allclose(v.get_value(), value, rtol=1e-6)


def test_one_variable_in_several_updates(compiled):
    (a, b), shared = weights(0, ((3,), (3,))), Variable([1.0, 2.0, 3.0])
    updates = [(a, a + shared), (b, b + shared), (shared, shared * 2.0)]
    expected = expected_after(updates, {}, 3)
    run = compiled([], [], updates)
    for _ in range(3):
        run()
    for (v, _), value in zip(updates, expected):
        np.testing.assert_allclose(v.get_value(), value, rtol=1e-6)


def test_dtypes_are_packed_apart(compiled):
    singles, doubles = weights(0, ((2,), (3,))), weights(1, ((2,), (3,)), "float64")
    updates = [(v, v + p.scalar(1e-9, v.dtype)) for v in (*singles, *doubles)]
    expected = expected_after(updates, {}, 1)
    run = compiled([], [], updates)
    run()
    for (v, _), value in zip(updates, expected):
        np.testing.assert_array_equal(v.get_value(), value)
    assert sorted(pack.dtype for pack in packs_of(run)) == ["float32", "float64"]


def test_operands_of_another_dtype_are_packed_apart(compiled):
    a, b, c = weights(0, ((2,), (3,), (4,)))
    masters = [Variable(np.full(v.shape, 1 + 1e-12), "float64") for v in (a, b)]
    masters.append(Variable(np.ones(4), "float16"))
    updates = [(v, v + p.cast(m, dtype="float32")) for v, m in zip((a, b, c), masters)]
    expected = expected_after(updates, {}, 1)
    compiled([], [], updates)()
    for (v, _), value in zip(updates, expected):
        np.testing.assert_array_equal(v.get_value(), value)
    assert masters[0].get_value()[0] == 1 + 1e-12


@pytest.mark.parametrize(
    "updates",
    [
        lambda a, b: [(a, a + 1.0), (b, b + 2.0)],
        lambda a, b: [(a, a + 1.0), (b, b * 1.5)],
        lambda a, b: [(a, b), (b, a)],
        lambda a, b: [(a, p.reverse(a, axes=(0,))), (b, p.reverse(b, axes=(0,)))],
        lambda a, b: [(a, a + 1.0)],
    ],
)
def test_other_expressions_are_not_packed(updates):
    a, b = Variable([1.0, 2.0]), Variable([3.0, 4.0])
    program = Program([], [], [Update(v, p.identity(x)) for v, x in updates(a, b)])
    assert Packer()(program) is program


def test_scalars_integers_and_large_variables_are_left_alone():
    kinds = [(1.0, "float32"), ([1, 2], "int32"), (np.zeros(packing.SMALL), "float32")]
    pairs = [(Variable(value, dtype), Variable(value, dtype)) for value, dtype in kinds]
    updates = [(v, v + p.scalar(1, v.dtype)) for pair in pairs for v in pair]
    program = Program([], [], updates)
    assert Packer()(program) is program
