"""A variable is one `tf.Variable` for good, whoever gives it values."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from keras_core import use_backend
from keras_core.graph import Function, Placeholder, Update, Variable
from keras_core.graph import primitives as p
from keras_core.plugins import load_backend
from keras_core.plugins.contract import Backend


@pytest.fixture(autouse=True)
def backend():
    with use_backend("tensorflow"):
        yield load_backend("tensorflow")


def adding(variable):
    x = Placeholder(variable.shape)
    total = p.add(variable, x)
    return Function([x], [total], [Update(variable, total)])


def test_given_values_reach_compiled_functions(backend):
    variable = Variable([1.0, 2.0])
    function = adding(variable)
    assert function([[1.0, 1.0]])[0].tolist() == [2, 3]
    storage = variable.held_by(backend)
    assert isinstance(storage, tf.Variable)
    variable.set_value([10.0, 20.0])
    assert variable.held_by(backend) is storage
    assert function([[1.0, 1.0]])[0].tolist() == [11, 21]
    assert storage.numpy().tolist() == [11, 21]


def test_values_written_to_the_storage_are_the_variable_s(backend):
    variable = Variable([1.0])
    variable.held_by(backend).assign([7.0])
    assert variable.get_value().tolist() == [7]


def test_values_read_are_copies(backend):
    variable = Variable([1.0])
    variable.held_by(backend)
    read = variable.get_value()
    read[0] = 5
    assert variable.get_value().tolist() == [1]


def test_a_variable_may_go_to_another_backend_and_come_back(backend):
    variable = Variable([1.0])
    function = adding(variable)
    function([[1.0]])
    storage = variable.held_by(backend)
    assert variable.held_by(Backend()).tolist() == [2]
    variable.storage += 1
    assert function([[1.0]])[0].tolist() == [4]
    assert variable.held_by(backend) is storage


def test_storage_goes_with_its_variable(backend):
    variable = Variable(np.zeros(3))
    storage = weakref.ref(variable.held_by(backend))
    del variable
    gc.collect()
    assert storage() is None
