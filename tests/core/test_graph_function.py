"""Functions: what is fed, the phase, updates, random states; run by the references alone."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import numpy as np
import pytest

from keras_core import plugins, slots
from keras_core.graph import Function, Placeholder, Variable, evaluate, gradients
from keras_core.graph import primitives as p
from keras_core.graph.evaluate import initial_value
from keras_core.graph.randomness import current_run, generator, new_stream, set_random_seed
from keras_core.graph.scan import scan


class Plain(plugins.Backend):
    """Computes node by node, and counts how often it is asked to compile."""

    name = "plain"
    compiled = 0

    def compile(self, program):
        self.compiled += 1

        def run(arrays, state):
            values = evaluate(program.results, dict(zip(program.inputs, arrays)), state)
            for (variable, _), value in zip(program.updates, values[len(program.outputs) :]):
                variable.storage = np.array(value)
            return values[: len(program.outputs)]

        return run


@pytest.fixture(autouse=True)
def backend(monkeypatch):
    plain = Plain()
    monkeypatch.setattr(slots.current_backend, "_answer", lambda: plain)
    return plain


# What is fed


def test_values_are_converted():
    x = Placeholder((2, None), "float32")
    (y,) = Function([x], [x + 1.0])([[[1, 2, 3], [4, 5, 6]]])
    assert y.dtype == "float32" and y.tolist() == [[2, 3, 4], [5, 6, 7]]


def test_results_of_one_size_are_fed_with_one_size():
    """Gradients rely on it, also where a result of nodes is fed as well as what it is made of."""
    x = Placeholder((None, 3), name="x")
    h = p.exp(x)
    function = Function([x, h], gradients([h * x], [h]), name="late")
    assert function([np.full((4, 3), 2.0), np.ones((4, 3))])[0].tolist() == [[2.0] * 3] * 4
    with pytest.raises(ValueError, match=r"late: .*'x', .* values of sizes \[1, 4\] were given"):
        function([np.ones((4, 3)), np.ones((1, 3))])


@pytest.mark.parametrize("shape", [(3, 2), (2,), (2, 2, 2)])
def test_a_value_of_another_shape(shape):
    function = Function([Placeholder((2, None), name="x")], [], name="predict")
    with pytest.raises(ValueError, match=r"predict: input 'x' has shape \(2, None\); a value of"):
        function([np.zeros(shape)])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_another_number_of_values(count):
    function = Function([Placeholder((), name="a"), Placeholder((), name="b")], [])
    with pytest.raises(
        ValueError, match=rf"takes 2 values \(for \['a', 'b'\]\); {count} were given"
    ):
        function([0] * count)


def test_what_is_no_tensor():
    x = Placeholder(())
    with pytest.raises(TypeError, match="input 'x' is no tensor"):
        Function(["x"], [])
    with pytest.raises(TypeError, match="step: output None is no tensor"):
        Function([x], [None], name="step")


def test_a_missing_input_is_told_before_the_first_call():
    x, y = Placeholder((), name="x"), Placeholder((), name="y")
    with pytest.raises(ValueError, match="<Placeholder y .* not among the inputs"):
        Function([x], [x + y])


def test_results_of_other_tensors_may_be_fed():
    x = Placeholder((2,))
    middle = p.exp(x)
    v = Variable([0.0, 0.0])
    function = Function([middle], [middle * 2.0], [(v, middle + 1.0)])
    assert function([[1.0, 2.0]])[0].tolist() == [2, 4]
    assert v.get_value().tolist() == [2, 3]


# The phase


def phased():
    x = Placeholder((), name="x")
    return x, p.select(p.learning_phase(), x * 10.0, x)


@pytest.mark.parametrize("place", [0, 1])
def test_the_phase_is_fed_like_a_value(place):
    x, y = phased()
    inputs = [x]
    inputs.insert(place, p.learning_phase())
    function = Function(inputs, [y])
    for fed, expected in ((1, 20), (0, 2), (True, 20), (np.array(0), 2)):
        values = [2.0]
        values.insert(place, fed)
        assert function(values)[0] == expected


def test_without_a_phase_it_is_the_test_phase():
    x, y = phased()
    assert Function([x], [y])([2.0])[0] == 2


def test_a_fixed_phase_takes_a_place_among_the_inputs():
    x = Placeholder(())
    assert Function([x, 1], [x])([2.0, 0])[0] == 2


def test_each_phase_is_compiled_once(backend):
    x, y = phased()
    function = Function([x, p.learning_phase()], [y])
    for fed in (0, 1, 0, 1):
        function([1.0, fed])
    assert backend.compiled == 2


def test_what_does_not_ask_for_the_phase_is_compiled_once(backend):
    x = Placeholder(())
    function = Function([x, p.learning_phase()], [x])
    function([1.0, 0])
    function([1.0, 1])
    assert backend.compiled == 1


def test_threads_compile_a_function_once():
    class Slow(Plain):
        def compile(self, program):
            sleep(0.01)
            return super().compile(program)

    slow = Slow()
    function = Function([], [p.exp(Variable(1.0))])
    with ThreadPoolExecutor(4) as pool:
        compiled = list(pool.map(function.compiled_for, [slow] * 4, [0] * 4))
    assert slow.compiled == 1 and all(one is compiled[0] for one in compiled)


def test_the_phase_reaches_into_loops():
    x = Placeholder((3,))
    _, (rows,) = scan(lambda s, _: ([p.select(p.learning_phase(), s[0] * 10.0, s[0])], []), [x], [])
    function = Function([x, p.learning_phase()], [rows])
    assert function([[1, 2, 3], 0])[0].tolist() == [1, 2, 3]
    assert function([[1, 2, 3], 1])[0].tolist() == [10, 20, 30]


# Variables


def test_updates_are_done_at_once():
    a, b = Variable(1.0), Variable(2.0)
    function = Function([], [a], [(a, b), (b, a)])
    assert function([])[0] == 1
    assert (a.get_value(), b.get_value()) == (2, 1)


def test_values_set_between_calls_count():
    v = Variable(1.0)
    function = Function([], [v * 2.0])
    assert function([])[0] == 2
    v.set_value(5.0)
    assert function([])[0] == 10


# Random states


def draw():
    return Function([], [p.random_normal(shape=(3,), dtype="float32", stream=new_stream())])


def test_each_call_draws_anew_and_a_seed_repeats_the_calls():
    function = draw()
    set_random_seed(3)
    first = [function([])[0].tolist() for _ in range(2)]
    assert first[0] != first[1]
    set_random_seed(3)
    assert [function([])[0].tolist() for _ in range(2)] == first
    set_random_seed(4)
    assert function([])[0].tolist() != first[0]


def test_functions_count_their_calls_apart():
    set_random_seed(3)
    stream = new_stream()
    draws = [p.random_normal(shape=(3,), dtype="float32", stream=stream) for _ in range(2)]
    a, b = Function([], draws[:1]), Function([], draws[1:])
    first = a([])[0].tolist()
    a([])
    assert b([])[0].tolist() == first


@pytest.mark.parametrize("seed", [set_random_seed, np.random.seed])
def test_streams_are_drawn_by_numpy(seed):
    seed(3)
    expected = np.random.RandomState(3).randint(1 << 40, size=3, dtype="int64")
    assert [new_stream() for _ in range(3)] == expected.tolist()
    seed(3)
    assert new_stream() == expected[0]


def test_an_explicit_seed_is_the_same_in_all_runs():
    def value(run_seed):
        return generator((run_seed, 0), new_stream(17)).random()

    assert value(1) == value(2) != generator((1, 0), new_stream(18)).random()
    assert generator((1, 0), 5).random() != generator((2, 0), 5).random()


def test_initial_values_follow_the_seed():
    def value():
        set_random_seed(9)
        return initial_value(p.random_uniform(shape=(4,), dtype="float32", stream=new_stream()))

    np.testing.assert_array_equal(value(), value())


def test_the_seed_reaches_python_and_numpy():
    import random

    set_random_seed(11)
    first = random.random(), np.random.random()
    set_random_seed(np.int64(11))
    assert (random.random(), np.random.random()) == first
    assert current_run().seed == 11


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, None, True])
def test_other_seeds_are_refused(seed):
    with pytest.raises(ValueError, match="must be an int in"):
        set_random_seed(seed)


# Memory


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_nodes_go_with_their_last_tensor(no_collector):
    x = Placeholder((2,))
    middle = p.exp(x)
    y = p.sin(middle)
    alive = weakref.ref(middle)
    del middle
    assert alive() is not None
    del y
    assert alive() is None


def test_functions_go_at_once(no_collector):
    x = Placeholder((3, 2))
    v = Variable(np.ones(2))
    (last,), (rows,) = scan(lambda s, st: ([st[0]], [st[0] + s[0] * 2.0]), [x], [v])
    function = Function([x], [last, rows], [(v, last)])
    function([np.ones((3, 2))])
    alive = [weakref.ref(t) for t in (x, v, last, function)]
    del x, v, last, rows, function
    assert [ref() for ref in alive] == [None] * 4


def test_a_long_chain_goes_without_a_deep_stack(no_collector):
    y = x = Placeholder(())
    for _ in range(50000):
        y = p.negative(y)
    alive = weakref.ref(x)
    del x, y
    assert alive() is None
