"""Loops: where states live, what is collected, loops in loops."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Placeholder, Update, Variable, evaluate, gradients
from keras_core.graph import primitives as p
from keras_core.graph.randomness import new_stream
from keras_core.graph.scan import scan

RNG = np.random.default_rng(4)


def floats(*shape):
    return RNG.uniform(-1, 1, shape).astype("float32")


def check(compiled, inputs, outputs, arrays):
    """The compiled numbers are those of the references, also in a second call."""
    run = compiled(inputs, outputs)
    expected = evaluate(outputs, dict(zip(inputs, arrays)))
    for _ in range(2):
        for got, wanted in zip(run(*arrays), expected):
            assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


# What a step gives from its slice x and its two states a and b: outputs, new states.
STEPS = {
    "last only": lambda x, a, b: ([], [a + x, b * x]),
    "states before": lambda x, a, b: ([a, b], [a + x, b * a]),
    "states after": lambda x, a, b: ((c := a + x, d := b * a) and [c, d], [c, d]),
    "before and after": lambda x, a, b: ((c := a + x) is not None and [a, c], [c, b * x]),
    "swapped": lambda x, a, b: ([a], [b, a]),
    "swapped, not collected": lambda x, a, b: ([], [b, a]),
    "swapped and changed": lambda x, a, b: ([a, b], [b * x, a + x]),
    "unchanged": lambda x, a, b: ([a, b + x], [a, b]),
    "one for both": lambda x, a, b: ((c := a * b + x) is not None and [c], [c, c]),
    "one for both, before": lambda x, a, b: ((c := a * b + x) is not None and [a, b], [c, c]),
    "shifted": lambda x, a, b: ([b], [x, a]),
    "shifted, all": lambda x, a, b: ([a, b, x], [x, a]),
    "views": lambda x, a, b: ([a[::-1]], [b[::-1], x[::-1]]),
    "twice": lambda x, a, b: ([a * x, a * x, x, x], [a + x, b]),
}


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", STEPS)
def test_states_and_what_is_collected(compiled, name, reverse, steps):
    inputs = [Placeholder((None, 3)), Placeholder((3,)), Placeholder((3,))]

    def step(slices, states):
        return STEPS[name](slices[0], *states)

    states, outputs = scan(step, inputs[:1], inputs[1:], reverse=reverse)
    results = [*states, *outputs, *(p.exp(y) for y in states)]
    check(compiled, inputs, results, [floats(steps, 3), floats(3), floats(3)])


@pytest.mark.parametrize("reverse", [False, True])
def test_scalar_states(compiled, reverse):
    x, start = Placeholder((None,)), Placeholder(())

    def step(slices, states):
        h = p.tanh(states[0] + slices[0])
        return [h, states[0] * 2.0], [h]

    (last,), rows = scan(step, [x], [start], reverse=reverse)
    total = p.reduce_sum(rows[0], axes=(0,), keepdims=False) + last
    results = [last, *rows, *gradients([total], [x, start])]
    check(compiled, [x, start], results, [floats(5), floats()])


def test_states_of_several_dtypes(compiled):
    x = Placeholder((6, 2))

    def step(slices, states):
        count, flag, exact = states
        return [flag], [
            count + 1,
            p.logical_or(flag, p.greater(slices[0], p.scalar(0.5, "float32"))),
            exact + p.cast(slices[0], dtype="float64"),
        ]

    starts = [p.as_size(0), p.full((2,), False, "bool"), p.zeros((2,), "float64")]
    states, rows = scan(step, [x], starts)
    check(compiled, [x], [*states, *rows], [floats(6, 2)])


def test_the_initial_state_is_not_written_to(compiled):
    x, v = Placeholder((None, 2)), Variable([1.0, 2.0])
    (last,), (rows,) = scan(lambda s, st: ([st[0]], [st[0] * s[0]]), [x], [v])
    run = compiled([x], [last, rows, v])
    for _ in range(2):
        run(floats(3, 2))
    assert v.get_value().tolist() == [1, 2]


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_variable_is_state_and_updated(compiled, steps):
    x, v = Placeholder((None, 2)), Variable([1.0, 2.0])
    (last,), _ = scan(lambda s, st: ([], [st[0] + s[0]]), [x], [v])
    run = compiled([x], [last, v], [(v, v * 2.0)])
    got = run(np.ones((steps, 2), "float32"))
    assert [y.tolist() for y in got] == [[1 + steps, 2 + steps], [1, 2]]
    assert v.get_value().tolist() == [2, 4]


@pytest.mark.parametrize("steps", [0, 2])
def test_a_variable_becomes_the_final_state(compiled, steps):
    x, v = Placeholder((None, 2)), Variable([1.0, 2.0])
    (last,), (rows,) = scan(lambda s, st: ([st[0]], [st[0] + s[0]]), [x], [v])
    run = compiled([x], [rows], [(v, last)])
    for call in range(2):
        first = run(np.ones((steps, 2), "float32"))[0]
        assert first.tolist() == [
            [1 + call * steps + t, 2 + call * steps + t] for t in range(steps)
        ]
    assert v.get_value().tolist() == [1 + 2 * steps, 2 + 2 * steps]


def test_the_memory_of_a_loop_without_steps_is_its_own(compiled):
    """The final state outlives the tensor that it started from."""
    x, y = Placeholder((None, 2)), Placeholder((2,))
    start = p.exp(y)
    (last,), _ = scan(lambda s, st: ([], [st[0] + s[0]]), [x], [start])
    later = p.exp(p.tanh(y * 3.0) * y)
    check(compiled, [x, y], [last * later, later + last], [floats(0, 2), floats(2)])


@pytest.mark.parametrize("reverse", [False, True])
def test_loops_in_loops(compiled, reverse):
    x, w, start = Placeholder((4, 3, 2)), Placeholder((2, 2)), Placeholder((2,))

    def inner(slices, states):
        h = p.tanh(states[0] + slices[0])
        return [h, states[0]], [h]

    def outer(slices, states):
        moved = p.dot(states[0], w, contract=((0,), (0,)), batch=((), ()))
        (last,), (rows, before) = scan(inner, slices, [moved], reverse=not reverse)
        return [rows, last * slices[0][0], before], [last]

    (last,), rows = scan(outer, [x], [start], reverse=reverse)
    found = gradients([last, *rows], [x, w, start])
    arrays = [floats(4, 3, 2), floats(2, 2), floats(2)]
    check(compiled, [x, w, start], [last, *rows, *found], arrays)


def test_collected_rows_are_read_on(compiled):
    x, start = Placeholder((4, 2)), Placeholder((2,))
    (last,), (rows,) = scan(lambda s, st: ([st[0]], [p.tanh(st[0] + s[0])]), [x], [start])
    flat = p.reshape(rows, shape=(8,))
    (again,), _ = scan(
        lambda s, st: ([], [st[0] * s[0] + last]), [p.reverse(rows, axes=(0,))], [start]
    )
    check(compiled, [x, start], [rows, flat, rows * 2.0, again], [floats(4, 2), floats(2)])


def test_sequences_that_are_views(compiled):
    x, start = Placeholder((2, 4, 3)), Placeholder((2, 3))
    by_time = p.transpose(x, perm=(1, 0, 2))
    (last,), (rows,) = scan(lambda s, st: ([st[0]], [p.tanh(st[0] + s[0])]), [by_time], [start])
    outputs = [last, p.transpose(rows, perm=(1, 0, 2)), *gradients([last, rows], [x, start])]
    check(compiled, [x, start], outputs, [floats(2, 4, 3), floats(2, 3)])


def test_lengths_that_depend_on_values(compiled):
    n, x = Placeholder((), "int32"), Placeholder((None, 2))
    counted = p.arange(p.as_size(0), n, p.as_size(1), dtype="int32")
    (last,), (rows,) = scan(lambda s, st: ([st[0]], [st[0] + s[0]]), [counted], [p.as_size(0)])
    (total,), _ = scan(lambda s, st: ([], [st[0] + s[0]]), [x[:n]], [p.zeros((2,), "float32")])
    run = compiled([n, x], [last, rows, total])
    for count in (3, 1, 0):
        got = run(np.int32(count), np.ones((5, 2), "float32"))
        assert got[0] == sum(range(count)) and got[2].tolist() == [count, count]
        assert got[1].tolist() == [sum(range(t)) for t in range(count)]


def test_draws_are_new_in_each_step_and_call(compiled):
    x = Placeholder((5, 3))

    def step(slices, states):
        noise = p.random_normal(shape=(3,), dtype="float32", stream=new_stream(1))
        return [noise], [states[0] + noise * slices[0]]

    (last,), (noise,) = scan(step, [x], [p.zeros((3,), "float32")])
    run = compiled([x], [last, noise])
    ones = np.ones((5, 3), "float32")
    (first, drawn), (_, others) = run(ones, step=0), run(ones, step=1)
    np.testing.assert_allclose(first, drawn.sum(axis=0), rtol=1e-5)
    assert len(np.unique(np.concatenate([drawn, others]))) == 30
    np.testing.assert_array_equal(run(ones, step=0)[1], drawn)


def test_errors_in_a_loop_name_the_line_of_the_step(compiled):
    table, places = Placeholder((3, 2)), Placeholder((4,), "int32")

    def step(slices, states):
        return [], [states[0] + p.gather(table, slices[0], axis=0) * states[0]]

    (last,), _ = scan(step, [places], [p.zeros((2,), "float32")])
    run = compiled([table, places], [last])
    line = step.__code__.co_firstlineno + 1
    with pytest.raises(IndexError, match=rf"index 3 is outside of \[0, 3\).*{__file__}:{line}"):
        run(floats(3, 2), np.array([0, 1, 3, 2], "int32"))


@pytest.mark.parametrize("steps", [3, 12])
def test_a_matrix_read_transposed_in_many_steps_is_copied_once(compiled, steps):
    x, start, matrix = Placeholder((steps, 2, 4)), Placeholder((2, 4)), Placeholder((4, 4))
    weights = Variable(floats(4, 4), "float32", "weights")
    state_matrix = Placeholder((4, 4))
    turned = {"contract": ((1,), (1,)), "batch": ((), ())}

    def step(slices, states):
        a, m = states
        both = p.dot(a, weights, **turned) + p.dot(slices[0], weights, **turned)
        straight = p.dot(a, matrix, contract=((1,), (0,)), batch=((), ()))
        new = p.tanh(both + straight + p.dot(a, matrix, **turned) + p.dot(a, m, **turned))
        return [new], [new, m * 0.5]

    (last, m), (rows,) = scan(step, [x], [start, state_matrix])
    inputs, outputs = [x, start, matrix, state_matrix], [last, m, rows]
    arrays = [floats(*i.shape) for i in inputs]
    run = compiled(inputs, [*outputs, *gradients(outputs, [x, matrix, weights])])
    copies = [
        line for line in run.source(*(a.shape for a in arrays)).splitlines() if "copyto(" in line
    ]
    transposed = [line for line in copies if line.endswith(".T)")]
    assert bool(transposed) == (steps == 12)
    assert len(transposed) == len(set(transposed))
    check(compiled, inputs, [*outputs, *gradients(outputs, [x, matrix, weights])], arrays)


def test_a_copied_matrix_is_the_one_of_the_call(compiled):
    x, start = Placeholder((10, 2, 4)), Placeholder((2, 4))
    weights = Variable(np.eye(4), "float32", "weights")
    turned = {"contract": ((1,), (1,)), "batch": ((), ())}
    (last,), _ = scan(lambda s, st: ([], [p.dot(st[0] + s[0], weights, **turned)]), [x], [start])
    run = compiled([x, start], [last], [Update(weights, weights * 2.0)])
    for factor in (1.0, 2.0, 4.0):
        (got,) = run(np.zeros((10, 2, 4), "float32"), np.ones((2, 4), "float32"))
        np.testing.assert_array_equal(got, np.full((2, 4), factor**10))
