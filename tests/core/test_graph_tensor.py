"""Tensors and the three leaves: what they know, what they refuse."""

from __future__ import annotations

import weakref
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import numpy as np
import pytest

from keras_core.graph import Constant, Placeholder, Variable, as_tensor
from keras_core.graph import primitives as p
from keras_core.graph.tensor import checked_dtype
from keras_core.plugins.contract import Backend


def test_a_placeholder_knows_shape_dtype_and_name():
    x = Placeholder((None, 3), "int32", "x")
    assert (x.shape, x.ndim, x.dtype, x.name) == ((None, 3), 2, "int32", "x")
    assert repr(x) == "<Placeholder x shape=(None, 3) dtype=int32>"
    assert Placeholder(()).name != Placeholder(()).name


def test_sizes_are_plain_ints():
    x = Placeholder(np.array([2, 3]))
    assert all(type(size) is int for size in x.shape)


def test_names_of_results_tell_primitive_node_and_output():
    y = p.exp(Placeholder((2,)))
    assert y.name == f"exp_{y.node.uid}:0"
    y.name = "growth"
    assert y.name == "growth"


@pytest.mark.parametrize(
    ("given", "name"),
    [("float32", "float32"), (np.int64, "int64"), (bool, "bool"), ("f8", "float64")],
)
def test_dtypes_have_one_name(given, name):
    assert checked_dtype(given) == name


@pytest.mark.parametrize("dtype", ["string", object, "float128x", None.__class__])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(TypeError, match="is not a tensor dtype; use one of float16"):
        checked_dtype(dtype)


def test_tensors_are_compared_by_identity():
    a, b = Placeholder((2,)), Placeholder((2,))
    assert (a == a) is True and (a == b) is False
    assert len({a, b, a}) == 2


def test_two_handles_on_one_output_have_one_key():
    node = p.exp(Placeholder((2,))).node
    first, second = node.outputs()[0], node.outputs()[0]
    assert first is not second and first.key == second.key
    assert node.outputs()[0].key != p.exp(Placeholder((2,))).key


def test_a_tensor_has_no_truth_value():
    with pytest.raises(TypeError, match="no truth value while the graph is built. Use K.switch"):
        bool(Placeholder(()) > 0)


def test_a_tensor_is_no_array():
    with pytest.raises(TypeError, match="symbolic and has no numbers yet"):
        np.asarray(Placeholder((2,)))


def test_length_and_iteration_need_a_known_first_size():
    rows = list(Placeholder((3, 2)))
    assert [row.shape for row in rows] == [(2,)] * 3
    for shape in ((), (None, 2)):
        with pytest.raises(TypeError, match="no length known before it is computed"):
            len(Placeholder(shape))


def test_any_attribute_may_be_set():
    x = Placeholder((2,))
    x._keras_history = ("layer", 0, 0)
    assert x._keras_history[0] == "layer"


# Static knowledge added later


def test_set_shape_fills_in_unknown_sizes():
    x = Placeholder((None, None, 3))
    x.set_shape((2, None, 3))
    assert x.shape == x.get_shape() == (2, None, 3)
    x.set_shape((None, 4, None))
    assert x.shape == (2, 4, 3)


@pytest.mark.parametrize("shape", [(2,), (3, None), (None, None, None)])
def test_set_shape_refuses_contradictions(shape):
    x = Placeholder((2, None))
    with pytest.raises(ValueError, match="cannot be given the shape"):
        x.set_shape(shape)
    assert x.shape == (2, None)


def test_keras_shape_is_the_shape():
    x = Placeholder((None, 2))
    x._keras_shape = (5, 2)
    assert x._keras_shape == x.shape == (5, 2)


# The learning phase


def test_what_depends_on_the_phase_says_so():
    x = Placeholder((2,))
    chosen = p.select(p.learning_phase(), x, p.negative(x))
    assert p.learning_phase()._uses_learning_phase
    assert chosen._uses_learning_phase and p.exp(chosen)._uses_learning_phase
    assert not x._uses_learning_phase and not p.exp(x)._uses_learning_phase


# Constants


def test_a_constant_keeps_its_own_copy():
    array = np.array([1.0, 2.0], "float32")
    constant = Constant(array)
    array[0] = 5
    assert constant.value.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        constant.value[0] = 5


def test_as_tensor_leaves_tensors_alone():
    x = Placeholder((2,))
    assert as_tensor(x, "int32") is x
    made = as_tensor([1, 2], "float32")
    assert (made.dtype, made.shape) == ("float32", (2,))


# Variables


def test_a_variable_is_named_like_an_output():
    assert Variable([1.0], name="dense/kernel").name == "dense/kernel:0"
    assert Variable([1.0]).name.endswith(":0")


def test_values_go_in_and_out_as_copies():
    v = Variable([1.0, 2.0])
    value = np.array([3.0, 4.0])
    v.set_value(value)
    value[:] = 0
    v.get_value()[:] = 0
    assert v.get_value().tolist() == [3, 4] and v.get_value().dtype == "float32"


def test_a_value_of_another_shape_is_refused_and_changes_nothing():
    v = Variable(np.ones((2, 2)), name="w")
    with pytest.raises(ValueError, match=r"'w:0' has shape \(2, 2\); a value of shape \(2,\)"):
        v.set_value([1.0, 2.0])
    assert v.get_value().tolist() == [[1, 1], [1, 1]]


class Holder(Backend):
    """A backend that keeps values as lists."""

    def to_storage(self, value):
        return value.tolist()

    def to_numpy(self, storage):
        return np.array(storage, "float32")


def test_a_value_is_carried_from_one_backend_to_another():
    v = Variable([1.0, 2.0])
    first, second = Holder(), Holder()
    kept = v.held_by(first)
    assert kept == [1, 2] and v.held_by(first) is kept
    kept[0] = 5.0
    assert v.held_by(second) == [5, 2] and v.owner is second
    assert v.get_value().tolist() == [5, 2]


def test_threads_hand_a_value_over_once():
    class Slow(Holder):
        held = 0

        def hold(self, variable, value):
            self.held += 1
            sleep(0.01)
            return super().hold(variable, value)

    v, holder = Variable([1.0]), Slow()
    with ThreadPoolExecutor(4) as pool:
        storages = list(pool.map(v.held_by, [holder] * 4))
    assert holder.held == 1 and all(storage is v.storage for storage in storages)


def test_a_new_value_goes_to_the_backend_that_holds_the_variable():
    v, holder = Variable([1.0, 2.0]), Holder()
    v.held_by(holder)
    v.set_value([3.0, 4.0])
    assert v.owner is holder and v.storage == [3, 4]


def test_a_long_chain_is_freed():
    """Python frees a chain of objects link by link, not by recursion."""
    y = p.negative(Placeholder((2,)))
    lowest = weakref.ref(y)
    for _ in range(100_000):
        y = p.negative(y)
    assert lowest() is not None
    del y
    assert lowest() is None
