"""What single cases cannot show: the learning phase, printing, updates, whose memory is whose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from keras_core.graph import Placeholder, Update, Variable
from keras_core.graph import primitives as p
from keras_core.testing.comparison import assert_declared
from keras_core.testing.memory import OVERWRITTEN, PLACES, zeros_at
from keras_core.testing.runners import Function


def one(dtype="float32"):
    return p.scalar(1, dtype)


def test_the_learning_phase_picks_a_branch():
    phase = p.learning_phase()
    x = Placeholder((2,))
    y = p.select(phase, p.negative(x), x)
    function = Function([x, phase], [y])
    assert function([[1.0, 2.0], 1])[0].tolist() == [-1, -2]
    assert function([[1.0, 2.0], 0])[0].tolist() == [1, 2]


def test_printing_happens_at_each_call(capfd):
    x = Placeholder((2,))
    function = Function([x], [p.print(x, message="seen: ")])
    capfd.readouterr()
    for _ in range(2):
        assert function([[1.5, 2.5]])[0].tolist() == [1.5, 2.5]
    written = "".join(capfd.readouterr())
    assert written.count("seen: ") == 2 and "2.5" in written


def test_updates_happen_after_all_reads():
    a, b = Variable([1.0]), Variable([10.0])
    swap = Function([], [p.add(a, b)], [Update(a, b), Update(b, a)])
    assert swap([])[0].tolist() == [11]
    assert (a.get_value().tolist(), b.get_value().tolist()) == ([10], [1])


def test_a_value_goes_round_three_variables():
    variables = [Variable(np.full((3, 2), i)) for i in range(3)]
    turned = [*variables[1:], variables[0]]
    turn = Function(
        [], [p.identity(variables[0])], [Update(*pair) for pair in zip(variables, turned)]
    )
    assert [turn([])[0][0, 0] for _ in range(4)] == [0, 1, 2, 0]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "bool"])
def test_an_update_of_each_dtype(dtype):
    v = Variable(np.zeros(3), dtype=dtype)
    new = p.logical_not(v) if dtype == "bool" else p.add(v, one(dtype))
    step = Function([], [], [Update(v, new)])
    for _ in range(3):
        step([])
    expected = np.ones(3, dtype) if dtype == "bool" else np.full(3, 3, dtype)
    assert v.get_value().dtype == dtype
    np.testing.assert_array_equal(v.get_value(), expected)


def test_an_update_may_add_to_itself():
    v = Variable(np.zeros((2, 2)))
    x = Placeholder((2, 2))
    step = Function([x], [], [Update(v, p.add(v, x))])
    for _ in range(3):
        step([np.ones((2, 2))])
    np.testing.assert_array_equal(v.get_value(), np.full((2, 2), 3.0))


def test_one_value_for_two_variables():
    a, b = Variable([1.0, 2.0]), Variable([0.0, 0.0])
    new = p.multiply(a, a)
    step = Function([], [], [Update(a, new), Update(b, new)])
    step([])
    step([])
    assert (a.get_value().tolist(), b.get_value().tolist()) == ([1, 16], [1, 16])
    Function([], [], [Update(a, p.add(a, one()))])([])
    assert b.get_value().tolist() == [1, 16]


def test_functions_share_variables():
    v = Variable([1.0])
    raised = Function([], [], [Update(v, p.add(v, one()))])
    read = Function([], [p.identity(v)])
    values = []
    for _ in range(2):
        raised([])
        values += read([])[0].tolist()
    v.set_value([7.0])
    assert [*values, *read([])[0].tolist()] == [2, 3, 7]


def test_an_update_may_depend_on_the_phase():
    v, phase = Variable([0.0]), p.learning_phase()
    step = Function([phase], [], [Update(v, p.select(phase, p.add(v, one()), v))])
    for now in (1, 0, 1):
        step([now])
    assert v.get_value().tolist() == [2]


def test_results_stay_when_the_function_runs_again():
    v, x = Variable([1.0, 1.0]), Placeholder((2,))
    total = p.add(v, x)
    function = Function([x], [total, p.identity(v), p.identity(x)], [Update(v, total)])
    first = function([[1.0, 2.0]])
    seen = [np.array(value) for value in first]
    function([[5.0, 5.0]])
    np.testing.assert_array_equal(first, seen)


def test_results_belong_to_the_caller():
    v, x = Variable([1.0, 1.0]), Placeholder((2,))
    function = Function([x], [p.identity(v), p.identity(x), p.add(v, x)])
    given = np.array([1.0, 2.0], "float32")
    for value in function([given]):
        value.fill(9)
    assert (v.get_value().tolist(), given.tolist()) == ([1, 1], [1, 2])
    assert function([given])[2].tolist() == [2, 3]


def test_results_are_of_their_dtypes_when_they_are_read():
    v, x = Variable([1, 2], dtype="int64"), Placeholder((2,))
    outputs = [p.identity(x), p.greater(x, x), v, p.argmax(x, axis=0), p.scalar(2, "float64")]
    late = [np.array(value) for value in Function([x], outputs).run([[1.0, 2.0]])]
    assert_declared(late, outputs, "result")
    assert [value.tolist() for value in late] == [[1, 2], [False, False], [1, 2], 1, 2]


@pytest.mark.parametrize("place", PLACES)
def test_results_that_are_read_late_are_those_of_their_own_run(place):
    v, x = Variable(np.zeros((64, 64))), Placeholder((64, 64))
    total = p.add(v, x)
    function = Function([x], [total, p.identity(v), p.identity(x)], [Update(v, total)])
    given, late = zeros_at(place, (64, 64)), []
    for number in range(4):
        given.fill(number)
        late.append(function.run([given]))
    v.set_value(np.full((64, 64), 9))
    read = [[np.unique(np.array(value)).tolist() for value in outputs] for outputs in late]
    assert read == [[[0], [0], [0]], [[1], [0], [1]], [[3], [1], [2]], [[6], [3], [3]]], OVERWRITTEN


@pytest.mark.parametrize("place", PLACES)
def test_inputs_are_the_callers_again_when_a_long_run_has_returned(place):
    """The products keep an engine busy that runs on when the call returns."""
    v, x = Variable(np.eye(256)), Placeholder((256, 256))
    product: Any = v
    for _ in range(20):
        product = p.dot(product, v, contract=((1,), (0,)), batch=((), ()))
    total = p.add(product, p.multiply(p.reduce_max(product, axes=(0, 1), keepdims=True), x))
    function, seen = Function([x], [total], [Update(v, v)]), Variable(np.zeros((256, 256)))
    keep = Function([x], [], [Update(seen, total)])
    given, late = zeros_at(place, (256, 256)), []
    for number in (1, 2, 3):
        given.fill(number)
        late += function.run([given])
        keep.run([given])
        given.fill(100)
    corners = [np.array(value)[0, 1] for value in (*late, seen.get_value())]
    assert corners == [1, 2, 3, 3], OVERWRITTEN


def test_inputs_stay_as_they_are():
    x = Placeholder((3,))
    given = np.array([1.0, 2.0, 3.0], "float32")
    Function([x], [p.exp(p.negative(x))])([given])
    assert given.tolist() == [1, 2, 3]


def test_a_value_taken_from_a_variable_is_a_copy():
    v = Variable([1.0])
    step = Function([], [], [Update(v, p.add(v, one()))])
    step([])
    taken = v.get_value()
    step([])
    assert taken.tolist() == [2]
    taken.fill(9)
    assert v.get_value().tolist() == [3]


def test_inputs_need_not_be_contiguous():
    x = Placeholder((2, 3))
    given = np.arange(24, dtype="float32").reshape(4, 6)[::2, ::-2]
    assert Function([x], [p.identity(p.add(x, x))])([given])[0].tolist() == (2 * given).tolist()


def test_a_function_may_return_a_tensor_twice_and_constants():
    x = Placeholder((2,))
    y = p.square(x)
    a, b, c = Function([x], [y, y, p.scalar(3, "float32")])([[1.0, 2.0]])
    assert (a.tolist(), b.tolist(), float(c)) == ([1, 4], [1, 4], 3)


def test_batches_of_changing_size():
    x = Placeholder((None, 2))
    function = Function([x], [p.reduce_sum(x, axes=(0,), keepdims=False)])
    sums = [function([np.ones((n, 2))])[0].tolist() for n in (3, 1, 0, 5, 3)]
    assert sums == [[n, n] for n in (3, 1, 0, 5, 3)]


@pytest.mark.parametrize("jit_compile", [None, False])
def test_products_are_exact_to_their_dtype(jit_compile):
    """Engines that take fewer bits unasked, as TF32 or bfloat16 have, are told not to."""
    draw = np.random.default_rng(0).standard_normal
    a, b = draw((64, 512)).astype("float32"), draw((512, 64)).astype("float32")
    x, y = Placeholder(a.shape), Placeholder(b.shape)
    product = p.dot(x, y, contract=((1,), (0,)), batch=((), ()))
    image, kernel = p.reshape(x, shape=(64, 1, 1, 512)), p.reshape(y, shape=(1, 1, 512, 64))
    conv = p.conv(
        *(image, kernel),
        strides=(1, 1),
        padding="same",
        dilation=(1, 1),
        groups=1,
        data_format="channels_last",
    )
    results = Function([x, y], [product, conv], jit_compile=jit_compile)([a, b])
    exact, size = a.astype("float64") @ b, np.abs(a).astype("float64") @ np.abs(b)
    for found in results:
        assert (np.abs(found.reshape(exact.shape) - exact) / size).max() < 2e-6


def test_a_program_that_must_not_be_compiled_as_a_whole_gives_the_same():
    v, x = Variable(np.ones(3)), Placeholder((None, 3))
    total = p.add(v, p.reduce_sum(p.exp(x), axes=(0,), keepdims=False))
    step = Function([x], [p.square(total)], [Update(v, total)], jit_compile=False)
    array = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)
    expected = 1 + np.exp(array).sum(axis=0)
    np.testing.assert_allclose(step([array])[0], expected**2, rtol=1e-5)
    np.testing.assert_allclose(v.get_value(), expected, rtol=1e-5)


def test_sizes_that_depend_on_values_are_those_of_each_run():
    """What is around such nodes may be compiled; updates and draws are those of one program."""
    x, v = Placeholder((None,)), Variable([1.0, 1.0])
    count = p.cast(p.reduce_sum(x, axes=(0,), keepdims=False), dtype="int32")
    row = p.arange(p.scalar(0, "int32"), count, p.scalar(1, "int32"), dtype="float32")
    squares = p.reduce_sum(p.square(row), axes=(0,), keepdims=False)
    same = p.broadcast_to(squares, count, shape=(None,))
    noise = p.random_uniform(shape=(2,), dtype="float32", stream=11)
    new = p.add(v, p.reduce_max(p.exp(p.negative(row)), axes=(0,), keepdims=False))
    outputs = [row, same, p.add(noise, p.square(v)), noise, p.negative(x)]
    function, held = Function([x], outputs, [Update(v, new)]), np.ones(2)
    for values in ([2.0, 3.0], [4.0], [1.0, 1.0, 0.0], [2.0, 3.0]):
        found, size = function([values]), int(sum(values))
        assert found[0].tolist() == [*range(size)]
        assert found[1].tolist() == [sum(i * i for i in range(size))] * size
        np.testing.assert_allclose(found[2] - found[3], held**2, rtol=1e-5)
        assert found[4].tolist() == [-value for value in values]
        held = held + 1
        np.testing.assert_allclose(v.get_value(), held, rtol=1e-6)
