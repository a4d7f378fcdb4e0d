"""Nodes that an engine cannot trace run by themselves, and what is around them is compiled."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import slots
from keras_core.graph import Function, Placeholder, Update, Variable, checker, evaluate
from keras_core.graph import primitives as p
from keras_core.graph.cut import cut
from keras_core.graph.passes import optimize
from keras_core.graph.randomness import current_run
from keras_core.plugins.authoring import Binding, FunctionalBackend, NeedsValues, variables_read
from keras_core.plugins.divided import MOST_SHAPES

UNTRACEABLE = ("arange", "native")


class Array(np.ndarray):
    """An array of the engine's, which may be given away."""

    gone = False


class Tracing(FunctionalBackend):
    """Computes with references. It compiles for each combination of shapes, and gives memory away.

    Attributes:
        compiled: the names of the nodes of each program that was compiled, for each shapes.
        eager: those of each run of a program that must not be compiled.
        given_away: how many arrays were.
        fails_in: the name of a node whose programs fail.
    """

    name = "tracing"
    donates = True
    fails_in = None

    def __init__(self):
        self.compiled, self.eager, self.given_away = [], [], 0

    def functional(self, program):
        leaves = [*(u.variable for u in program.updates), *variables_read(program), *program.inputs]

        def pure(updated, read, inputs, draws):
            values = [*updated, *read, *inputs]
            assert not any(getattr(x, "gone", False) for x in values)
            results = with_streams(program, draws.streams).results
            results = evaluate(results, dict(zip(leaves, values)), draws[:2])
            results = [np.array(y).view(Array) for y in results]
            return results[: len(program.outputs)], results[len(program.outputs) :]

        return pure

    def jit(self, pure, program):
        names, shapes = [node.primitive.name for node in program.nodes], set()

        def run(updated, read, inputs, draws):
            if program.jit_compile is False:
                self.eager.append(names)
                return pure(updated, read, inputs, draws)
            for node in program.nodes:
                if node.primitive.name in UNTRACEABLE:
                    raise NeedsValues(node, program)
            these = tuple(x.shape for x in inputs)
            if these not in shapes:
                shapes.add(these)
                self.compiled.append(names)
            if self.fails_in in names:
                raise MemoryError("no memory")
            results = pure(updated, read, inputs, draws)
            for array in updated:
                array.gone = True
                self.given_away += 1
            return results

        return run

    def loop(self, pure, program):
        return pure

    def copied(self, array):
        return array.copy().view(Array)

    def to_storage(self, value):
        return np.array(value).view(Array)


def with_streams(program, streams):
    binding = Binding((), streams)

    def rule(node):
        params = binding.params(node.params)
        return node.alike(node.inputs, params).outputs() if node.primitive.random else None

    return program.rewritten(rule)


@pytest.fixture
def tracing(monkeypatch):
    backend = Tracing()
    monkeypatch.setattr(slots.current_backend, "_answer", lambda: backend)
    return backend


def total(x):
    return p.reduce_sum(x, axes=tuple(range(x.ndim)), keepdims=False)


def counted(stop):
    """0, 1, ... below a tensor's value."""
    ends = p.scalar(0, "int32"), p.cast(stop, dtype="int32"), p.scalar(1, "int32")
    return p.arange(*ends, dtype="float32")


def plain(function, array, values, step):
    """What a function's results are, by the references of its program."""
    program = function.program()
    feeds = {program.inputs[0]: np.asarray(array, "float32"), **values}
    return evaluate(program.results, feeds, (current_run().seed, step))


def training():
    """A function with something before, behind and beside a node whose size depends on values."""
    x, w = Placeholder((None, 3)), Variable(np.ones(3), name="w")
    row = counted(total(x))
    behind = total(p.exp(p.negative(row)))
    noise = p.random_uniform(shape=(3,), dtype="float32", stream=5)
    new = p.add(w, p.multiply(noise, behind))
    outputs = [p.tanh(x), row, p.identity(w), new]
    return Function([x], outputs, [Update(w, new)]), w


def ones(rows):
    return np.ones((rows, 3), "float32")


def test_the_node_runs_by_itself_and_what_is_around_it_is_compiled(tracing):
    function, w = training()
    for step, rows in enumerate((2, 2, 4)):
        wanted = plain(function, ones(rows), {w: w.get_value()}, step)
        found = function([ones(rows)])
        for a, b in zip([*found, w.get_value()], wanted):
            np.testing.assert_array_equal(a, b)
    assert tracing.eager == [["arange"]] * 3
    before, behind = tracing.compiled[:2]
    assert {"reduce_sum", "tanh", "random_uniform"} <= set(before)
    assert set(behind) == {"negative", "exp", "reduce_sum", "multiply", "add"}
    assert tracing.compiled == [before, behind] * 2 and tracing.given_away == 0


def test_one_node_behind_another_and_one_beside_it(tracing):
    x = Placeholder((None, 3))
    first, beside = counted(total(x)), counted(p.reduce_max(x, axes=(0, 1), keepdims=False))
    second = counted(p.add(total(first), total(beside)))
    function = Function([x], [total(first), total(second), total(beside)])
    found = function([ones(1) * 2])
    assert [float(y) for y in found] == [15, 120, 1]
    assert tracing.eager == [["arange"]] * 3
    assert not any("arange" in names for names in tracing.compiled)
    tracing.eager.clear()
    tracing.compiled.clear()
    function([ones(1) * 2])
    assert tracing.eager == [["arange"]] * 3 and not tracing.compiled


def test_results_that_need_no_more_work(tracing):
    x, a, b = Placeholder((None, 3)), Variable(np.ones(3)), Variable(np.zeros(3))
    row = counted(total(x))
    function = Function([x], [row, x, a, row], [Update(a, b), Update(b, a)])
    fed = ones(1)
    for values in ((1, 0), (0, 1)):
        first, same, old, again = function([fed])
        assert first.tolist() == again.tolist() == [0, 1, 2] and old[0] == values[0]
        assert (a.get_value()[0], b.get_value()[0]) == values[::-1]
        same[0, 0] = 7
        assert fed[0, 0] == 1
    assert len(tracing.compiled) == 1 and "arange" not in tracing.compiled[0]


def test_a_part_is_compiled_for_so_many_sizes(tracing):
    x = Placeholder((3,))
    function = Function([x], [total(p.exp(p.negative(counted(total(x)))))])
    for size in [*range(1, MOST_SHAPES + 4), 1]:
        (found,) = function([np.full(3, size / 3, "float32")])
        np.testing.assert_allclose(found, np.exp(-np.arange(size)).sum(), rtol=1e-6)
    behind = [names for names in tracing.compiled if "exp" in names]
    assert len(behind) == MOST_SHAPES
    assert len([names for names in tracing.eager if "exp" in names]) == 3


def test_many_runs_are_done_one_after_the_other(tracing):
    arrays = np.stack([ones(2)] * 3)
    function, w = training()
    singles = [function([array]) for array in arrays]
    last = w.get_value()
    other, v = training()
    looped = other.loop()([arrays])
    for found, rows in zip(looped, zip(*singles)):
        np.testing.assert_array_equal(found, np.stack(rows))
    np.testing.assert_array_equal(v.get_value(), last)
    assert (looped[3][0] != looped[3][1]).all() and tracing.eager == [["arange"]] * 6


def test_sizes_are_known_in_each_part():
    """What follows from sizes alone is computed anew, and no number goes from part to part."""
    x = Placeholder((None, 3))
    y = p.exp(x)
    rows = p.multiply(p.dim(y, axis=0), p.scalar(3, "int32"))
    behind = p.reshape(p.add(y, total(counted(total(x)))), rows, shape=(None,))
    program = optimize(Function([x], [behind]).program())
    (node,) = (node for node in program.nodes if node.primitive.name == "arange")
    before, alone, last = cut(program, node)
    names = [node.primitive.name for node in last.program.nodes]
    assert {"dim", "multiply", "reshape"} <= set(names)
    assert all(x.ndim for x in last.program.inputs)
    assert [n.primitive.name for n in alone.program.nodes] == ["arange"]
    assert alone.program.jit_compile is False and "exp" in str(before.program)
    for part in (before, alone, last):
        checker.check(part.program)


def test_a_node_that_follows_from_sizes_may_be_one_that_cannot_be_traced(tracing):
    x = Placeholder((None, 3))
    rows = p.dim(p.exp(x), axis=0)
    row = p.arange(p.scalar(0, "int32"), rows, p.scalar(1, "int32"), dtype="int32")
    twice = p.add(row, row)
    function = Function([x], [total(twice), p.exp(x)])
    assert function([ones(4)])[0] == 12
    assert tracing.eager == [["arange"]]


def test_a_second_program_of_one_structure_is_not_compiled_again(tracing):
    for _ in range(2):
        function, _ = training()
        function([ones(2)])
    assert len(tracing.compiled) == 2 and len(tracing.eager) == 2


def test_a_run_of_parts_that_fails_loses_nothing(tracing):
    function, w = training()
    function([ones(2)])
    before = w.get_value()
    tracing.fails_in = "exp"
    with pytest.raises(MemoryError):
        function([ones(2)])
    np.testing.assert_array_equal(w.get_value(), before)
    tracing.fails_in = None
    function([ones(2)])
    assert (w.get_value() != before).all()
