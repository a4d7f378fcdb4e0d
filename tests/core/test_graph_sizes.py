"""Names of unknown sizes, and sizes that `set_shape` promises."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from keras_core.graph import Placeholder, Program, Variable, evaluate, gradients, substitute
from keras_core.graph import passes as q
from keras_core.graph import primitives as p
from keras_core.graph.checker import check
from keras_core.graph.scan import scan

CONV = {"dilation": (1, 1), "groups": 1, "data_format": "channels_last"}


def names(program):
    return [node.primitive.name for node in program.nodes]


# Names


def test_people_see_none_and_rules_see_names():
    x = Placeholder((None, 3))
    assert x.shape == (None, 3) and x.sizes[0] is not None
    assert p.exp(x).sizes == x.sizes != Placeholder((None, 3)).sizes


def test_a_size_is_known_again_after_it_went_through_a_number():
    x = Placeholder((None, 4, 5))
    rows = p.dim(x, axis=0)
    assert p.reshape(x, rows, shape=(None, 20)).sizes == (x.sizes[0], 20)
    vector = p.shape_of(x)
    first = p.reshape(p.slice(vector, index=((0, 1, 1),)), shape=())
    assert p.broadcast_to(p.scalar(0, "float32"), first, shape=(None,)).sizes == x.sizes[:1]


def test_what_is_left_over_has_the_name_of_the_size_that_is_missing():
    x = Placeholder((None, 4, 5))
    assert p.reshape(x, shape=(-1, 2, 10)).sizes == (x.sizes[0], 2, 10)
    assert p.reshape(x, shape=(-1, 5)).sizes[0] not in x.sizes
    assert p.reshape(Placeholder((None, None)), shape=(-1,)).shape == (None,)


def test_windows_that_stand_at_each_element_keep_sizes():
    x, kernel = Placeholder((None, None, None, 3)), Variable(np.ones((3, 3, 3, 3)))
    same = p.conv(x, kernel, strides=(1, 1), padding="same", **CONV)
    assert same.sizes == x.sizes
    around = p.conv(x, kernel, strides=(1, 1), padding=((1, 1), (2, 0)), **CONV)
    assert around.sizes == x.sizes
    strided = p.conv(x, kernel, strides=(2, 1), padding="same", **CONV)
    assert strided.sizes[1] not in x.sizes and strided.sizes[2] == x.sizes[2]
    assert "sum_like" not in names(Program([x], gradients([same + x], [x, kernel])))


def test_a_number_that_meets_a_name_wins():
    x, y = Placeholder((None, 3)), Placeholder((5, 3))
    assert (x * y).shape == (5, 3) and p.concat(x, y, axis=1).shape == (5, 6)


def test_sizes_that_two_nodes_tell_are_computed_once():
    x = Placeholder((None, 3))
    y = p.dim(p.exp(x), axis=0) + p.dim(p.transpose(x, perm=(1, 0)), axis=1)
    assert names(q.tidy(Program([x], [y]))).count("dim") == 1


# Loops


def test_bodies_have_the_sizes_from_outside():
    x, start = Placeholder((7, None, 3)), Placeholder((None, 3))
    begin = p.broadcast_like(p.scalar(0, "float32"), p.slice(x, index=((0, 1, 1), *[ALL] * 2)))
    begin = p.reshape(begin, shape=(-1, 3))
    (final,), (stack,) = scan(lambda s, h: ([h[0] + s[0]], [h[0] + s[0]]), [x], [begin])
    assert final.sizes == x.sizes[1:] and stack.sizes == x.sizes
    (final,), _ = scan(lambda s, h: ([], [h[0] + s[0]]), [x], [start])
    assert final.sizes[0] not in (x.sizes[1], start.sizes[0])


ALL = (None, None, 1)


def test_a_state_that_its_step_changes_has_a_size_of_its_own():
    x, start = Placeholder((4, 1)), Placeholder((None,))
    (final,), _ = scan(lambda s, h: ([], [p.concat(h[0], s[0], axis=0)]), [x], [start])
    assert final.shape == (None,) and final.sizes != start.sizes
    program = q.optimize(Program([x, start], [final]))
    check(program)
    values = np.arange(4.0, dtype="float32")[:, None], np.zeros(2, "float32")
    (grown,) = evaluate(program.outputs, dict(zip(program.inputs, values)))
    np.testing.assert_array_equal(grown, [0, 0, 0, 1, 2, 3])


# Promises


def test_what_was_built_before_a_promise_stays_legal():
    x = Placeholder((None, None))
    before = p.exp(x)
    x.set_shape((None, 3))
    before.set_shape((2, None))
    after = p.dot(before, x, contract=((1,), (1,)), batch=((), ()))
    assert before.shape == (2, None) and x.shape == (None, 3)
    program = Program([x], [after, *gradients([after], [before, x])])
    check(program)
    check(q.optimize(program))
    (first, by_before, by_x) = evaluate(program.outputs, {x: np.ones((2, 3), "float32")})
    assert first.shape == (2, 2) and by_before.shape == by_x.shape == (2, 3)


def test_a_promise_made_of_a_result_holds_after_its_inputs_were_replaced():
    x, n = Placeholder((6,)), Placeholder((), "int32")
    y = p.reshape(p.exp(x), n, n, shape=(None, None))
    y.set_shape((2, None))
    (z,) = substitute([y], {x: Placeholder((6,))})
    assert z.shape == (2, None)


def test_a_broken_promise_is_refused():
    x = Placeholder((None, None))
    x.set_shape((None, 4))
    y = p.exp(x)
    with pytest.raises(ValueError, match=r"ensure_shape: .* \(2, 3\) was promised to have"):
        evaluate([y], {x: np.ones((2, 3), "float32")})
    with pytest.raises(ValueError, match=r"ensure_shape: .* \(2, 3\) was promised to have"):
        q.specialise(Program([x], [y]), [(2, 3)])


def test_a_promise_that_says_nothing_new_adds_no_node():
    x = Placeholder((None, 3))
    x.set_shape((None, 3))
    assert p.exp(x).node.inputs == (x,)


# Names that must not be relied on


def run(inputs, outputs, *values):
    """The numbers of the optimized program, by the plain references."""
    program = q.optimize(Program(inputs, outputs))
    return evaluate(program.outputs, dict(zip(program.inputs, values)))


def test_a_number_that_turns_out_as_minus_one_is_no_size():
    count, x, y = Placeholder((), "int32"), Placeholder((None,)), Placeholder((None,))
    a, b = (p.reshape(t, count, shape=(None,)) for t in (x, y))
    outputs = [*gradients([(a + b) * (a + b)], [x, y]), p.dim(a, axis=0)]
    long, short, rows = run([count, x, y], outputs, -1, np.arange(6.0), np.zeros(1))
    np.testing.assert_array_equal(long, 2 * np.arange(6))
    np.testing.assert_array_equal(short, [30])
    assert rows == 6


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16"])
def test_a_number_cast_to_a_dtype_too_narrow_for_it_is_another(dtype):
    numbers = [-1, 300, 70_000]
    x = Placeholder((None,))
    size = p.cast(p.cast(p.dim(x, axis=0), dtype=dtype), dtype="int32")
    constants = [p.cast(p.scalar(n, "int32"), dtype=dtype) for n in numbers]
    *wrapped, cut = run([x], [*constants, size], np.zeros(70_000, "float32"))
    np.testing.assert_array_equal(wrapped, np.array(numbers).astype(dtype))
    assert cut == np.array(70_000).astype(dtype)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_has_names_of_its_own(copied):
    x = Placeholder((None, 3))
    twin, (both, inner) = copied(x), copied([x, p.exp(x)])
    assert len({x.sizes[0], twin.sizes[0], both.sizes[0]}) == 3 and inner.sizes == both.sizes
    found = run([x, twin], gradients([x * twin], [x, twin]), np.ones((4, 3)), np.ones((1, 3)))
    assert [g.shape for g in found] == [(4, 3), (1, 3)]


def test_a_state_of_one_row_that_its_step_broadcasts_has_no_known_size():
    x = Placeholder((None, None, 3))
    (last,), _ = scan(lambda row, s: ([], [row[0] + s[0]]), [x], [p.zeros((1, 3), "float32")])
    assert last.shape == (None, 3)
    assert run([x], [p.dim(last, axis=0)], np.zeros((5, 4, 3), "float32")) == [4]


def test_no_gradient_is_made_up_for_a_state_that_grows():
    x, first = Placeholder((None, None, 3)), Placeholder((None, 3))
    (last,), _ = scan(lambda row, s: ([], [row[0] + s[0]]), [x], [first])
    slopes = gradients([last], [first])
    same = run([x, first], slopes, np.ones((5, 4, 3)), np.ones((4, 3)))
    np.testing.assert_array_equal(same[0], np.ones((4, 3)))
    with pytest.raises(ValueError):
        run([x, first], slopes, np.ones((5, 4, 3)), np.ones((1, 3)))


# Nothing along an axis


def test_a_loop_without_steps_that_gives_an_axis_to_its_rows():
    x = Placeholder((None, None))
    _, (column,) = scan(
        lambda row, s: ([p.reshape(p.exp(row[0]), shape=(-1, 1)) * s[0]], s),
        [x],
        [p.ones((1, 1), "float32")],
    )
    assert run([x], [column], np.zeros((0, 4)))[0].shape == (0, 4, 1)
    np.testing.assert_array_equal(run([x], [column], np.zeros((2, 4)))[0], np.ones((2, 4, 1)))


def test_rows_that_no_step_made_have_the_sizes_that_numbers_tell():
    x, count = Placeholder((None, 6)), Placeholder((), "int32")
    rows = evaluate(
        scan(lambda row, s: ([p.reshape(row[0], count, shape=(None, 2))], []), [x], [])[1],
        {x: np.zeros((0, 6)), count: np.array(3, "int32")},
    )
    assert rows[0].shape == (0, 3, 2)


def test_parts_of_an_axis_of_unknown_size_send_their_gradients_back():
    x = Placeholder((None,))
    tail, rest = p.slice(x, index=((1, None, 1),)), p.slice(x, index=((2, None, 1),))
    slopes = gradients([p.reduce_sum(y, axes=(0,), keepdims=False) for y in (tail, rest)], [x])
    np.testing.assert_array_equal(run([x], slopes, np.zeros(4))[0], [0, 1, 2, 2])


# One row that meets several


@pytest.mark.parametrize("name, params", [("softmax", {"axis": 1}), ("sigmoid", {})])
@pytest.mark.parametrize("single", [0, 1])
def test_cross_entropies_broadcast_as_their_parts_do(name, params, single):
    whole = getattr(p, f"{name}_cross_entropy")
    labels, logits = Placeholder((None, 4)), Placeholder((None, 4))
    arrays = [np.full((3, 4), 0.25, "float32"), np.linspace(-1, 1, 12).reshape(3, 4)]
    arrays[single] = arrays[single][:1]
    slopes = []
    for y in (whole(labels, logits, **params), whole.decomposition(labels, logits, **params)):
        first = gradients([y], [labels, logits])
        slopes.append(run([labels, logits], [y, *first], *arrays))
    for got, wanted in zip(*slopes):
        assert got.shape == wanted.shape
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
