"""What several threads share in the core: made once, never torn, never lost."""

from __future__ import annotations

import sys
import threading
from contextvars import copy_context
from time import sleep

import numpy as np
import pytest
from at_once import THREADS, at_once

from keras_core import config, slots
from keras_core.backend.naming import get_uid
from keras_core.graph import Function, Variable, hands, randomness
from keras_core.graph import primitives as p
from keras_core.once import Once
from keras_core.plugins import Backend, discovery, manager
from keras_core.utils.data_utils import GeneratorEnqueuer, OrderedEnqueuer, Sequence
from keras_core.utils.generic_utils import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
)


@pytest.fixture(autouse=True)
def _switch_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


# Made once


def test_threads_get_one_result():
    made = []

    @Once
    def make(key):
        sleep(0.01)
        made.append(key)
        return object()

    assert len({id(one) for one in at_once(lambda i: make("a"))}) == 1
    assert made == ["a"] and make("b") is not make("a")
    make.forget()
    assert make("a") and made == ["a", "b", "a"]


def test_an_error_is_not_kept():
    answers = iter([ZeroDivisionError, 5])

    @Once
    def make():
        answer = next(answers)
        if answer != 5:
            raise answer
        return answer

    with pytest.raises(ZeroDivisionError):
        make()
    assert make() == make() == 5


def test_uids_are_given_once():
    numbers = at_once(lambda i: [get_uid("of these threads") for _ in range(200)])
    assert sorted(sum(numbers, [])) == list(range(1, 200 * THREADS + 1))


# Settings and the choice of a backend


def test_what_is_set_while_a_setting_is_looked_up_counts(monkeypatch):
    def slow(name):
        config.set_option(name, "float64")  # as another thread would
        return config.Resolved("float32", "default")

    monkeypatch.setattr(config, "_chosen", {})
    monkeypatch.setattr(config, "resolve", slow)
    assert config.floatx() == config.floatx() == "float64"


def test_a_choice_made_while_another_thread_looks_for_one_counts(monkeypatch):
    looking, chosen = threading.Event(), discovery.Choice("mine", "set_backend", None)

    def slow():
        looking.set()
        sleep(0.02)
        return discovery.Choice("found", "default", None)

    def work(i):
        if i:
            return discovery.backend_name()
        assert looking.wait(20)
        discovery.set_backend("mine")
        return discovery.backend_name()

    monkeypatch.setattr(discovery, "_choice", None)
    monkeypatch.setattr(discovery, "choose", slow)
    monkeypatch.setattr(discovery, "_environment", lambda: None)
    monkeypatch.setattr(discovery, "find", lambda name: chosen)
    assert at_once(work)[0] == discovery.backend_name() == "mine"


# Plugins

ASKING = """
    from keras_core.plugins import features, hookimpl

    seen = sorted(features.custom_objects())

    @hookimpl
    def keras_core_custom_objects():
        return {"of_%s": abs}
"""


def test_a_plugin_may_ask_for_features_while_it_is_loaded(sandbox):
    for name in ("a", "b"):
        sandbox.distribution(f"asking-{name}", ASKING % name, name, group="keras_core.plugins")
    done = sandbox.run(
        """
        from keras_core.plugins import features
        print(sorted(features.custom_objects()))
        import asking_a, asking_b
        print(asking_a.seen, asking_b.seen)
        """
    )
    assert done.stdout == "['of_a', 'of_b']\n[] ['of_a']\n", done.stderr
    assert done.stderr == ""


def test_threads_load_plugins_once_and_wait_for_all(sandbox):
    slow = "import time; time.sleep(0.1); print('loaded')\n" + ASKING.replace("\n    ", "\n")
    for name in ("a", "b"):
        sandbox.distribution(f"slow-{name}", slow % name, name, group="keras_core.plugins")
    done = sandbox.run(
        """
        from concurrent.futures import ThreadPoolExecutor
        from keras_core.plugins import features
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda i: sorted(features.custom_objects()), range(8)))
        print(answers == [["of_a", "of_b"]] * 8)
        """
    )
    assert done.stdout.splitlines() == ["loaded", "loaded", "True"], done.stderr
    assert done.stderr == ""


def test_a_question_reaches_one_plugin_alone():
    """Plugins come and go meanwhile."""

    def plugin(number):
        class Plugin:
            @staticmethod
            @manager.hookspecs.hookimpl
            def keras_core_custom_objects():
                return {number: number}

        return Plugin()

    mine, plugins = plugin(-1), manager.manager()
    plugins.register(mine)

    def work(i):
        other = plugin(i)
        for _ in range(50):
            with manager.lock:
                plugins.register(other)
            assert manager.ask(mine, "keras_core_custom_objects") == {-1: -1}
            with manager.lock:
                plugins.unregister(other)

    try:
        at_once(work, range(4))
    finally:
        plugins.unregister(mine)


# Custom objects


def test_threads_give_one_name_to_objects_of_their_own():
    def work(i):
        for _ in range(50):
            with custom_object_scope({"mine": Variable}), CustomObjectScope({"mine": lambda: i}):
                assert deserialize_keras_object("mine")() == i
                assert list(get_custom_objects()) == ["mine"]
            assert not get_custom_objects()

    at_once(work)


def test_one_scope_may_be_entered_by_several_threads():
    scope = custom_object_scope({"one": abs})

    def work(i):
        for _ in range(50):
            with scope, scope:
                assert deserialize_keras_object("one") is abs
            assert not get_custom_objects()

    at_once(work)


def test_what_is_registered_in_a_scope_ends_with_it():
    with custom_object_scope({"a": abs}):
        get_custom_objects().update(b=abs)
        with custom_object_scope():
            assert deserialize_keras_object("b") is abs
            get_custom_objects()["c"] = abs
        assert set(get_custom_objects()) == {"a", "b"}
    assert not get_custom_objects()


def test_what_is_registered_by_a_thread_is_found_in_the_scope_of_another():
    table = get_custom_objects()
    try:
        with custom_object_scope({"mine": max}):
            at_once(lambda i: get_custom_objects().update(mine=abs, theirs=abs))
            assert deserialize_keras_object("theirs") is abs
            assert deserialize_keras_object("mine") is max
        assert get_custom_objects() is table and table == {"mine": abs, "theirs": abs}
    finally:
        table.clear()


def test_a_thread_knows_the_objects_of_a_context_it_is_given():
    with custom_object_scope({"one": abs}):
        contexts = [copy_context() for _ in range(THREADS)]
    at_once(lambda i: contexts[i].run(deserialize_keras_object, "one"))


class Batches(Sequence):
    """A Sequence that needs what is known where it is used."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return deserialize_keras_object("one")(-index)


def test_workers_know_what_is_known_where_they_are_started():
    generator = (deserialize_keras_object("one")(-i) for i in range(4))
    for enqueuer in (OrderedEnqueuer(Batches()), GeneratorEnqueuer(generator)):
        with custom_object_scope({"one": abs}):
            enqueuer.start(workers=1)
            batches = enqueuer.get()
            assert [next(batches) for _ in range(4)] == [0, 1, 2, 3]
            enqueuer.stop()


# Random states


def test_calls_after_a_new_seed_are_counted_once():
    function = Function([], [])
    for seed in range(20):
        randomness.set_random_seed(seed)
        states = at_once(lambda i: [function._random_state(1 + i % 2) for _ in range(5)])
        taken = [
            step + n for i, some in enumerate(states) for _, step in some for n in range(1 + i % 2)
        ]
        assert sorted(taken) == list(range(len(taken)))
        assert {own for some in states for own, _ in some} == {seed}


# Variables and backends


class Array(Backend):
    """Adds 1 to each variable, slowly, and notices if another backend takes one meanwhile."""

    def compile(self, program):
        def run(arrays, state):
            before = [v.storage for v in program.variables]
            sleep(0.0002)
            for variable, storage in zip(program.variables, before):
                assert variable.owner is self and variable.storage is storage
                storage += 1.0
            return []

        return run

    def hold(self, variable, value):
        return value.copy()


@pytest.fixture
def steps_of(monkeypatch):
    """What makes a function of a backend that adds 1 to each of some variables."""
    present = threading.local()
    monkeypatch.setattr(slots.current_backend, "_answer", lambda: present.backend)

    def steps_of(*variables):
        function = Function([], [], [(v, p.add(v, p.scalar(1.0, "float32"))) for v in variables])

        def step(backend):
            present.backend = backend
            function([])

        return step

    return steps_of


def test_backends_take_turns_and_lose_nothing(steps_of):
    variables = [Variable(np.zeros(3)), Variable(0.0)]
    step, backends = steps_of(*variables), [Array(), Array(), Array()]
    at_once(lambda backend: [step(backend) for _ in range(30)], backends)
    assert variables[0].get_value().tolist() == [90] * 3 and variables[1].get_value() == 90
    assert not hands._running and not hands._waiting


def test_calls_on_other_variables_do_not_wait(steps_of):
    inside, go_on = threading.Event(), threading.Event()

    class Waiting(Array):
        def compile(self, program):
            def run(arrays, state):
                inside.set()
                assert go_on.wait(20)
                return []

            return run

    first, second = Variable(0.0), Variable(0.0)
    hold = steps_of(first)
    step = steps_of(second)

    def work(i):
        if i == 0:
            hold(Waiting())
        elif i == 1:
            assert inside.wait(20)
            step(Array())
            go_on.set()

    at_once(work, range(2))
    assert second.get_value() == 1


def test_a_backend_that_fails_to_hold_leaves_the_variable_where_it_was(steps_of):
    class Full(Array):
        def hold(self, variable, value):
            raise MemoryError

    v = Variable(0.0)
    step, good = steps_of(v), Array()
    step(good)
    with pytest.raises(MemoryError):
        step(Full())
    step(good)
    assert v.get_value() == 2 and not hands._running and not hands._waiting


def test_values_given_while_backends_change_are_not_lost():
    v = Variable(0.0)
    v.held_by(Array())

    def work(i):
        if i:
            return [v.held_by(Array()) for _ in range(50)]
        for number in range(50):
            v.set_value(number)
            assert v.get_value() == number
        return None

    at_once(work, range(3))
