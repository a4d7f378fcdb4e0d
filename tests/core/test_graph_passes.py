"""Passes one by one: each keeps a program legal and its values, and does what it is for."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import (
    Constant,
    Placeholder,
    Program,
    Update,
    Variable,
    evaluate,
    gradients,
    order,
)
from keras_core.graph import passes as q
from keras_core.graph import primitives as p
from keras_core.graph.checker import check
from keras_core.graph.passes.expand import expand
from keras_core.graph.passes.fold import fold_node
from keras_core.graph.passes.join import join_sums
from keras_core.graph.passes.merge import merger
from keras_core.graph.passes.simplify import simplify_node
from keras_core.graph.primitive import PRIMITIVES
from keras_core.graph.scan import scan
from keras_core.plugins.lowering import only_where

X = np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.0]], "float32")


def names(program):
    return [node.primitive.name for node in program.nodes]


def values(program, arrays):
    return evaluate(program.results, dict(zip(program.inputs, arrays)))


def passed(run_pass, inputs, outputs, arrays, updates=()):
    """The program after a pass, which is found legal and equal in value."""
    before = Program(inputs, outputs, updates)
    after = run_pass(before)
    check(after)
    for new, old in zip(values(after, arrays), values(before, arrays)):
        assert new.dtype == old.dtype
        np.testing.assert_allclose(new, old, rtol=1e-5, atol=1e-6)
    return after


def fold(program):
    return program.rewritten(fold_node)


def simplify(program):
    return program.rewritten(simplify_node)


def merge(program):
    return program.rewritten(merger(), inside=merger)


def of_x(run_pass, build, shape=(2, 3)):
    """The names of what a pass leaves of an expression in one tensor."""
    x = Placeholder(shape)
    return names(passed(run_pass, [x], [build(x)], [X]))


def constant(value):
    return Constant(value, "float32")


# The learning phase


@pytest.mark.parametrize("phase", [0, 1])
def test_the_phase_becomes_a_constant_and_the_dead_branch_goes(phase):
    x = Placeholder((2, 3))
    y = p.select(p.learning_phase(), p.exp(x), p.sin(x))
    program = q.optimize(Program([x], [y]), phase)
    check(program)
    assert names(program) == [["sin", "exp"][phase]]


def test_no_mask_is_drawn_in_the_test_phase_also_inside_of_loops():
    x = Placeholder((4, 3))

    def step(slices, states):
        noise = p.random_normal(shape=(3,), dtype="float32", stream=0)
        return [], [p.add(states[0], p.select(p.learning_phase(), noise, slices[0]))]

    (last,), _ = scan(step, [x], [p.zeros((3,), "float32")])
    for phase, expected in ((0, False), (1, True)):
        program = q.optimize(Program([x], [last]), phase)
        (loop,) = (node for node in program.nodes if node.primitive.name == "scan")
        assert loop.params["body"].is_random is expected


# Folding


def test_constants_are_computed():
    assert of_x(fold, lambda x: x + p.exp(constant([1.0, 2.0, 3.0]) * 2.0)) == ["add"]


def test_large_constants_are_not_kept():
    def build(x):
        return x + p.broadcast_to(p.exp(constant(1.0)), shape=(70000, 1, 1))

    assert "broadcast_to" in of_x(fold, build)


def test_random_draws_are_not_folded():
    program = fold(Program([], [p.random_normal(shape=(2,), dtype="float32", stream=0)]))
    assert names(program) == ["random_normal"]


def test_known_sizes_become_constants_and_move_into_shapes():
    x = Placeholder((2, 3))
    y = p.reshape(x, p.dim(x, axis=1), p.dim(x, axis=0), shape=(None, None))
    program = passed(fold, [x], [y], [X])
    (node,) = program.nodes
    assert (len(node.inputs), node.params["shape"]) == (1, (3, 2))


def test_a_size_that_is_known_moves_while_another_stays():
    x, y = Placeholder((2, 3)), Placeholder((None,))
    z = p.broadcast_to(constant(1.0), p.dim(y, axis=0), p.dim(x, axis=0), shape=(None, None))
    program = passed(fold, [x, y], [z], [X, np.zeros(4, "float32")])
    assert program.outputs[0].shape == (None, 2)


def test_vectors_of_sizes():
    assert of_x(fold, p.shape_of) == []


def test_decided_choices():
    assert of_x(fold, lambda x: p.where(Constant(True), p.exp(x), p.sin(x))) == ["exp"]
    assert of_x(fold, lambda x: p.select(Constant(False), p.exp(x), p.sin(x))) == ["sin"]


def test_a_decided_choice_still_broadcasts():
    x, y = Placeholder((None, 3)), Placeholder((None, 3))
    z = p.where(Constant(True), x, y)
    passed(fold, [x, y], [z], [X[:1], X])
    assert of_x(fold, lambda x: p.where(Constant(True), constant(1.0), x)) == ["where"]


def test_constants_from_outside_are_known_in_loops():
    x = Placeholder((2, 3))
    factor = p.exp(constant(1.0))
    _, (y,) = scan(lambda slices, states: ([slices[0] * p.exp(factor)], []), [x], [])
    program = passed(fold, [x], [y], [X])
    assert names(program) == ["scan"]
    body = program.nodes[0].params["body"]
    assert [node.primitive.name for node in body.nodes] == ["multiply"]


# Simplification


@pytest.mark.parametrize(
    "build",
    [
        lambda x: x + 0.0,
        lambda x: 0.0 + x,
        lambda x: x - 0.0,
        lambda x: x * 1.0,
        lambda x: x / 1.0,
        lambda x: p.power(x, constant(1.0)),
        lambda x: x * constant(np.ones((1, 3))),
        lambda x: p.negative(p.negative(x)),
        lambda x: p.cast(x, dtype="float32"),
        lambda x: p.identity(p.stop_gradient(x)),
        lambda x: p.reshape(x, shape=(2, 3)),
        lambda x: p.transpose(x, perm=(0, 1)),
        lambda x: p.transpose(p.transpose(x, perm=(1, 0)), perm=(1, 0)),
        lambda x: p.broadcast_to(x, shape=(2, 3)),
        lambda x: p.reduce_sum(x, axes=(), keepdims=False),
    ],
)
def test_what_changes_nothing_goes(build):
    assert of_x(simplify, build) == []


@pytest.mark.parametrize(
    "build",
    [
        lambda x: 0.0 - x,
        lambda x: 1.0 / x,
        lambda x: p.power(constant(1.0), x),
        lambda x: x + constant(np.zeros((4, 2, 3))),
        lambda x: x * constant(np.ones((4, 1, 1))),
        lambda x: p.reshape(x, shape=(3, 2)),
        lambda x: p.cast(x, dtype="float64"),
        lambda x: p.transpose(x, perm=(1, 0)),
        lambda x: x + constant(np.zeros((0, 1, 1))),
    ],
)
def test_what_changes_something_stays(build):
    assert len(of_x(simplify, build)) == 1


@pytest.mark.parametrize(
    ("build", "left"),
    [
        (lambda x: x + (-p.exp(x)), ["exp", "subtract"]),
        (lambda x: -p.exp(x) + x, ["exp", "subtract"]),
        (lambda x: x - (-p.exp(x)), ["exp", "add"]),
        (lambda x: -x * 3.0, ["multiply"]),
        (lambda x: 3.0 * -x, ["multiply"]),
        (
            lambda x: x * p.broadcast_to(p.reduce_sum(x, axes=(0,), keepdims=True), shape=(2, 3)),
            ["reduce_sum", "multiply"],
        ),
        (
            lambda x: p.reduce_sum(
                p.reduce_sum(x, axes=(1,), keepdims=False), axes=(0,), keepdims=False
            ),
            ["reduce_sum"],
        ),
        (lambda x: p.reshape(p.reshape(x, shape=(6,)), shape=(3, 2)), ["reshape"]),
    ],
)
def test_pairs_become_one(build, left):
    assert of_x(simplify, build) == left


def test_transpositions_join():
    x = Placeholder((2, 3, 4))
    y = p.transpose(p.transpose(x, perm=(2, 0, 1)), perm=(0, 2, 1))
    program = passed(simplify, [x], [y], [np.arange(24, dtype="float32").reshape(2, 3, 4)])
    assert [node.params["perm"] for node in program.nodes] == [(2, 1, 0)]


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), (0, 2), (1, 2), (0, 1, 3)])
def test_summed_batch_axes_of_a_product_are_contracted(axes):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype("float32") for shape in ((4, 2, 3, 5), (2, 5, 4, 6))]
    a, b = (Placeholder(array.shape) for array in arrays)
    y = p.dot(a, b, contract=((3,), (1,)), batch=((0, 1), (2, 0)))
    program = passed(simplify, [a, b], [p.reduce_sum(y, axes=axes, keepdims=False)], arrays)
    (product,) = (node for node in program.nodes if node.primitive.name == "dot")
    batch = [axis for axis in (0, 1) if axis not in axes]
    assert len(product.params["batch"][0]) == len(batch)


# Merging


def test_equal_nodes_become_one():
    assert of_x(merge, lambda x: p.exp(x) + p.exp(x)) == ["exp", "add"]
    assert of_x(merge, lambda x: (x + 2.0) * (x + 2.0)) == ["add", "multiply"]


def test_other_parameters_or_constants_are_kept_apart():
    assert len(of_x(merge, lambda x: (x + 2.0) * (x + 3.0))) == 3

    def two(x):
        return p.reduce_sum(x, axes=(0,), keepdims=True) + p.reduce_sum(x, axes=(1,), keepdims=True)

    assert len(of_x(merge, two)) == 3


def test_constants_of_other_dtype_are_kept_apart():
    x = Placeholder((2, 3))
    y = p.cast(x, dtype="float64")
    one, two = p.cast(x + 0.0, dtype="float32"), p.cast(y + 0.0, dtype="float32")
    assert names(passed(merge, [x], [one * two], [X])).count("add") == 2


def test_draws_prints_and_loops_are_kept_apart():
    draws = [p.random_normal(shape=(2,), dtype="float32", stream=0) for _ in range(2)]
    assert len(merge(Program([], draws)).nodes) == 2
    x = Placeholder((2,))
    prints = [p.print(x, message="x ") for _ in range(2)]
    assert len(merge(Program([x], prints)).nodes) == 2


def test_equal_nodes_in_a_loop_become_one():
    x = Placeholder((2, 3))
    _, outputs = scan(lambda slices, _: ([p.exp(slices[0]) + p.exp(slices[0])], []), [x], [])
    program = passed(merge, [x], outputs, [X])
    assert len(program.nodes[0].params["body"].nodes) == 2


# Sizes


def test_gradients_of_one_batch_need_no_sum_at_run_time():
    x, w = Placeholder((None, 3)), Variable(np.ones((3, 3)))
    hidden = p.tanh(p.dot(x, w, contract=((1,), (0,)), batch=((), ())))
    found = gradients([hidden * x], [w, x])
    assert "sum_like" not in names(Program([x], found))


def test_two_batches_may_differ():
    x, y = Placeholder((None, 3)), Placeholder((None, 3))
    found = gradients([x * y], [x, y])
    program = passed(simplify, [x, y], found, [X[:1], X])
    assert names(program).count("sum_like") == 2


@pytest.mark.parametrize(
    "build",
    [
        lambda x: p.reshape(x, shape=(-1, 3, 1)),
        lambda x: p.concat(x, p.exp(x), axis=1),
        lambda x: p.softmax(x, axis=0),
        lambda x: x[:, 1:],
        lambda x: p.pad(x, widths=((0, 0), (1, 2)), value=0.0),
        lambda x: p.tile(x, reps=(1, 2)),
        lambda x: p.transpose(x, perm=(1, 0)),
        lambda x: p.gather(x, Constant([0, 2], "int32"), axis=1),
        lambda x: p.reduce_max(x, axes=(1,), keepdims=True),
        lambda x: p.cumsum(x, axis=0),
    ],
)
def test_sizes_pass_through(build):
    x = Placeholder((None, 3))
    y = build(x)
    z = p.broadcast_like(p.exp(y), y)
    assert "broadcast_to" not in names(passed(simplify, [x], [z], [X]))


@pytest.mark.parametrize(
    "build",
    [
        lambda x: x[1:],
        lambda x: p.pad(x, widths=((1, 0), (0, 0)), value=0.0),
        lambda x: p.tile(x, reps=(2, 1)),
        lambda x: p.concat(x, x, axis=0),
        lambda x: p.repeat(x, repeats=2, axis=0),
    ],
)
def test_changed_sizes_are_new_ones(build):
    x = Placeholder((None, 3))
    y = p.sum_like(build(x), p.reduce_sum(x, axes=(0,), keepdims=True))
    z = p.broadcast_to(
        p.reduce_sum(x, axes=(0,), keepdims=True), p.dim(build(x), axis=0), shape=(None, 3)
    )
    program = passed(simplify, [x], [y, z], [X])
    assert program.outputs[1].node.primitive.name == "broadcast_to"


# Loops


def running(x, start):
    """The sums of what came before each step, and what else the body computes."""
    return scan(
        lambda slices, states: ([states[0], p.exp(slices[0])], [states[0] + slices[0]]),
        [x],
        [start],
    )


def body_of(program):
    (loop,) = (node for node in program.nodes if node.primitive.name == "scan")
    return loop.params["body"]


def test_outputs_that_nobody_reads_are_not_collected():
    x = Placeholder((2, 3))
    _, (sums, _) = running(x, p.zeros((3,), "float32"))
    program = passed(q.prune_scans, [x], [sums], [X])
    assert len(body_of(program).collected) == 1
    assert len(body_of(program).nodes) == 1


def test_inputs_that_the_body_does_not_read_are_dropped():
    x, y, w = Placeholder((2, 3)), Placeholder((2, 3)), Placeholder((3,))
    _, (first, _) = scan(lambda s, _: ([s[0] * 2.0, s[1] * w], []), [x, y], [])
    program = passed(q.prune_scans, [x, y, w], [first], [X, X, X[0]])
    assert len(body_of(program).inputs) == 1


def test_one_sequence_stays_to_count_the_steps():
    x, start = Placeholder((2, 3)), Placeholder((3,))
    (last,), _ = scan(lambda slices, states: ([], [states[0] * 2.0]), [x], [start])
    program = passed(q.prune_scans, [x, start], [last], [X, X[0]])
    assert len(body_of(program).sequences) == 1


def test_a_chain_of_loops_is_pruned_from_the_end():
    x = Placeholder((2, 3))
    _, (a, b) = scan(lambda s, _: ([s[0] * 2.0, p.exp(s[0])], []), [x], [])
    _, (c, _) = scan(lambda s, _: ([s[0] + 1.0, s[1] + 1.0], []), [a, b], [])
    program = passed(q.prune_scans, [x], [c], [X])
    assert [len(n.params["body"].collected) for n in program.nodes] == [1, 1]


def test_loops_within_loops_are_pruned():
    x, start = Placeholder((2, 2, 3)), Placeholder((3,))

    def step(slices, states):
        (last,), (_, unread) = running(slices[0], states[0])
        return [last * 2.0, unread], [last]

    _, (doubled, _) = scan(step, [x], [start])
    program = passed(q.prune_scans, [x, start], [doubled], [np.stack([X, X]), X[0]])
    (inner,) = (n for n in body_of(program).nodes if n.primitive.name == "scan")
    assert len(body_of(program).collected) == 1
    assert inner.params["body"].collected == ()


def test_what_only_a_pruned_output_needs_is_pruned_with_it():
    x = Placeholder((2, 3))
    _, (a, b) = scan(lambda s, _: ([s[0] * 2.0, p.exp(s[0])], []), [x], [])
    _, (c, _) = scan(lambda s, _: ([s[0] + 1.0, s[1] * 3.0], []), [a, b * b], [])
    program = passed(q.prune_scans, [x], [c], [X])
    assert names(program) == ["scan", "scan"]


@pytest.mark.parametrize("run_pass", (q.tidy, q.prune_scans, q.hoist, q.tidy, q.prune_scans))
def test_a_pass_is_linear_in_the_number_of_loops(run_pass, monkeypatch):
    """Counts the nodes that walks meet; of a chain in which each loop has an output to prune."""

    def visits(count):
        met = 0

        def counted(tensors, stop=lambda tensor: False):
            nonlocal met
            nodes = topological(tensors, stop)
            met += len(nodes)
            return nodes

        x = y = Placeholder((2, 3))
        for _ in range(count):
            _, (y, _) = scan(lambda s, states: ([s[0] * 2.0, p.exp(s[0])], []), [y], [])
        program = Program([x], [y])
        with monkeypatch.context() as patch:
            patch.setattr(order, "topological", counted)
            run_pass(program)
        return met

    topological = order.topological
    assert visits(40) < 4.4 * visits(10)


# Specialising, expanding, all together


def test_specialising_fixes_sizes():
    x = Placeholder((None, None))
    y = p.reshape(x, shape=(-1,)) * p.cast(p.dim(x, axis=0), dtype="float32")
    before = Program([x], [y])
    program = q.specialise(before, [(2, 3)])
    check(program)
    assert program.outputs[0].shape == (6,) and "dim" not in names(program)
    np.testing.assert_array_equal(values(program, [X])[0], 2 * X.ravel())


def test_specialising_reaches_into_loops():
    x = Placeholder((None, None))
    (last,), (sums, _) = running(x, p.reduce_sum(x, axes=(0,), keepdims=False))
    program = q.specialise(Program([x], [last, sums]), [(2, 3)])
    check(program)
    assert [y.shape for y in program.outputs] == [(3,), (2, 3)]


def test_composites_that_are_not_lowered_are_taken_apart():
    expanded = of_x(
        lambda program: expand(
            program,
            {"exp", "subtract", "divide", "reduce_max", "reduce_sum", "stop_gradient"},
            "test",
        ),
        lambda x: p.softmax(x, axis=1),
    )
    assert "softmax" not in expanded and "exp" in expanded


def test_what_cannot_be_taken_apart_is_named():
    x = Placeholder((2, 3))
    with pytest.raises(NotImplementedError, match=r"'test' has no lowering .* 'exp' \(built by"):
        expand(Program([x], [p.exp(x)]), {"add"}, "test")


def test_a_lowering_may_serve_some_nodes_alone():
    @only_where(lambda node: node.params["axis"] == 1)
    def lower(site, x):
        raise AssertionError("a lowering is the backend's to call")

    table = {**dict.fromkeys(PRIMITIVES), "softmax": lower}
    x = Placeholder((2, 3))
    for axis, stays in ((0, False), (1, True)):
        program = expand(Program([x], [p.softmax(x, axis=axis)]), table, "test", [(2, 3)])
        assert ("softmax" in names(program)) is stays


def test_nothing_to_do_gives_the_same_program():
    x = Placeholder((None, 3))
    program = Program([x], [p.exp(x)])
    for run_pass in (q.tidy, q.prune_scans, q.hoist, q.tidy, q.prune_scans):
        assert run_pass(program) is program


def test_updates_keep_their_variables():
    v = Variable(X)
    x = Placeholder((None, 3))
    program = passed(q.optimize, [x], [v * 1.0], [X], [Update(v, (v + 0.0) - (-x))])
    assert program.updates[0].variable is v and program.outputs == (v,)


def test_what_set_shape_told_survives_a_rewriting():
    x, sizes = Placeholder((None, 12)), Placeholder((4,), "int32")
    chosen = p.select(p.learning_phase(), p.exp(x), x)
    image = p.reshape(chosen, *(sizes[i] for i in range(4)), shape=(None,) * 4)
    image.set_shape((None, 2, 2, 3))
    kernel = Variable(np.ones((2, 2, 3, 1)))
    geometry = {"strides": (1, 1), "padding": "same", "dilation": (1, 1), "groups": 1}
    y = p.conv(image, kernel, data_format="channels_last", **geometry)
    program = q.optimize(Program([x, sizes], [y, *gradients([y], [kernel])]), 1)
    check(program)
    assert [y.shape for y in program.outputs] == [(None, 2, 2, 1), (2, 2, 3, 1)]


# Sums over processes


def test_sums_that_do_not_need_each_other_are_joined():
    x, y, w = Placeholder((2, 3)), Placeholder((4,)), Variable(np.ones((2, 3), "float32"))
    (first,), (second,) = p.all_reduce(x), p.all_reduce(p.square(y))
    third = p.all_reduce(p.multiply(first, w))[0]
    program = passed(
        join_sums, [x, y], [second], [X, np.arange(4.0, dtype="float32")], [Update(w, third)]
    )
    sums = [node for node in program.nodes if node.primitive is p.all_reduce]
    assert [len(node.inputs) for node in sums] == [2, 1]
    assert sums[0] in {z.node for node in order.topological(sums[1].inputs) for z in node.inputs}


def test_what_is_computed_first_stands_first_in_a_joined_sum():
    x, w, v = Placeholder((2, 3)), *(Variable(np.ones((3, 3), "float32")) for _ in range(2))
    hidden = p.tanh(p.dot(x, w, contract=((1,), (0,)), batch=((), ())))
    loss = p.dot(hidden, v, contract=((1,), (0,)), batch=((), ()))
    sums = [p.all_reduce(g)[0] for g in gradients([loss], [w, v])]
    program = passed(join_sums, [x], [], [X], [Update(v, new) for v, new in zip((w, v), sums)])
    (joined,) = [node for node in program.nodes if node.primitive is p.all_reduce]
    late, early = (update.value for update in program.updates)
    assert (early.key[1], late.key[1]) == (0, 1)
    assert program.nodes.index(joined.inputs[0].node) < program.nodes.index(joined.inputs[1].node)


def test_a_program_with_one_sum_stays_as_it_is():
    x = Placeholder((2, 3))
    program = Program([x], [p.square(p.all_reduce(x)[0])])
    assert join_sums(program) is program


def test_a_backend_without_sums_says_what_to_do():
    x = Placeholder((2, 3))
    with pytest.raises(NotImplementedError, match="'all_reduce'.*Use another backend"):
        expand(Program([x], [p.all_reduce(x)[0]]), {"square"}, "test")
