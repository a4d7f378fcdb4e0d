"""Backends that run pure functions: values given away, late outputs, templates, devices."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import keras_core
from keras_core import config, slots
from keras_core.graph import Function, Placeholder, Variable, evaluate, layer_scope
from keras_core.graph import primitives as p
from keras_core.plugins import Backend, Draws
from keras_core.plugins.authoring import FunctionalBackend, variables_read


class Value:
    """An array of an engine: it can be given away, and is fetched late."""

    def __init__(self, array):
        self.array, self.fetched = np.asarray(array), 0

    def __array__(self, dtype=None, copy=None):
        self.fetched += 1
        if self.array is None:
            raise RuntimeError("the array was given away")
        return self.array


class Giving(FunctionalBackend):
    """Computes with references, and gives away what is updated."""

    name = "giving"
    donates = True
    fails = False
    traced = 0

    def functional(self, program):
        self.traced += 1
        leaves = [u.variable for u in program.updates] + variables_read(program)

        def pure(updated, read, inputs, draws):
            values = [*updated, *read, *inputs]
            arrays = [x.array if isinstance(x, Value) else np.asarray(x) for x in values]
            feeds = dict(zip([*leaves, *program.inputs], arrays))
            results = [Value(y) for y in evaluate(program.results, feeds, draws[:2])]
            return results[: len(program.outputs)], results[len(program.outputs) :]

        return pure

    def jit(self, pure, program):
        def run(updated, read, inputs, draws):
            try:
                if self.fails:
                    raise MemoryError("no memory")
                return pure(updated, read, inputs, draws)
            finally:
                for value in updated:
                    value.array = None

        return run

    def copied(self, array):
        return Value(array.array.copy())

    def is_gone(self, storage):
        return storage.array is None

    def to_storage(self, value):
        return Value(value.copy())

    def to_numpy(self, storage):
        return np.array(storage)


@pytest.fixture
def giving(monkeypatch):
    backend = Giving()
    monkeypatch.setattr(slots.current_backend, "_answer", lambda: backend)
    return backend


def counting(start=0.0, name="count"):
    v = Variable(np.full(3, start), name=name)
    return v, Function(
        [], [p.add(v, p.scalar(1.0, "float32"))], [(v, p.add(v, p.scalar(1.0, "float32")))]
    )


def test_values_that_are_given_away_are_replaced(giving):
    v, step = counting()
    assert [step([])[0].tolist() for _ in range(3)] == [[1] * 3, [2] * 3, [3] * 3]
    assert v.get_value().tolist() == [3] * 3


def test_the_value_of_another_variable_is_copied_before_it_can_be_given_away(giving):
    v, _ = counting()
    w = Variable(np.ones(3))
    Function([], [], [(v, p.add(w, p.scalar(0.0, "float32"))), (w, v)])([])
    Function([], [w], [(v, w)])([])
    Function([], [], [(v, p.add(v, v))])([])
    assert w.get_value().tolist() == [0] * 3 and v.get_value().tolist() == [0] * 3


def test_an_output_outlives_the_run_that_gives_its_variable_away(giving):
    v = Variable(np.zeros(3))
    new = p.add(v, p.scalar(1.0, "float32"))
    step = Function([], [new], [(v, new)])
    first = step.run([])
    step.run([])
    assert np.asarray(first[0]).tolist() == [1] * 3


def test_outputs_are_fetched_when_they_are_read(giving):
    x = Placeholder((None,))
    (late,) = Function([x], [p.negative(x)]).run([np.ones(2, "float32")])
    assert late.fetched == 0
    (array,) = Function([x], [p.negative(x)])([np.ones(2, "float32")])
    array[0] = 5
    assert array.tolist() == [5, -1]


@pytest.mark.parametrize(("copies", "seen"), [(True, 0), (False, 5)])
def test_what_is_fed_is_copied_unless_the_engine_leaves_it_alone(giving, copies, seen):
    giving.copies_inputs = copies
    x, given = Placeholder((2,)), np.zeros(2, "float32")
    (late,) = Function([x], [p.stop_gradient(x)]).run([given])
    given.fill(5)
    assert np.asarray(late).tolist() == [seen] * 2


def test_an_update_while_the_engine_traces_is_refused_with_what_to_do(giving):
    class Traced(Value):
        def __array__(self, dtype=None, copy=None):
            raise AttributeError("no number while tracing")

    v = Variable(np.ones(2), name="moving_mean")
    with pytest.raises(RuntimeError, match="'moving_mean:0'.*model.stateless_step") as caught:
        giving.assign(v, Traced(np.zeros(2)))
    assert isinstance(caught.value.__cause__, AttributeError)
    assert v.get_value().tolist() == [1, 1]


def test_a_run_that_fails_says_which_values_are_lost(giving):
    v, step = counting(name="dense_1/kernel")
    step([])
    giving.fails = True
    with pytest.raises(RuntimeError, match="'dense_1/kernel:0' are lost.*set_weights"):
        step([])
    giving.fails = False
    v.set_value(np.ones(3))
    step([])
    assert v.get_value().tolist() == [2] * 3


def test_readers_and_writers_wait_while_values_are_away(giving):
    v, step = counting()
    inside, go_on, seen = threading.Event(), threading.Event(), []
    compute = giving.functional

    def functional(program):
        pure = compute(program)

        def slow(*arguments):
            inside.set()
            assert go_on.wait(20)
            return pure(*arguments)

        return slow

    giving.functional = functional
    threads = [
        threading.Thread(target=lambda: step([])),
        threading.Thread(target=lambda: (inside.wait(20), seen.append(v.get_value()[0]))),
        threading.Thread(target=lambda: (inside.wait(20), v.set_value(np.full(3, 7.0)))),
    ]
    for thread in threads:
        thread.start()
    assert inside.wait(20) and not seen
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert seen in ([1.0], [7.0]) and v.get_value().tolist() == [7] * 3


def test_a_second_program_of_one_structure_is_not_made_again(giving):
    for start in (0.0, 5.0):
        v, step = counting(start)
        assert step([])[0].tolist() == [start + 1] * 3
        assert v.get_value().tolist() == [start + 1] * 3
    assert giving.traced == 1


def test_an_error_names_the_layer_of_its_own_program(giving):
    def functional(program):
        def fails(*_):
            raise ValueError(f"built by {program.nodes[0].origin}")

        return fails

    giving.functional = functional
    for layer in ("first", "second"):
        x = Placeholder((None,))
        with layer_scope(layer):
            y = p.negative(x)
        with pytest.raises(ValueError, match=layer):
            Function([x], [y])([np.ones(3, "float32")])


def test_functional_changes_nothing(giving):
    v, step = counting(2.0)
    pure = giving.functional(step.program())
    outputs, values = pure([Value(np.full(3, 9.0))], [], [], Draws(0, 0))
    assert np.asarray(outputs[0]).tolist() == np.asarray(values[0]).tolist() == [10] * 3
    assert v.get_value().tolist() == [2] * 3


# Devices


class Devices(Backend):
    name = "devices"

    def __init__(self, device="cpu"):
        self.device = device

    def devices(self):
        return ("cpu", "gpu:0")

    def on_another(self, device):
        return Devices(device)


@pytest.fixture
def several(monkeypatch):
    from keras_core.plugins import discovery

    backend = Devices()
    monkeypatch.setitem(discovery._backends, keras_core.plugins.backend_name(), backend)
    yield backend
    config.forget()


def test_a_device_is_chosen_within_a_block(several):
    current = keras_core.plugins.current_backend
    assert keras_core.devices() == ("cpu", "gpu:0")
    with keras_core.device("gpu:0"):
        inner = current()
        with keras_core.device("cpu"):
            assert current() is several
        assert current() is inner and inner.device == "gpu:0"
    assert current() is several


def test_a_device_is_chosen_by_the_setting(several, monkeypatch):
    config.forget()
    monkeypatch.setenv("KERAS_CORE_DEVICE", "gpu:0")
    assert keras_core.plugins.current_backend().device == "gpu:0"


def test_a_device_that_is_not_there_is_refused_with_those_that_are(several):
    refused = pytest.raises(ValueError, match="no device 'cuda:7' here; it has 'cpu', 'gpu:0'")
    with refused, keras_core.device("cuda:7"):
        pass
