"""Steps of optimizers on a large embedding: whole arrays that are made for it are counted."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import constraints, optimizers, regularizers, use_backend
from keras_core.graph import Function, Placeholder, evaluate
from keras_core.graph import primitives as p
from keras_core.plugins import load_backend

ROWS, COLUMNS = 3000, 32
NUMBERS = np.array([[0, 7, 7, 2999], [2048, 7, 8, 0], [511, 512, 511, 511]], "int32")

# How many whole arrays the operations of a step make: besides what is left of the rule for rows
# without a gradient, nothing.
WHOLE = {
    "SGD": (lambda **kw: optimizers.SGD(0.1, **kw), 3),
    "momentum": (lambda **kw: optimizers.SGD(0.1, momentum=0.9, **kw), 3),
    "RMSprop": (lambda **kw: optimizers.RMSprop(0.1, **kw), 6),
    "Adagrad": (lambda **kw: optimizers.Adagrad(0.1, **kw), 5),
    "Adam": (lambda **kw: optimizers.Adam(0.1, **kw), 1),
}


@pytest.fixture(autouse=True)
def backend():
    with use_backend("tensorflow"):
        yield load_backend("tensorflow")


def values(seed=0, shape=(ROWS, COLUMNS)):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def looked_up(table, numbers):
    return p.gather(table, numbers, axis=0)


def once(table, x, y):
    return K.sum(K.tanh(looked_up(table, x)) * y)


def twice(table, x, y):
    return once(table, x, y) + K.sum(K.square(looked_up(table, x[:, 1:])))


def tied(table, x, y):
    scores = K.dot(K.mean(looked_up(table, x), axis=1), K.transpose(table))
    return once(table, x, y) + K.sum(K.square(scores)) / 100


class Step:
    def __init__(self, optimizer, build=once, constraint=None, penalty=None):
        table = K.variable(values(), constraint=constraint)
        self.inputs = [Placeholder((None, 4), "int32"), Placeholder((None, 4, COLUMNS))]
        loss = build(table, *self.inputs)
        if penalty is not None:
            loss = loss + penalty(table)
        self.updates = optimizer.get_updates(loss, [table])
        self.outputs = [loss]
        self.run = Function(self.inputs, self.outputs, self.updates)

    def agrees(self, batches=(NUMBERS, NUMBERS[:1], NUMBERS[:0], NUMBERS[1:])):
        for seed, numbers in enumerate(batches):
            arrays = [numbers, values(seed, (*numbers.shape, COLUMNS))]
            variables, new = zip(*self.updates)
            expected = evaluate([*self.outputs, *new], dict(zip(self.inputs, arrays)))
            got = [*self.run(arrays), *(v.get_value() for v in variables)]
            for one, other in zip(got, expected):
                np.testing.assert_allclose(one, other, rtol=3e-5, atol=3e-5)

    def whole(self, backend):
        """The operations that make arrays of the table's size, by type."""
        run, _ = self.run.compiled_for(backend, 0)
        made = run._made([NUMBERS, values(0, (*NUMBERS.shape, COLUMNS))])
        operations = made.concrete.graph.get_operations()
        wide = [op for op in operations if any(y.shape == (ROWS, COLUMNS) for y in op.outputs)]
        return Counter(op.type for op in wide if op.type != "ReadVariableOp")


@pytest.mark.parametrize("option", [{}, {"clipvalue": 0.2}, {"clipnorm": 0.5}, {"decay": 0.1}])
@pytest.mark.parametrize("name", WHOLE)
def test_steps_are_those_of_whole_gradients_without_such_an_array(backend, name, option):
    make, count = WHOLE[name]
    step = Step(make(**option))
    step.agrees()
    made = step.whole(backend)
    # TensorFlow's own step of Adam, which writes in place, takes a whole gradient.
    spread = {"UnsortedSegmentSum", "Square", *(["ScatterNd"] if name != "Adam" else [])}
    assert not spread & set(made) or option.get("clipnorm")
    assert sum(made.values()) <= count + 2 * bool(option.get("clipnorm"))


@pytest.mark.parametrize("name", WHOLE)
def test_tables_that_are_used_twice(name):
    Step(WHOLE[name][0](), twice).agrees()


@pytest.mark.parametrize("name", ["SGD", "momentum"])
def test_tables_that_are_a_kernel_too(name):
    """With rules that do not divide tiny gradients, of which two backends round off others."""
    Step(WHOLE[name][0](), tied).agrees()


@pytest.mark.parametrize("name", WHOLE)
def test_tables_with_constraints_and_penalties(name):
    Step(WHOLE[name][0](), constraint=constraints.MaxNorm(1.0, axis=1)).agrees()
    Step(WHOLE[name][0](), penalty=regularizers.l1_l2(0.01, 0.01)).agrees()


def test_a_gradient_that_is_asked_for_is_an_array():
    table, x = K.variable(values()), Placeholder((3, 4), "int32")
    (g,) = K.gradients(K.sum(looked_up(table, x)), [table])
    counts = np.bincount(NUMBERS.flat, minlength=ROWS)
    got = Function([x], [g, g * 2.0 + 1.0])([NUMBERS])
    np.testing.assert_array_equal(got[0], np.repeat(counts[:, None], COLUMNS, 1))
    np.testing.assert_array_equal(got[1], np.repeat(counts[:, None], COLUMNS, 1) * 2.0 + 1.0)


@pytest.mark.parametrize("limits", [(-np.inf, 1.0), (0.0, np.inf), (-np.inf, np.inf), (0.0, 1.0)])
def test_infinite_limits_are_no_limits(limits):
    x = Placeholder((4,))
    low, high = limits
    array = np.array([-np.inf, -2, 3, np.nan], "float32")
    (got,) = Function([x], [p.clip(x, low=low, high=high)])([array])
    np.testing.assert_array_equal(got, np.clip(array, low, high))
