"""The conformance kit against backends with deliberate faults: each must fail it."""

from __future__ import annotations

import sys
import textwrap

import pytest

from keras_core.cli import check_backend, main
from keras_core.testing.shard import shard

PLUGIN = """
from keras_core.plugins import BackendInfo, Limitation, hookimpl
{top}

@hookimpl
def keras_core_backend_info():
    return BackendInfo("faulty", "references", api=(1, 4), limitations=({limitations}))

@hookimpl
def keras_core_make_backend(config):
    import random
    import numpy as np
    from keras_core.graph import Program, evaluate
    from keras_core.plugins.authoring import Binding, FunctionalBackend, variables_read
    from keras_core.testing.companion import ReferenceBackend
    from keras_numpy.backend import NumpyBackend
    from keras_numpy.kernel import Kernel, places

    class Functional(FunctionalBackend):
        def functional(self, program):
            updated = [update.variable for update in program.updates]
            leaves = (*updated, *variables_read(program), *program.inputs)
            split = len(program.outputs)

            def pure(values, read, inputs, draws):
                feeds = dict(zip(leaves, (*values, *read, *inputs)))
                now = with_streams(program, draws.streams)
                tensors, state = now.results, (draws.seed, draws.step)
                results = [
                    np.array(value, tensor.dtype)
                    for tensor, value in zip(tensors, evaluate(tensors, feeds, state))
                ]
                return results[:split], results[split:]

            return pure

        def loop(self, pure, program):
            def run(values, read, stacks, draws):
                rows = []
                for t in range(len(stacks[0])):
                    now = draws._replace(step=draws.step + t)
                    outputs, values = pure(values, read, [x[t] for x in stacks], now)
                    rows.append(outputs)
                return [np.stack(row) for row in zip(*rows)], values

            return run

    def with_streams(program, streams):
        def rule(node):
            stream = node.params.get("stream", 0)
            if stream >= 0:
                return None
            params = dict(node.params, stream=streams[-1 - stream])
            return (node.primitive(*node.inputs, **params),)

        return program.rewritten(rule, inside=lambda: rule)

    class Faulty({base}):
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

STREAMS_OF_32_BITS = """
def compile(self, program):
    def rule(node):
        stream = node.params.get("stream", 0)
        if stream < 2**32 or stream >= 2**40:
            return None
        params = dict(node.params, stream=stream % 2**32)
        return (node.primitive(*node.inputs, **params),)
    return super().compile(program.rewritten(rule, inside=lambda: rule))
"""

# What tells the calls apart goes where an explicit seed ignores it.
SEEDS_OF_LOOPS = """
def functional(self, program):
    pure = super().functional(program)
    loops = any(node.primitive.loop for node in program.nodes)
    def run(values, read, inputs, draws):
        now = draws._replace(seed=hash((draws.seed, draws.step)) % 2**32, step=0)
        return pure(values, read, inputs, now if loops else draws)
    return run
"""

READS_INPUTS_LATE = """
copies_inputs = False
def functional(self, program):
    pure = super().functional(program)
    class Late:
        def __init__(self, arguments, place):
            self.arguments, self.place = arguments, place
        def __array__(self, dtype=None, copy=None):
            return pure(*self.arguments)[0][self.place]
    def run(*arguments):
        outputs, values = pure(*arguments)
        return [Late(arguments, i) for i in range(len(outputs))], values
    return run
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

ARGMAX_OF_32_BITS = """
def compile(self, program):
    run = super().compile(program)
    return lambda arrays, state: [
        y.astype("int32") if y.dtype == "int64" else y for y in run(arrays, state)
    ]
"""

LATE_OUTPUTS_OF_THE_PRESENT = """
def compile(self, program):
    run = super().compile(program)
    class Late:
        def __init__(self, variable, value):
            self.variable, self.value = variable, value
        def __array__(self, dtype=None, copy=None):
            return self.value if self.variable is None else np.array(self.variable.storage)
    def again(arrays, state):
        values = run(arrays, state)
        variables = [y if y in program.variables else None for y in program.outputs]
        return [*map(Late, variables, values)]
    return again
"""

ANY_DEVICE = """
def on(self, device):
    return self
"""

VALUES_SET_ONCE = """
def hold(self, variable, value):
    return variable.storage if variable.owner is self else super().hold(variable, value)
"""

LOOP_OF_ONE_STEP = """
def loop(self, pure, program):
    def run(values, read, stacks, draws):
        return super(Faulty, self).loop(
            lambda v, r, x, d: pure(v, r, x, draws), program
        )(values, read, stacks, draws)
    return run
"""

LOOP_OF_FIRST_VALUES = """
def loop(self, pure, program):
    def run(values, read, stacks, draws):
        return super(Faulty, self).loop(
            lambda v, r, x, d: pure(values, r, x, d), program
        )(values, read, stacks, draws)
    return run
"""

IMPURE = """
def functional(self, program):
    pure = super().functional(program)
    def run(values, read, inputs, draws):
        outputs, new = pure(values, read, inputs, draws)
        for update, value in zip(program.updates, new):
            update.variable.set_value(value)
        return outputs, new
    return run
"""

STREAMS_IN_ANOTHER_ORDER = """
def functional(self, program):
    pure = super().functional(program)
    return lambda values, read, inputs, draws: pure(
        values, read, inputs, draws._replace(streams=draws.streams[::-1])
    )
"""

TEMPLATE_OF_THE_FIRST = """
def template(self, program, loop):
    template = super().template(program, loop)
    class Bound:
        first = None
        def bound(self, binding):
            Bound.first = Bound.first or binding
            return template.bound(binding.__class__(Bound.first.variables, binding.streams))
    return Bound()
"""

INLINED_CONSTANTS = """
def inline(self, program, phase):
    values = {v: v.get_value() for v in program.variables}
    updates = program.updates
    def run(arrays):
        feeds = dict(zip(program.inputs, arrays))
        results = evaluate(program.results, dict(values, **feeds) if 0 else {**values, **feeds})
        for update, value in zip(updates, results[len(program.outputs):]):
            update.variable.set_value(value)
        return results[:len(program.outputs)]
    return run
"""

UNCHECKED_NATIVE = """
def unchecked(node):
    function = node.params["fn"]
    inputs, outputs = places(len(node.inputs)), places(len(node.specs), "out")
    def run(inputs, outputs):
        results = function(*inputs)
        for out, result in zip(outputs, results if type(results) is tuple else [results]):
            out[...] = result
    return Kernel(f"{{run}}(({inputs}), ({outputs}))", {"run": run})

lowerings = {**NumpyBackend.lowerings, "native": unchecked}
"""

CLIPPED_INDICES = """
def clipped(node):
    def take(x, indices, out):
        np.take(x, indices, node.params["axis"], out, mode="clip")
    return Kernel("{take}({0}, {1}, {out})", {"take": take})

lowerings = {**NumpyBackend.lowerings, "gather": clipped}
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
    "streams_of_32_bits": (STREAMS_OF_32_BITS, "each_of_their_bits"),
    "seeds_of_loops": (SEEDS_OF_LOOPS, "draws_anew_in_each_call", "Functional"),
    "reads_inputs_late": (READS_INPUTS_LATE, "read_late or callers_again", "Functional"),
    "shared_results": (SHARED_RESULTS, "results"),
    "storage_of_the_caller": (STORAGE_OF_THE_CALLER, "storage"),
    "skips": (SKIPS, "softsign"),
    "argmax_of_32_bits": (ARGMAX_OF_32_BITS, "argmax"),
    "late_outputs_of_the_present": (LATE_OUTPUTS_OF_THE_PRESENT, "test_programs"),
    "any_device": (ANY_DEVICE, "test_contract"),
    "values_set_once": (VALUES_SET_ONCE, "test_hold"),
    "loop_of_one_step": (LOOP_OF_ONE_STEP, "test_loop", "Functional"),
    "loop_of_first_values": (LOOP_OF_FIRST_VALUES, "test_loop", "Functional"),
    "impure": (IMPURE, "test_functional", "Functional"),
    "streams_in_another_order": (STREAMS_IN_ANOTHER_ORDER, "test_functional", "Functional"),
    "streams_of_another_program": (STREAMS_IN_ANOTHER_ORDER, "draws_from_streams", "Functional"),
    "template_of_the_first": (TEMPLATE_OF_THE_FIRST, "variables_of_its_own", "Functional"),
    "inlined_constants": (INLINED_CONSTANTS, "are_set_are_read", "Functional"),
    "unchecked_native": (UNCHECKED_NATIVE, "test_native", "NumpyBackend"),
    "clipped_indices": (CLIPPED_INDICES, "test_indexing", "NumpyBackend"),
}
TRUE_LIMIT = """Limitation("tanh/*", "it is off"),"""
CHECKS = "(tanh or softsign or update or test_random or results or storage or Dense) and not native"


@pytest.fixture
def examined(sandbox):
    """Runs checks of the kit on a backend made of these parts."""

    def examine(body, only, base="ReferenceBackend", limitations="", top="", words=()):
        code = textwrap.indent(body, 8 * " ")
        plugin = PLUGIN.format(body=code, limitations=limitations, top=top, base=base)
        if not any(sandbox.site.iterdir()):
            sandbox.distribution("keras-faulty", plugin, "faulty")
        command = ("-m", "keras_core", "check-backend", "faulty", "-k", only, *words)
        return sandbox.command(sys.executable, *command)

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


HOOKS = "test_loop or test_functional or test_template or test_inline"
# The references call no functions of this backend's arrays, and name no layers.
PURE = "test_functional or test_loop or are_set_are_read or where_it_is_called or "
PURE += "(test_template and not names_the_layer)"


def test_a_sound_functional_backend_passes(examined):
    done = examined(SOUND, PURE, "Functional")
    assert done.returncode == 0, done.stdout
    passed, failed, not_supported, _ = map(int, totals(done))
    assert passed > 20 and failed == not_supported == 0


def totals(done):
    return done.stdout.partition("\ntotal")[2].split()[:4]


def test_hooks_that_are_the_default_are_not_offered(examined):
    done = examined(SOUND, HOOKS)
    assert done.returncode == 0, done.stdout
    passed, failed, not_supported, not_offered = map(int, totals(done))
    assert not_offered > 20 and passed == failed == not_supported == 0
    told = done.stdout.partition("not offered, the default stands: ")[2].splitlines()[0]
    assert told == "compile_loop, functional, inline, spec_of, template"


def files_in_traces(done):
    return [line for line in done.stdout.splitlines() if line.strip().startswith("File ")]


def test_a_wrong_number_is_told_with_its_program(examined):
    done = examined(WRONG_NUMBER, "power/gradient")
    told = done.stdout
    assert "check      power/gradient\nprimitive  power\nparams     none\n" in told
    assert "the gradient by input 0" in told and "fed        float32(" in told
    assert "\n    in   i0 = float32[" in told and "= log(" in told
    assert files_in_traces(done) == [] and "All traceback entries" not in told


def test_what_a_backend_raises_is_told_without_the_kit(examined):
    body = "def compile(self, program):\n    raise ValueError('no such kernel')"
    done = examined(body, "tanh/forward")
    assert "ValueError: no such kernel" in done.stdout
    assert "keras_faulty.py" in files_in_traces(done)[-1]
    assert not [line for line in files_in_traces(done) if "testing" in line]


def test_what_is_not_refused_is_not_supported_under_a_limit(examined):
    limit = """Limitation("contract/a_device_that_is_not_there*", "it takes any"),"""
    done = examined(ANY_DEVICE, "a_device_that_is_not_there", limitations=limit)
    assert done.returncode == 0 and totals(done) == ["0", "0", "1", "0"]


def test_shards_are_the_whole_together(examined):
    """The limitation covers a check of one shard alone."""
    only, limit = (
        "softsign or tanh/forward or limitations",
        """Limitation("tanh/forward", "off"),""",
    )
    body = WRONG_NUMBER.replace('y.dtype.kind == "f"', '"tanh(" in str(program)')
    counts = []
    for words in ((), ("--shard", "1/3"), ("--shard", "2/3"), ("--shard", "3/3")):
        done = examined(body, only, limitations=limit, words=words)
        assert done.returncode == 0, done.stdout
        counts.append([*map(int, totals(done))])
    whole, *parts = counts
    assert whole == [sum(column) for column in zip(*parts)]
    assert whole[2] == 1 and all(sum(part) for part in parts)


def test_shards_have_each_item_once():
    items = list(range(7))
    parts = [shard(f"{i}/3").of(items) for i in (1, 2, 3)]
    assert sorted(sum(parts, [])) == items and parts[1] == [1, 4]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/3"])
def test_what_is_no_shard_is_refused(examined, text):
    done = examined(SOUND, "tanh", words=(f"--shard={text}",))
    assert done.returncode == 2
    assert "is no shard" in done.stderr


@pytest.mark.parametrize("base", ["NumpyBackend", "Functional"])
def test_time_compares_steps_in_loops_with_single_ones(examined, base):
    done = examined(SOUND, "", base, words=("--time",))
    assert done.returncode == 0, done.stderr
    head, *rows = done.stdout.splitlines()
    assert head.split()[-1] == "single"
    assert [row.split()[0] for row in rows] == ["dense", "convolutional", "recurrent"]
    assert all(row.endswith("no loop: None") == (base == "NumpyBackend") for row in rows)


def test_processes_need_a_plugin_of_pytest(monkeypatch, capsys):
    monkeypatch.setattr(check_backend, "find_spec", lambda name: name != "xdist" or None)
    assert main(["check-backend", "numpy", "-n", "2"]) == 1
    told = capsys.readouterr().err
    assert "pip install pytest-xdist" in told and "--shard 1/2" in told


def test_processes_share_the_checks(examined):
    pytest.importorskip("xdist")
    done = examined(SOUND, "tanh or test_loop", words=("-n", "2"))
    assert done.returncode == 0, done.stdout
    passed, failed, not_supported, not_offered = map(int, totals(done))
    assert passed > 8 and not_offered > 5 and failed == not_supported == 0


def test_a_declared_limit_is_counted_as_not_supported(examined):
    done = examined(WRONG_NUMBER, "tanh and not tanh_ and forward", limitations=TRUE_LIMIT)
    assert done.returncode == 0, done.stdout
    row = done.stdout.partition("elementwise")[2].split()
    assert row[:3] == ["0", "0", "1"]


def test_a_declared_limit_that_is_none_fails(examined):
    done = examined(SOUND, "tanh and not tanh_ and forward", limitations=TRUE_LIMIT)
    assert done.returncode == 1
    assert "tanh/forward passes, although the limitation 'tanh/*'" in done.stdout


def test_a_limit_of_no_check_fails(examined):
    done = examined(SOUND, "limitations", limitations="""Limitation("tangent/*", "misspelt"),""")
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
