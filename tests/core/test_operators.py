"""Python's operators and indexing on tensors, against NumPy's."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from keras_core.graph import Placeholder, evaluate
from keras_core.graph.tensor import Constant

A = np.array([[5.0, -2.0], [0.5, 3.0]], "float32")
B = np.array([[2.0, 4.0], [-1.0, 0.25]], "float32")
BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "lt", "le", "gt", "ge", "matmul"]


def value(tensor):
    return evaluate([tensor])[0]


@pytest.mark.parametrize("name", BINARY)
def test_operators_of_two_tensors(name):
    apply = getattr(operator, name)
    np.testing.assert_allclose(value(apply(Constant(A), Constant(B))), apply(A, B), rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in BINARY if name != "matmul"])
@pytest.mark.parametrize("number", [2, 0.5, np.float64(3), B, B.tolist()])
def test_operators_with_numbers_and_arrays_on_either_side(name, number):
    apply = getattr(operator, name)
    array = np.asarray(number, "float32")
    np.testing.assert_allclose(value(apply(Constant(A), number)), apply(A, array), rtol=1e-6)
    np.testing.assert_allclose(value(apply(number, Constant(A))), apply(array, A), rtol=1e-6)


def test_powers():
    x = Constant(np.abs(A))
    np.testing.assert_allclose(value(x**2), np.abs(A) ** 2)
    np.testing.assert_allclose(value(x**0.5), np.abs(A) ** 0.5)
    np.testing.assert_allclose(value(2**x), 2 ** np.abs(A), rtol=1e-6)


def test_operators_of_one_tensor():
    assert value(-Constant(A)).tolist() == (-A).tolist()
    assert value(abs(Constant(A))).tolist() == np.abs(A).tolist()


def test_logic():
    a, b = Constant([True, True, False]), Constant([True, False, False])
    assert value(a & b).tolist() == [True, False, False]
    assert value(a | b).tolist() == [True, True, False]
    assert value(a ^ b).tolist() == [False, True, False]
    assert value(~a).tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("float32", "float64", "float64"),
        ("float16", "int64", "float16"),
        ("int32", "int64", "int64"),
        ("bool", "float32", "float32"),
        ("bool", "int32", "int32"),
        ("bool", "bool", "int32"),
    ],
)
def test_dtype_of_two_tensors(first, second, expected):
    a, b = Placeholder((2,), first), Placeholder((2,), second)
    assert (a + b).dtype == expected
    assert (b + a).dtype == expected


@pytest.mark.parametrize(
    ("dtype", "number", "expected"),
    [
        ("float16", 1.5, "float16"),
        ("float64", np.float32(1), "float64"),
        ("int64", 3, "int64"),
        ("int64", 0.5, "float32"),
        ("bool", 1, "int32"),
        ("bool", 1.5, "float32"),
    ],
)
def test_dtype_with_a_number(dtype, number, expected):
    assert (Placeholder((2,), dtype) * number).dtype == expected


def test_division_of_integers_gives_floats():
    quotient = Constant(np.array([1, 2], "int32")) / Constant(np.array([2, 4], "int32"))
    assert quotient.dtype == "float32"
    assert value(quotient).tolist() == [0.5, 0.5]


def test_equality_is_identity():
    a, b = Constant(A), Constant(A)
    assert a == a
    assert a != b
    assert len({a, b, a}) == 2


def test_what_is_no_operand_is_left_to_python():
    with pytest.raises(TypeError, match="unsupported operand"):
        Constant(A) + "text"


def test_a_product_over_batches():
    x, y = np.arange(12.0).reshape(2, 2, 3), np.arange(12.0).reshape(2, 3, 2)
    np.testing.assert_array_equal(value(Constant(x) @ Constant(y)), x @ y)
    vector = np.arange(3.0)
    np.testing.assert_array_equal(value(Constant(x) @ Constant(vector)), x @ vector)


# Indexing

X = np.arange(60, dtype="float32").reshape(3, 4, 5)
STATIC = [
    0,
    -1,
    slice(1, None),
    slice(None, None, -1),
    slice(-2, None),
    (0, 1),
    (slice(None), 2),
    (slice(None), slice(None), -1),
    (Ellipsis, 0),
    (0, Ellipsis, slice(1, 3)),
    (slice(None), None),
    (None, 1, Ellipsis, None),
    (2, 3, 4),
    Ellipsis,
    (slice(0, 0), slice(None)),
    np.int64(1),
]


@pytest.mark.parametrize("index", STATIC, ids=repr)
def test_static_indices_agree_with_numpy(index):
    np.testing.assert_array_equal(value(Constant(X)[index]), X[index])
    unknown = Placeholder((None, None, 5))
    part = unknown[index]
    result = evaluate([part], {unknown: X})[0]
    np.testing.assert_array_equal(result, X[index])
    assert len(part.shape) == result.ndim


def test_sizes_stay_known():
    x = Placeholder((None, 4, 5))
    assert x[:, 1:3].shape == (None, 2, 5)
    assert x[:, 0].shape == (None, 5)
    assert x[..., None].shape == (None, 4, 5, 1)


def test_tensors_as_indices():
    x, places = Constant(X), np.array([[2, 0], [1, 1]])
    one = Constant(1, "int32")
    np.testing.assert_array_equal(value(x[one]), X[1])
    np.testing.assert_array_equal(value(x[:, one, 2:]), X[:, 1, 2:])
    np.testing.assert_array_equal(value(x[Constant(places)]), X[places])
    np.testing.assert_array_equal(value(x[:, places]), X[:, places])
    np.testing.assert_array_equal(value(x[0, [3, 0]]), X[0, [3, 0]])


def test_tensors_as_bounds():
    x, two = Constant(X), Constant(2, "int32")
    np.testing.assert_array_equal(value(x[:, :two]), X[:, :2])
    np.testing.assert_array_equal(value(x[:, two:, 0]), X[:, 2:, 0])
    np.testing.assert_array_equal(value(x[1:two]), X[1:2])
    np.testing.assert_array_equal(value(x[: two * 10]), X)


def test_iteration():
    assert [value(row).tolist() for row in Constant(A)] == A.tolist()


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (3, IndexError, "3 is out of range for axis 0"),
        ((0, 0, 0, 0), IndexError, "too many parts"),
        ((Ellipsis, Ellipsis), IndexError, "too many parts"),
        ([True, False, True], TypeError, "cannot be indexed"),
        (1.5, TypeError, "cannot be indexed"),
        (slice(None, Constant(2, "int32"), 2), TypeError, "needs steps of 1"),
    ],
)
def test_what_is_no_index(index, error, message):
    with pytest.raises(error, match=message):
        Constant(X)[index]
