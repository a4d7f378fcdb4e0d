"""Variables, placeholders, what is known of a tensor, updates, names, sparse data."""

from __future__ import annotations

import numpy as np
import pytest
from backend_check import compute, near, uniform

from keras_core import backend as K

X = uniform(2, 3)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: K.zeros((2, 3)), np.zeros((2, 3))),
        (lambda: K.ones((2, 3)), np.ones((2, 3))),
        (lambda: K.eye(3), np.eye(3)),
        (lambda: K.eye((2, 4)), np.eye(2, 4)),
        (lambda: K.variable(X), X),
        (lambda: K.variable(K.constant(X)), X),
        (lambda: K.constant(1.5, shape=(2, 2)), np.full((2, 2), 1.5)),
        (lambda: K.constant(1.5), 1.5),
    ],
)
def test_creation(make, expected):
    made = make()
    assert K.dtype(made) == "float32"
    assert K.int_shape(made) == np.shape(expected)
    near(K.eval(made), np.asarray(expected, "float32"))
    near(K.eval(K.identity(made)), np.asarray(expected, "float32"))


def test_the_default_float_type():
    K.set_floatx("float64")
    try:
        made = [K.variable(1.0), K.constant(1.0), K.zeros(()), K.placeholder(()), K.eye(2)]
        assert {K.dtype(x) for x in made} == {"float64"}
        assert K.cast_to_floatx([1, 2]).dtype == "float64"
    finally:
        K.set_floatx("float32")
    assert K.dtype(K.cast_to_floatx(K.constant(1, "int32"))) == "float32"


def test_what_is_known():
    x, v = K.placeholder((None, 3)), K.variable(X)
    assert K.int_shape(x) == (None, 3)
    assert K.int_shape(X) == (2, 3)
    assert K.int_shape(1.0) is None
    assert (K.ndim(x), K.ndim(X)) == (2, 2)
    assert (K.dtype(x), K.dtype(X)) == ("float32", "float32")
    assert K.count_params(v) == 6
    assert [K.is_tensor(a) for a in (x, v, X)] == [True, True, False]
    assert [K.is_variable(a) for a in (x, v, X)] == [False, True, False]
    assert [K.is_placeholder(a) for a in (x, v, X)] == [True, False, False]
    assert K.is_keras_tensor(x) is False
    with pytest.raises(ValueError, match="ndarray is none"):
        K.is_keras_tensor(X)


@pytest.mark.parametrize("shape", [(None, 3), (2, 3)])
def test_shape_and_size(shape):
    x = K.placeholder(shape)
    shape, size = K.function([x], [K.shape(x), K.size(x)])([X])
    assert shape.tolist() == [2, 3] and size == 6


def test_placeholder_needs_a_rank():
    assert K.int_shape(K.placeholder(ndim=2)) == (None, None)
    with pytest.raises(ValueError, match="give a shape"):
        K.placeholder()


def test_unknown_dtypes():
    with pytest.raises(TypeError, match="float12"):
        K.variable(1.0, dtype="float12")


def test_values():
    v, w = K.variable(X), K.variable(X)
    K.set_value(v, X + 1)
    near(K.get_value(v), X + 1)
    K.batch_set_value([(v, X + 2), (w, X + 3)])
    for got, wanted in zip(K.batch_get_value([v, w, v * 2]), (X + 2, X + 3, X * 2 + 4)):
        near(got, wanted)


def test_a_wrong_shape_changes_nothing():
    v, w = K.variable(X), K.variable(X)
    with pytest.raises(ValueError, match="cannot get a value of shape"):
        K.batch_set_value([(v, X + 1), (w, X[0])])
    near(K.get_value(v), X)
    with pytest.raises(ValueError):
        K.set_value(v, X[0])


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda v: K.update(v, v * 3), 3 * X),
        (lambda v: K.update(v, 7 * np.ones((2, 3))), np.full((2, 3), 7.0)),
        (lambda v: K.update_add(v, 1), X + 1),
        (lambda v: K.update_sub(v, np.ones(3)), X - 1),
        (lambda v: K.moving_average_update(v, K.ones_like(v), 0.9), 0.9 * X + 0.1),
        (lambda v: K.moving_average_update(v, K.ones_like(v), K.constant(0.9)), 0.9 * X + 0.1),
    ],
)
def test_updates(make, expected):
    v = K.variable(X)
    K.function([], [], updates=[make(v)])([])
    near(K.get_value(v), expected.astype("float32"))


def test_an_update_of_another_shape():
    with pytest.raises(ValueError, match=r"has shape \(2, 3\), its new value \(3,\)"):
        K.update(K.variable(X), K.placeholder((3,)))


def test_eval_needs_values():
    with pytest.raises(Exception, match="placeholder"):
        K.eval(K.placeholder((2,)) * 2)


def test_names():
    with K.name_scope("outer"), K.name_scope("dense_1"):
        assert K.variable(X, name="kernel").name == "outer/dense_1/kernel:0"
        assert K.placeholder((2,), name="x").name == "outer/dense_1/x:0"
    assert K.variable(X, name="kernel").name == "kernel:0"
    assert K.identity(K.constant(1.0), name="same").name == "same"
    unnamed = {K.zeros((2,)).name for _ in range(3)}
    assert len(unnamed) == 3


def test_uids():
    K.reset_uids()
    assert [K.get_uid("a"), K.get_uid("a"), K.get_uid("b")] == [1, 2, 1]
    K.clear_session()
    assert K.get_uid("a") == 1
    K.reset_uids()


class Sparse:
    """What matters of a scipy.sparse matrix here."""

    def __init__(self, array):
        self.array = array

    def toarray(self):
        return self.array


def test_sparse_data_is_stored_dense():
    a, b = K.variable(Sparse(X)), K.variable(Sparse(X))
    both = K.concatenate([a, b], axis=1)
    product = K.dot(a, K.transpose(b))
    assert [K.is_sparse(x) for x in (a, both, product, K.to_dense(a))] == [True, True, False, False]
    near(K.eval(both), np.concatenate([X, X], 1))
    near(K.eval(product), X @ X.T)
    near(K.eval(K.to_dense(a)), X)
    assert K.is_sparse(K.placeholder((2, 3), sparse=True))


def test_settings():
    assert K.normalize_data_format(None) == K.image_data_format() == "channels_last"
    assert K.normalize_data_format("Channels_First") == "channels_first"
    with pytest.raises(ValueError, match="data_format must be"):
        K.normalize_data_format("first")
    assert isinstance(K.backend(), str)
    assert K.manual_variable_initialization(True) is None


def test_markers_leave_functions_alone():
    def function():
        return 1

    assert K.symbolic(function) is function
    assert K.eager(function) is function
    x = K.placeholder((2, 1))
    assert K.pattern_broadcast(x, (False, True)) is x


def test_likes_of_unknown_sizes():
    assert compute(lambda x: K.zeros_like(x, "int32"), X, known=False).dtype == "int32"
