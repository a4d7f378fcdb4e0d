"""Elementwise work on large arrays runs block by block; nobody can tell from the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Constant, Placeholder, Variable, evaluate
from keras_core.graph import primitives as p
from keras_core.graph.scan import scan
from keras_numpy.compiler.schedule import BLOCK, LARGE

# A last block that is not full, blocks of one row, one block for all, a row longer than a block.
SHAPES = [
    (LARGE + 5,),
    (BLOCK * 5 + 1, 1),
    (300, 250),
    (70, 31, 40),
    (5, BLOCK + 3),
    (1, LARGE + 1),
]
RNG = np.random.default_rng(2)


def floats(*shape, dtype="float32"):
    return RNG.uniform(-1, 1, shape).astype(dtype)


def compare(compiled, inputs, outputs, arrays):
    run = compiled(inputs, outputs)
    source = run.source(*(a.shape for a in arrays))
    for got, expected in zip(run(*arrays), evaluate(outputs, dict(zip(inputs, arrays)))):
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=1e-6)
    return source


@pytest.mark.parametrize("shape", SHAPES)
def test_chains(compiled, shape):
    x, y = Placeholder(shape), Placeholder(shape)
    hidden = p.tanh(x * 2.0 + y)
    outputs = [p.sigmoid(hidden) * y, hidden - p.relu(x)]
    source = compare(compiled, [x, y], outputs, [floats(*shape), floats(*shape)])
    assert source.count("for i_") + source.count("def block_") == 1


def test_small_arrays_have_no_blocks(compiled):
    x = Placeholder((LARGE - 1,))
    assert "for " not in compare(compiled, [x], [p.tanh(x) * x], [floats(LARGE - 1)])


@pytest.mark.parametrize(
    "operand", [(), (1,), (250,), (1, 1), (1, 250), (300, 1), (300, 250)], ids=str
)
def test_broadcast_operands(compiled, operand):
    x, b = Placeholder((300, 250)), Placeholder(operand)
    outputs = [p.tanh(x * b) + b, p.where(p.greater(x, b), x, b * 2.0)]
    compare(compiled, [x, b], outputs, [floats(300, 250), floats(*operand)])


def test_one_row_that_is_broadcast(compiled):
    x, b = Placeholder((1, LARGE)), Placeholder((1, 1))
    compare(compiled, [x, b], [p.tanh(x * b) - b], [floats(1, LARGE), floats(1, 1)])


def test_both_operands_are_broadcast(compiled):
    x, y = Placeholder((300, 1)), Placeholder((1, 250))
    compare(compiled, [x, y], [p.tanh(x + y) * x], [floats(300, 1), floats(1, 250)])


def test_results_of_other_dtypes(compiled):
    x = Placeholder((LARGE * 3 // 2,), "float64")
    large = p.greater(p.exp(x), Constant(1.0, "float64"))
    outputs = [p.reverse(p.logical_not(large), axes=(0,)), p.cast(large, dtype="int8")]
    compare(compiled, [x], outputs, [floats(LARGE * 3 // 2, dtype="float64")])


def test_what_stands_between_the_nodes_of_a_group(compiled):
    """A mean of the group's input does not break the group; a mean of its result does."""
    x = Placeholder((300, 250))
    a = p.tanh(x)
    b = a * p.reduce_mean(x, axes=(0,), keepdims=False)
    c = b + p.reduce_mean(b, axes=(0,), keepdims=True)
    compare(compiled, [x], [c * p.exp(a), p.transpose(b, perm=(1, 0))], [floats(300, 250)])


def test_two_shapes_take_turns(compiled):
    x, y = Placeholder((300, 250)), Placeholder((250, 300))
    flipped = p.transpose(p.tanh(x) * 2.0, perm=(1, 0))
    outputs = [p.exp(flipped * y) + y, p.tanh(x) + p.transpose(y * y, perm=(1, 0)) * x]
    compare(compiled, [x, y], outputs, [floats(300, 250), floats(250, 300)])


def test_updates_in_blocks_happen_at_once(compiled):
    shape = (300, 250)
    a, b, x = Variable(floats(*shape)), Variable(floats(*shape)), Placeholder(shape)
    new_a = p.tanh(a + b) * x
    updates = [(a, new_a), (b, b * 0.5 + a), (c := Variable(floats(*shape)), a - b)]
    array = floats(*shape)
    run = compiled([x], [a + b, new_a], updates)
    for _ in range(2):
        expected = evaluate([a + b, new_a, *(value for _, value in updates)], {x: array})
        got = [*run(array), *(v.get_value() for v in (a, b, c))]
        for value, wanted in zip(got, expected):
            np.testing.assert_allclose(value, wanted, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    "build",
    [
        lambda v: v + p.reverse(v, axes=(0,)),
        lambda v: v * v[:1],
        lambda v: p.tanh(v) * p.concat(v[1:], v[:1], axis=0),
        lambda v: p.transpose(p.tanh(v), perm=(1, 0)) + v,
    ],
)
def test_updates_that_read_other_rows_of_their_variable(compiled, build):
    v = Variable(floats(260, 260))
    expected = evaluate([p.tanh(build(v) + 1.0)])[0]
    compiled([], [], [(v, p.tanh(build(v) + 1.0))])()
    np.testing.assert_allclose(v.get_value(), expected, rtol=2e-5, atol=1e-6)


def test_blocks_in_a_loop(compiled):
    x, start = Placeholder((3, 300, 250)), Placeholder((300, 250))

    def step(slices, states):
        h = p.tanh(states[0] * slices[0] + slices[0])
        return [h * h], [h]

    (last,), (rows,) = scan(step, [x], [start])
    compare(compiled, [x, start], [last, rows], [floats(3, 300, 250), floats(300, 250)])
