"""Loops: values, gradients of two orders, and what is moved out of them."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Placeholder, Program, evaluate, gradients
from keras_core.graph import primitives as p
from keras_core.graph.checker import check
from keras_core.graph.passes import optimize
from keras_core.graph.randomness import new_stream
from keras_core.graph.scan import scan
from keras_core.graph.tensor import Constant

RNG = np.random.default_rng(3)


def floats(*shape):
    return RNG.uniform(-1, 1, shape)


def placeholders(arrays, unknown=False):
    return [
        Placeholder((None,) * a.ndim if unknown else a.shape, a.dtype.name, f"x{i}")
        for i, a in enumerate(arrays)
    ]


def matmul(a, b):
    return p.dot(a, b, contract=((a.ndim - 1,), (0,)), batch=((), ()))


def total(x, axes=None):
    return p.reduce_sum(x, axes=tuple(range(x.ndim)) if axes is None else axes, keepdims=False)


def compute(inputs, outputs, arrays, optimized=False):
    """The values, of the program as it is built or as a backend gets it."""
    if not optimized:
        return evaluate(outputs, dict(zip(inputs, arrays)))
    program = optimize(Program(inputs, outputs))
    check(program)
    return evaluate(program.outputs, dict(zip(program.inputs, arrays)))


# Values, against loops in Python


def accumulated(x, start, reverse=False):
    def step(slices, states):
        return [states[0] * slices[0]], [states[0] + slices[0]]

    return scan(step, [x], [start], reverse=reverse)


@pytest.mark.parametrize("optimized", [False, True])
@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("steps", [0, 1, 4])
def test_values(steps, reverse, unknown, optimized):
    arrays = [floats(steps, 2), floats(2)]
    x, start = placeholders(arrays, unknown)
    (last,), (products,) = accumulated(x, start, reverse)
    state, rows = arrays[1], np.zeros((steps, 2))
    for t in reversed(range(steps)) if reverse else range(steps):
        rows[t] = state * arrays[0][t]
        state = state + arrays[0][t]
    got = compute([x, start], [last, products], arrays, optimized)
    np.testing.assert_allclose(got[0], state, rtol=1e-12)
    np.testing.assert_allclose(got[1], rows, rtol=1e-12)


@pytest.mark.parametrize("optimized", [False, True])
def test_states_of_several_shapes_and_dtypes(optimized):
    arrays = [floats(5, 2), np.arange(5, dtype="int32")]
    x, number = placeholders(arrays)

    def step(slices, states):
        count, mean, seen = states
        grown = count + 1
        step_size = p.cast(grown, dtype="float64")
        mean = mean + (slices[0] - mean) / step_size
        return [mean], [grown, mean, p.logical_or(seen, p.equal(slices[1], p.as_size(3)))]

    starts = [p.as_size(0), p.zeros((2,), "float64"), p.scalar(False, "bool")]
    states, (means,) = scan(step, [x, number], starts)
    assert [(s.dtype, s.shape) for s in states] == [("int32", ()), ("float64", (2,)), ("bool", ())]
    count, mean, seen, rows = compute([x, number], [*states, means], arrays, optimized)
    assert (count, seen) == (5, True)
    np.testing.assert_allclose(mean, arrays[0].mean(axis=0))
    np.testing.assert_allclose(rows[1], arrays[0][:2].mean(axis=0))


@pytest.mark.parametrize("optimized", [False, True])
def test_states_that_are_swapped_kept_or_replaced(optimized):
    arrays = [floats(3, 2), floats(2), floats(2), floats(2)]
    x, *starts = placeholders(arrays)

    def step(slices, states):
        return [states[0], states[2]], [states[1], states[0], states[2]]

    states, outputs = scan(step, [x], starts)
    got = compute([x, *starts], [*states, *outputs], arrays, optimized)
    _, a, b, c = arrays
    for value, expected in zip(got, [b, a, c, [a, b, a], [c, c, c]]):
        np.testing.assert_array_equal(value, expected)


def test_without_states_it_is_a_map():
    arrays = [floats(3, 2), floats(3)]
    x, y = placeholders(arrays)
    states, (rows,) = scan(lambda s, _: ([s[0] * s[1]], []), [x, y], [])
    assert states == [] and rows.shape == (3, 2)
    np.testing.assert_allclose(compute([x, y], [rows], arrays)[0], arrays[0] * arrays[1][:, None])


def test_outputs_may_be_slices_states_and_tensors_from_outside():
    arrays = [floats(3, 2), floats(2)]
    x, start = placeholders(arrays)
    outputs = scan(lambda s, states: ([s[0], states[0], start], [states[0] + s[0]]), [x], [start])[
        1
    ]
    got = compute([x, start], outputs, arrays, optimized=True)
    np.testing.assert_array_equal(got[0], arrays[0])
    np.testing.assert_allclose(got[1][2], arrays[1] + arrays[0][0] + arrays[0][1])
    np.testing.assert_array_equal(got[2], [arrays[1]] * 3)


@pytest.mark.parametrize("optimized", [False, True])
def test_loops_in_loops(optimized):
    arrays = [floats(3, 4), floats()]
    x, start = placeholders(arrays)

    def row(slices, states):
        (inner,), _ = scan(lambda s, st: ([], [st[0] * 0.5 + s[0] * states[0]]), slices, states)
        return [inner], [inner]

    (last,), (rows,) = scan(row, [x], [start])
    got = compute([x, start], [last, rows], arrays, optimized)
    state, expected = arrays[1], []
    for numbers in arrays[0]:
        factor = state
        for number in numbers:
            state = state * 0.5 + number * factor
        expected.append(state)
    np.testing.assert_allclose(got[1], expected)
    np.testing.assert_allclose(got[0], expected[-1])


def test_a_mask_keeps_states():
    arrays = [floats(4, 2, 3), np.array([[1, 1], [1, 0], [0, 1], [0, 0]], bool), floats(2, 3)]
    x, mask, start = placeholders(arrays)

    def step(slices, states):
        keep = p.expand_dims(slices[1], -1)
        return [], [p.where(keep, states[0] * 2.0 + slices[0], states[0])]

    (last,), _ = scan(step, [x, mask], [start])
    expected = arrays[2].copy()
    for now, kept in zip(arrays[0], arrays[1]):
        expected[kept] = expected[kept] * 2 + now[kept]
    np.testing.assert_allclose(compute([x, mask, start], [last], arrays, True)[0], expected)


def test_draws_differ_from_step_to_step_but_not_those_from_outside():
    x = Placeholder((6,), "float32")
    outside = p.random_normal(shape=(), dtype="float32", stream=new_stream())

    def step(slices, states):
        drawn = p.random_normal(shape=(), dtype="float32", stream=new_stream())
        return [drawn, outside + slices[0]], []

    _, (inner, outer) = scan(step, [x], [])
    a, b = evaluate([inner, outer], {x: np.zeros(6, "float32")}, rng=(1, 0))
    assert len(set(a)) == 6 and len(set(b)) == 1


# Errors


def test_no_sequence():
    with pytest.raises(ValueError, match="needs at least one sequence"):
        scan(lambda s, states: ([], states), [], [Placeholder(())])


def test_sequences_of_different_lengths():
    with pytest.raises(ValueError, match=r"different numbers of steps: \[2, 3\]"):
        scan(lambda s, states: ([s[0] + s[1]], []), [Placeholder((2,)), Placeholder((3,))], [])


@pytest.mark.parametrize(
    ("after", "message"),
    [
        (lambda state: [p.cast(state, dtype="int32")], r"state 0 is float32\[2\] before .* int32"),
        (lambda state: [p.concat(state, state, axis=0)], r"float32\[4\] after it"),
        (lambda state: [p.expand_dims(state, 0)], r"float32\[1, 2\] after it"),
        (lambda state: [state, state], "1 states go in and 2 come out"),
    ],
)
def test_a_state_that_changes_its_kind(after, message):
    with pytest.raises(ValueError, match=message):
        scan(lambda s, states: ([], after(states[0])), [Placeholder((3, 2))], [Placeholder((2,))])


# Gradients, against finite differences


def differences(value, arrays, which, step=1e-6):
    result = np.zeros(arrays[which].shape)
    for place in np.ndindex(result.shape):
        moved = [[a.copy() for a in arrays] for _ in range(2)]
        moved[0][which][place] += step
        moved[1][which][place] -= step
        result[place] = (value(moved[0]) - value(moved[1])) / (2 * step)
    return result


def rnn(x, start, w, u, b, reverse=False):
    def step(slices, states):
        h = p.tanh(matmul(slices[0], w) + b + matmul(states[0], u))
        return [h], [h]

    (last,), (rows,) = scan(step, [x], [start], reverse)
    return total(p.square(last)) + total(p.sin(rows))


def lstm(x, start, w, u, b):
    """One kernel for two gates, cut apart; two states."""

    def step(slices, states):
        z = matmul(slices[0], w) + matmul(states[0], u) + b
        gate, update = p.sigmoid(z[:, :1]), p.tanh(z[:, 1:])
        cell = gate * states[1] + update
        return [cell], [p.concat(gate * cell, cell, axis=1), cell]

    first, second = start, total(start, (1,))
    states, (cells,) = scan(step, [x], [first, p.expand_dims(second, 1)])
    return total(p.square(states[0])) + total(cells)


def masked(x, start, w, u, b):
    def step(slices, states):
        h = p.tanh(matmul(slices[0], w) + matmul(states[0], u))
        keep = p.greater(total(slices[0], (1,)), p.scalar(0, "float64"))
        return [h * b], [p.where(p.expand_dims(keep, 1), h, states[0])]

    (last,), (rows,) = scan(step, [x], [start])
    return total(last * rows[0])


def nested(x, start, w, u, b):
    def step(slices, states):
        start = total(states[0], (0,))
        (inner,), _ = scan(lambda s, st: ([], [p.tanh(st[0] * s[0] + start)]), [u], [start])
        return [inner * b], [p.tanh(matmul(slices[0], w) + inner)]

    (last,), (rows,) = scan(step, [x], [start])
    return total(p.square(last)) + total(rows)


def chained(x, start, w, u, b):
    """The rows of one loop are the sequence of another; a state is passed on as it is."""
    _, (rows,) = scan(lambda s, st: ([matmul(s[0], w)], [st[0]]), [x], [start])
    states, _ = scan(
        lambda s, st: ([], [p.tanh(s[0] + matmul(st[0], u)), st[0]]), [rows], [start, start]
    )
    return total(states[0] * states[1] * b)


BUILDS = {
    "rnn": rnn,
    "backwards": lambda *xs: rnn(*xs, reverse=True),
    "lstm": lstm,
    "masked": masked,
    "nested": nested,
    "chained": chained,
}
SHAPES = ((3, 2, 3), (2, 2), (3, 2), (2, 2), (2,))


@pytest.fixture
def arrays():
    rng = np.random.default_rng(5)
    return [rng.uniform(-1, 1, shape) for shape in SHAPES]


@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("name", BUILDS)
def test_gradients(name, arrays, unknown):
    inputs = [
        Placeholder((None, None, 3) if unknown and i == 0 else a.shape, "float64")
        for i, a in enumerate(arrays)
    ]
    y = BUILDS[name](*inputs)
    found = [p.zeros_like(x) if g is None else g for g, x in zip(gradients([y], inputs), inputs)]

    def value(moved):
        return float(evaluate([y], dict(zip(inputs, moved)))[0])

    expected = [differences(value, arrays, i) for i in range(len(arrays))]
    for optimized in (False, True):
        for got, numbers in zip(compute(inputs, found, arrays, optimized), expected):
            np.testing.assert_allclose(got, numbers, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", BUILDS)
def test_second_order(name, arrays):
    inputs = placeholders(arrays)
    first = gradients([BUILDS[name](*inputs)], inputs)
    y = sum((total(p.sin(g)) for g in first[1:] if g is not None), total(p.square(first[0])))
    wanted = [inputs[i] for i in (1, 2)]
    second = [p.zeros_like(x) if g is None else g for g, x in zip(gradients([y], wanted), wanted)]

    def value(moved):
        return float(evaluate([y], dict(zip(inputs, moved)))[0])

    expected = [differences(value, arrays, i) for i in (1, 2)]
    for got, numbers in zip(compute(inputs, second, arrays, optimized=True), expected):
        np.testing.assert_allclose(got, numbers, rtol=1e-5, atol=1e-7)


def test_gradients_over_no_steps():
    arrays = [np.zeros((0, 2, 3)), *(floats(*shape) for shape in SHAPES[1:])]
    inputs = [Placeholder((None, 2, 3), "float64"), *placeholders(arrays[1:])]
    found = gradients([rnn(*inputs)], inputs)
    got = compute(inputs, found, arrays, optimized=True)
    np.testing.assert_allclose(got[1], 2 * arrays[1])
    assert [g.shape for g in got] == [a.shape for a in arrays] and not got[2].any()


def test_integer_states_have_no_gradient():
    x = Placeholder((3,), "float64")

    def step(slices, states):
        return [slices[0] * p.cast(states[0], dtype="float64")], [states[0] + 1]

    _, (rows,) = scan(step, [x], [p.as_size(0)])
    (g,) = gradients([rows], [x])
    assert evaluate([g], {x: np.ones(3)})[0].tolist() == [0, 1, 2]


def test_a_draw_in_a_step_is_the_same_in_the_gradient():
    x = Placeholder((5, 4), "float64")

    def step(slices, states):
        noise = p.random_normal(shape=(4,), dtype="float64", stream=new_stream())
        return [slices[0] * noise], []

    _, (rows,) = scan(step, [x], [])
    (g,) = gradients([rows], [x])
    rows, g = evaluate([rows, g], {x: np.full((5, 4), 2.0)}, rng=(1, 0))
    np.testing.assert_allclose(rows, 2 * g)


# What is moved out, in counts


def counts(nodes):
    names = [node.primitive.name for node in nodes]
    return {name: names.count(name) for name in names}


def loops(program):
    return [node for node in program.nodes if node.primitive.name == "scan"]


def training(build, known=True):
    """The gradients of a loop as a backend gets them; it starts from a state of the batch."""
    shapes = [(7, 4, 3) if known else (None, None, 3), (3, 2), (2, 2), (2,)]
    x, *weights = inputs = [Placeholder(shape) for shape in shapes]
    y = build(x, total(x, (0,))[:, 1:], *weights)
    return optimize(Program(inputs, gradients([y], inputs)))


@pytest.mark.parametrize("known", [True, False])
def test_the_projection_of_the_input_is_one_product(known):
    inputs = [Placeholder(s) for s in [(7 if known else None, 4, 3), (4, 2), (3, 2), (2, 2), (2,)]]
    program = optimize(Program(inputs, [rnn(*inputs)]))
    (loop,) = loops(program)
    assert counts(loop.params["body"].nodes) == {"dot": 1, "add": 1, "tanh": 1}
    assert counts(program.nodes)["dot"] == 1


@pytest.mark.parametrize("known", [True, False])
def test_gradients_of_weights_are_one_product_each(known):
    program = training(rnn, known)
    assert [counts(loop.params["body"].nodes).get("dot") for loop in loops(program)] == [1, 1]
    # The input's projection, and the gradients of x, w and u.
    assert counts(program.nodes)["dot"] == 4


def test_the_gradient_reads_only_what_it_needs():
    forward, backward = (loop.params["body"] for loop in loops(training(rnn)))
    # The states before and after each step; what comes back from the outputs, and the states.
    assert (len(forward.collected), len(backward.sequences)) == (2, 2)


def test_a_loop_without_states_is_no_loop():
    x, w = Placeholder((5, 4, 3)), Placeholder((3, 2))
    _, (rows,) = scan(lambda s, _: ([p.tanh(matmul(s[0], w))], []), [x], [])
    program = optimize(Program([x, w], [rows, *gradients([rows], [x, w])]))
    assert loops(program) == []


def test_what_only_the_outputs_need_is_done_after_the_loop():
    x, start, w = Placeholder((5, 4, 2)), Placeholder((4, 2)), Placeholder((2, 6))

    def step(slices, states):
        h = p.tanh(states[0] + slices[0])
        return [p.softmax(matmul(h, w), axis=1)], [h]

    _, (rows,) = scan(step, [x], [start])
    program = optimize(Program([x, start, w], [rows]))
    (loop,) = loops(program)
    assert set(counts(loop.params["body"].nodes)) == {"add", "tanh"}
    arrays = [floats(5, 4, 2), floats(4, 2), floats(2, 6)]
    state, expected = arrays[1], []
    for now in arrays[0]:
        state = np.tanh(state + now)
        e = np.exp(state @ arrays[2])
        expected.append(e / e.sum(axis=1, keepdims=True))
    got = evaluate(program.outputs, dict(zip(program.inputs, arrays)))[0]
    np.testing.assert_allclose(got, expected, rtol=1e-6)


LIFTED = {
    "slice": lambda x: x[:, 1:],
    "pad": lambda x: p.pad(x, widths=((0, 0), (1, 0)), value=2.0),
    "reshape": lambda x: p.reshape(x, shape=(6,)),
    "flatten": lambda x: p.reshape(x, shape=(-1,)),
    "transpose": lambda x: p.transpose(x, perm=(1, 0)),
    "broadcast": lambda x: p.broadcast_to(x, shape=(4, 2, 3)),
    "concat": lambda x: p.concat(x, x, axis=1),
    "sum": lambda x: p.reduce_sum(x, axes=(0,), keepdims=False),
    "max": lambda x: p.reduce_max(x, axes=(1,), keepdims=True),
    "softmax": lambda x: p.softmax(x, axis=0),
    "where": lambda x: p.where(p.greater(x, p.scalar(0, "float64")), x, p.scalar(1, "float64")),
    "more axes": lambda x: x + p.scalar(1, "float64") * p.ones((2, 1, 1), "float64"),
    "fewer axes": lambda x: total(x, (0,)) + x,
    "unslice": lambda x: gradients([x[:1] * 2.0], [x])[0] + x,
    "clip": lambda x: p.clip(x, low=-0.5, high=0.5),
    "gram": lambda x: p.dot(x, x, contract=((1,), (1,)), batch=((), ())),
    "batched": lambda x: p.dot(x, x, contract=((1,), (1,)), batch=((0,), (0,))),
}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("name", LIFTED)
def test_lifting_keeps_values(name, known):
    x = Placeholder((4, 2, 3) if known else (None, 2, 3), "float64")
    _, (rows,) = scan(lambda s, _: ([LIFTED[name](s[0])], []), [x], [])
    array = floats(4, 2, 3)
    plain, lifted = (compute([x], [rows], [array], optimized) for optimized in (False, True))
    np.testing.assert_allclose(lifted[0], plain[0], rtol=1e-12)
    if known:
        assert loops(optimize(Program([x], [rows]))) == []


@pytest.mark.parametrize("first", [True, False])
def test_products_with_weights_on_either_side(first):
    x, w = Placeholder((4, 2, 3), "float64"), Placeholder((5, 2), "float64")

    def step(slices, _):
        pair = (w, slices[0]) if first else (slices[0], w)
        contract = ((1,), (0,)) if first else ((0,), (1,))
        return [p.dot(*pair, contract=contract, batch=((), ()))], []

    _, (rows,) = scan(step, [x], [])
    arrays = [floats(4, 2, 3), floats(5, 2)]
    expected = [arrays[1] @ a if first else a.T @ arrays[1].T for a in arrays[0]]
    np.testing.assert_allclose(compute([x, w], [rows], arrays, True)[0], expected)
    assert loops(optimize(Program([x, w], [rows]))) == []


# What is the same loop


def body_of(step, *specs):
    sequences = [Placeholder(*spec) for spec in specs]
    states, _ = scan(step, sequences, [Constant(np.zeros(2, "float32"))])
    return states[0].node.params["body"]


def scaled(factor, add=p.add):
    def step(slices, states):
        return [], [add(states[0], p.multiply(slices[0], p.scalar(factor, "float32")))]

    return step


SPEC = ((4, 2), "float32")


def test_bodies_that_do_the_same_have_one_signature():
    first, second = body_of(scaled(2.0), SPEC), body_of(scaled(2.0), SPEC)
    assert first.signature == second.signature
    assert hash(first.signature) == hash(second.signature)


@pytest.mark.parametrize(
    "other",
    [
        lambda: body_of(scaled(3.0), SPEC),
        lambda: body_of(scaled(2.0, p.subtract), SPEC),
        lambda: body_of(scaled(2.0, lambda a, b: p.add(b, a)), SPEC),
        lambda: body_of(scaled(2.0), ((4, 1), "float32")),
        lambda: body_of(scaled(2.0), SPEC, SPEC),
        lambda: body_of(lambda xs, ss: ([xs[0]], scaled(2.0)(xs, ss)[1]), SPEC),
    ],
    ids=["constant", "primitive", "order", "shape", "input", "collected"],
)
def test_bodies_that_differ_have_two_signatures(other):
    assert other().signature != body_of(scaled(2.0), SPEC).signature


def test_loops_within_loops_are_compared_by_what_they_do():
    def nested(factor):
        def step(slices, states):
            (inner,), _ = scan(scaled(factor), [slices[0]], states)
            return [], [inner]

        return body_of(step, ((3, 4, 2), "float32"))

    assert nested(2.0).signature == nested(2.0).signature
    assert nested(2.0).signature != nested(3.0).signature


def test_the_convolution_of_the_input_is_one_and_so_is_its_gradient():
    """As in a ConvLSTM: the recurrent convolution alone stays inside, with its input's gradient."""
    geometry = {"strides": (1, 1), "padding": "same", "dilation": (1, 1), "groups": 1}
    conv = {**geometry, "data_format": "channels_last"}
    shapes = [(5, None, 6, 6, 2), (None, 6, 6, 3), (3, 3, 2, 3), (3, 3, 3, 3)]
    inputs = [Placeholder(shape) for shape in shapes]
    x, start, w, u = inputs

    def step(slices, states):
        return [], [p.tanh(p.conv(slices[0], w, **conv) + p.conv(states[0], u, **conv))]

    (final,), _ = scan(step, [x], [start])
    program = optimize(Program(inputs, [final, *gradients([final], [x, w, u])]))
    inside = [counts(loop.params["body"].nodes) for loop in loops(program)]
    assert [body.get("conv", 0) for body in inside] == [1, 0]
    assert [body.get("conv_input_grad", 0) for body in inside] == [0, 1]
    assert not any("conv_kernel_grad" in body for body in inside)
    outside = counts(program.nodes)
    assert [outside[n] for n in ("conv", "conv_input_grad", "conv_kernel_grad")] == [1, 1, 2]
