"""The conformance kit against backends with deliberate faults: each must fail it."""

from __future__ import annotations

import sys
import textwrap

import pytest

PLUGIN = """
from keras_core.plugins import BackendInfo, Limitation, hookimpl
{top}

@hookimpl
def keras_core_backend_info():
    return BackendInfo("faulty", "references", api=(1, 0), limitations=({limitations}))

@hookimpl
def keras_core_make_backend(config):
    import random
    from keras_core.graph import Program
    from keras_core.testing.companion import ReferenceBackend

    class Faulty(ReferenceBackend):
        name = "faulty"
{body}
    return Faulty()
"""

SOUND = "pass"

WRONG_NUMBER = """
def compile(self, program):
    run = super().compile(program)
    return lambda arrays, state: [
        y * y.dtype.type(1.0001) if y.dtype.kind == "f" else y for y in run(arrays, state)
    ]
"""

WRONG_DTYPE = """
def compile(self, program):
    run = super().compile(program)
    return lambda arrays, state: [
        y.astype("float64") if y.dtype == "float32" else y for y in run(arrays, state)
    ]
"""

FORGOTTEN_UPDATE = """
def compile(self, program):
    return super().compile(Program(program.inputs, program.outputs, program.updates[:-1]))
"""

UPDATES_IN_TURN = """
def compile(self, program):
    first = super().compile(Program(program.inputs, program.outputs))
    single = [Program(program.inputs, (), (update,)) for update in program.updates]
    turns = [super(Faulty, self).compile(one) for one in single]
    def run(arrays, state):
        outputs = first(arrays, state)
        for turn in turns:
            turn(arrays, state)
        return outputs
    return run
"""

OTHER_DRAWS_EACH_TIME = """
def compile(self, program):
    run = super().compile(program)
    return lambda arrays, state: run(arrays, (random.SystemRandom().getrandbits(31), state[1]))
"""

SAME_DRAWS_EACH_CALL = """
def compile(self, program):
    run = super().compile(program)
    return lambda arrays, state: run(arrays, (state[0], 0))
"""

ONE_STREAM = """
def compile(self, program):
    def rule(node):
        if not node.primitive.name.startswith("random_") or node.params["stream"] == 0:
            return None
        params = dict(node.params, stream=0)
        return (node.primitive(*node.inputs, **params),)
    return super().compile(program.rewritten(rule))
"""

SHARED_RESULTS = """
def compile(self, program):
    run = super().compile(program)
    kept = []
    def again(arrays, state):
        results = run(arrays, state)
        if [y.shape for y in kept] != [y.shape for y in results]:
            kept[:] = results
        for old, new in zip(kept, results):
            old[...] = new
        return list(kept)
    return again
"""

STORAGE_OF_THE_CALLER = """
def to_storage(self, value):
    return value
"""

SKIPS = """
def compile(self, program):
    import pytest
    pytest.skip("not today")
"""

# body, which checks show it
FAULTS = {
    "wrong_number": (WRONG_NUMBER, "tanh"),
    "wrong_dtype": (WRONG_DTYPE, "tanh or Dense"),
    "forgotten_update": (FORGOTTEN_UPDATE, "update"),
    "updates_in_turn": (UPDATES_IN_TURN, "update"),
    "other_draws_each_time": (OTHER_DRAWS_EACH_TIME, "test_random"),
    "same_draws_each_call": (SAME_DRAWS_EACH_CALL, "test_random"),
    "one_stream": (ONE_STREAM, "test_random"),
    "shared_results": (SHARED_RESULTS, "results"),
    "storage_of_the_caller": (STORAGE_OF_THE_CALLER, "storage"),
    "skips": (SKIPS, "softsign"),
}
TRUE_LIMIT = """Limitation("tanh/*", "it is off"),"""
CHECKS = "(tanh or softsign or update or test_random or results or storage or Dense) and not native"


@pytest.fixture
def examined(sandbox):
    """Runs checks of the kit on a backend made of these parts."""

    def examine(body, only, limitations="", top=""):
        code = textwrap.indent(body, 8 * " ")
        plugin = PLUGIN.format(body=code, limitations=limitations, top=top)
        sandbox.distribution("keras-faulty", plugin, "faulty")
        words = ("-m", "keras_core", "check-backend", "faulty", "-k", only)
        return sandbox.command(sys.executable, *words)

    return examine


def test_a_sound_backend_passes(examined):
    done = examined(SOUND, CHECKS)
    assert done.returncode == 0, done.stdout
    passed, failed, not_supported = map(int, done.stdout.partition("total")[2].split()[:3])
    assert passed > 90 and failed == not_supported == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails(examined, fault):
    done = examined(*FAULTS[fault])
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED" in done.stdout


def test_a_declared_limit_is_counted_as_not_supported(examined):
    done = examined(WRONG_NUMBER, "tanh and not tanh_ and forward", TRUE_LIMIT)
    assert done.returncode == 0, done.stdout
    row = done.stdout.partition("elementwise")[2].split()
    assert row[:3] == ["0", "0", "1"]


def test_a_declared_limit_that_is_none_fails(examined):
    done = examined(SOUND, "tanh and not tanh_ and forward", TRUE_LIMIT)
    assert done.returncode == 1
    assert "tanh/forward passes, although the limitation 'tanh/*'" in done.stdout


def test_a_limit_of_no_check_fails(examined):
    done = examined(SOUND, "limitations", """Limitation("tangent/*", "misspelt"),""")
    assert done.returncode == 1
    assert "tangent/*" in done.stdout


def test_an_engine_started_by_a_description_fails(examined):
    done = examined(SOUND, "describing", top="import yaml")
    assert done.returncode == 1
    assert "describing the backend imports ['yaml'" in done.stdout


def test_a_backend_that_does_not_load_is_told_once(examined):
    done = examined("raise ImportError('no engine')", "tanh")
    assert done.returncode == 1
    assert "does not load: ImportError: no engine" in done.stdout
    assert "FAILED" not in done.stdout
