"""Programs: functions for known and for unknown sizes, errors, threads, XLA."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import tensorflow as tf

from keras_core import config, use_backend
from keras_core.graph import Function, Placeholder, layer_scope
from keras_core.graph import primitives as p
from keras_core.graph.program import Program
from keras_core.graph.scan import scan
from keras_core.graph.template import Binding
from keras_core.plugins import load_backend
from keras_core.testing.cases import CASES
from keras_core.testing.checks import check_unknown, checks_of
from keras_tf.compiled import MOST_EXACT, Template

UNKNOWN = {case.primitive: case for case in CASES if "unknown" in checks_of(case)}


@pytest.fixture(autouse=True)
def backend():
    with use_backend("tensorflow"):
        yield load_backend("tensorflow")


@pytest.mark.parametrize("case", UNKNOWN.values(), ids=UNKNOWN)
def test_one_function_serves_all_sizes(backend, case):
    def run(inputs, outputs, arrays):
        template = Template(backend, Program(inputs, outputs))
        template.most_exact = 0
        compiled = template.bound(Binding())
        return compiled([np.asarray(array) for array in arrays], (0, 0))

    check_unknown(case, run)


def test_sizes_without_end_are_traced_a_few_times(backend):
    x = Placeholder((None,))
    traced = []

    def seen(tensor):
        traced.append(tensor.shape)
        return tensor + 1

    (y,) = p.native(x, fn=seen, backend="tensorflow", specs=(x.spec,))
    function = Function([x], [y])
    for size in range(1, 3 * MOST_EXACT):
        assert function([np.zeros(size)])[0].tolist() == [1] * size
    assert len(traced) == MOST_EXACT + 1


@pytest.mark.parametrize(
    ("shape", "dtype", "is_bias"),
    [((3,), "float32", True), ((1, 3), "float32", False), ((3,), "int32", False)],
)
def test_a_bias_is_told_to_tensorflow_which_fuses_it(backend, shape, dtype, is_bias):
    x, b = Placeholder((2, 3), dtype), Placeholder(shape, dtype)
    compiled = Template(backend, Program([x, b], [p.add(x, b)])).bound(Binding())
    arrays = [np.arange(6, dtype=dtype).reshape(2, 3), np.arange(3, dtype=dtype).reshape(shape)]
    np.testing.assert_array_equal(compiled(arrays, (0, 0))[0], sum(arrays))
    (traced,) = compiled._exact.values()
    operations = [operation.type for operation in traced.concrete.graph.get_operations()]
    assert ("BiasAdd" in operations) == is_bias


def looked_up(table, indices):
    with layer_scope("words"):
        return p.gather(table, indices, axis=0)


def test_an_index_out_of_range_names_layer_and_line():
    table, indices = Placeholder((3, 2)), Placeholder((None,), "int32")
    function = Function([table, indices], [looked_up(table, indices)])
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        function([np.zeros((3, 2)), [0, 3]])
    assert "not in [0, 3)" in str(caught.value)
    assert f"in gather, built by layer 'words', {__file__}:" in str(caught.value)


def test_an_index_out_of_range_inside_a_loop_names_layer_and_line():
    table, indices = Placeholder((3, 2)), Placeholder((None,), "int32")

    def step(slices, states):
        drawn = p.random_uniform(shape=(2,), dtype="float32", stream=0)
        return [looked_up(table, slices[0]) + drawn * 0.0], states

    _, (rows,) = scan(step, [indices], [])
    function = Function([table, indices], [rows])
    assert function([np.ones((3, 2)), [0, 2]])[0].tolist() == [[1, 1], [1, 1]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="built by layer 'words'"):
        function([np.zeros((3, 2)), [0, 3]])


def test_functions_of_other_engines_are_refused():
    x = Placeholder((2,))
    (y,) = p.native(x, fn=np.exp, backend="numpy", specs=(x.spec,))
    with pytest.raises(NotImplementedError, match=r"backend 'numpy', not of 'tensorflow'"):
        Function([x], [y])([[1.0, 2.0]])


def test_a_function_of_undeclared_shape_is_refused():
    x = Placeholder((2,))
    (y,) = p.native(x, fn=lambda t: t[:1], backend="tensorflow", specs=(x.spec,))
    wrong = r"gave \[\(\(1,\), .float32.\)\], but \[\(\(2,\), .* was declared"
    with pytest.raises(ValueError, match=wrong):
        Function([x], [y])([[1.0, 2.0]])


def test_threads_may_call_one_function():
    x = Placeholder((None,))
    function = Function([x], [p.square(x)])
    results = {}

    def call(number):
        results[number] = [function([np.full(number + 1, number)])[0] for _ in range(5)]

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, values in results.items():
        assert all(value.tolist() == [number**2] * (number + 1) for value in values)


def is_under_xla(jit_compile):
    """Whether a function runs under XLA, by the mark that TensorFlow leaves on it."""
    x = Placeholder((2,))
    function = Function([x], [p.exp(x)], jit_compile=jit_compile)
    np.testing.assert_allclose(function([[0.0, 1.0]])[0], np.exp([0, 1]), rtol=1e-6)
    run, _ = function.compiled_for(load_backend("tensorflow"), 0)
    (compiled,) = run._exact.values()
    return bool(compiled.concrete.function_def.attr["_XlaMustCompile"].b)


def test_a_function_says_if_it_is_compiled_as_a_whole():
    assert is_under_xla(True)
    assert not is_under_xla(False)
    assert not is_under_xla(None)


@pytest.mark.parametrize("text, expected", [("true", True), ("0", False), ("auto", False)])
def test_the_environment_says_if_functions_are_compiled_as_a_whole(monkeypatch, text, expected):
    monkeypatch.setenv("KERAS_JIT_COMPILE", text)
    config.forget()
    try:
        assert is_under_xla(None) is expected
        assert not is_under_xla(False)
    finally:
        config.forget()


def test_printing_goes_to_python_s_output(capsys):
    x = Placeholder((2,))
    Function([x], [p.print(x, message="seen: ")])([[1.5, 2.5]])
    assert capsys.readouterr().out == "seen: [1.5 2.5]\n"
