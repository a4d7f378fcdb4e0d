"""Steps of optimizers on a large embedding: what is read, written and taken for its gradient."""

from __future__ import annotations

import re

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import constraints, optimizers, regularizers
from keras_core.graph import Placeholder, evaluate
from keras_core.graph import primitives as p

ROWS, COLUMNS = 3000, 32
BYTES = 4 * ROWS * COLUMNS
# Twice in one row, at both ends, and next to each other.
NUMBERS = np.array([[0, 7, 7, 2999], [2048, 7, 8, 0], [511, 512, 511, 511]], "int32")

OPTIMIZERS = {
    "SGD": lambda **kw: optimizers.SGD(0.1, **kw),
    "momentum": lambda **kw: optimizers.SGD(0.1, momentum=0.9, **kw),
    "nesterov": lambda **kw: optimizers.SGD(0.1, momentum=0.9, nesterov=True, **kw),
    "look ahead by nothing": lambda **kw: optimizers.SGD(0.1, nesterov=True, **kw),
    "RMSprop": lambda **kw: optimizers.RMSprop(0.1, **kw),
    "Adagrad": lambda **kw: optimizers.Adagrad(0.1, **kw),
    "Adadelta": lambda **kw: optimizers.Adadelta(**kw),
    "Adam": lambda **kw: optimizers.Adam(0.1, **kw),
    "AMSGrad": lambda **kw: optimizers.Adam(0.1, amsgrad=True, **kw),
    "Adamax": lambda **kw: optimizers.Adamax(0.1, **kw),
    "Nadam": lambda **kw: optimizers.Nadam(0.1, **kw),
}
SELDOM = ("SGD", "look ahead by nothing", "Adagrad")
# Those that would leave other rows alone, were a factor 0.
WITH_A_FACTOR = ("SGD", "momentum", "nesterov", "look ahead by nothing", "RMSprop")
OPTIONS = {
    "plain": {},
    "decay": {"decay": 0.1},
    "clipvalue": {"clipvalue": 0.2},
    "clipnorm": {"clipnorm": 0.5},
    "all": {"clipnorm": 0.5, "clipvalue": 0.2, "decay": 0.1},
}


def values(seed=0, shape=(ROWS, COLUMNS)):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def looked_up(table, numbers):
    return p.gather(table, numbers, axis=0)


def once(table, x, y):
    return K.sum(K.tanh(looked_up(table, x)) * y)


def twice(table, x, y):
    return once(table, x, y) + K.sum(K.square(looked_up(table, x[:, 1:])))


def tied(table, x, y):
    """The table is what its rows are compared with, too."""
    scores = K.dot(K.mean(looked_up(table, x), axis=1), K.transpose(table))
    return once(table, x, y) + K.sum(K.square(scores)) / 100


class Step:
    def __init__(self, compiled, optimizer, build=once, constraint=None, penalty=None):
        self.table = K.variable(values(), constraint=constraint)
        x, y = Placeholder((None, 4), "int32"), Placeholder((None, 4, COLUMNS))
        loss = build(self.table, x, y)
        if penalty is not None:
            loss = loss + penalty(self.table)
        self.inputs = [x, y]
        self.updates = optimizer.get_updates(loss, [self.table])
        self.outputs = [loss]
        self.run = compiled(self.inputs, self.outputs, self.updates)

    def feed(self, seed, numbers=NUMBERS):
        return [numbers, values(seed, (*numbers.shape, COLUMNS))]

    @property
    def code(self):
        return self.run.compiled._template.code(tuple(a.shape for a in self.feed(0)))

    @property
    def loops(self):
        return len(re.findall(r"for i_|def block_", self.code.source))

    def agrees(self, batches=(NUMBERS, NUMBERS[:1] + 1, NUMBERS[:0], NUMBERS)):
        """With the arithmetic on whole arrays that the references do."""
        for seed, numbers in enumerate(batches):
            numbers = np.minimum(numbers, ROWS - 1)
            arrays = self.feed(seed, numbers)
            variables, new = zip(*self.updates)
            expected = evaluate([*self.outputs, *new], dict(zip(self.inputs, arrays)))
            got = [*self.run(*arrays), *(v.get_value() for v in variables)]
            for one, other in zip(got, expected):
                np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_those_of_whole_gradients_without_such_an_array(compiled, name, option):
    arguments = {k: v for k, v in OPTIONS[option].items() if name != "Nadam" or k != "decay"}
    step = Step(compiled, OPTIMIZERS[name](**arguments))
    step.agrees()
    assert step.loops == (name != "Adagrad")
    assert ("if not v" in step.code.source) == (name in WITH_A_FACTOR)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_one_row_stands_for_all_that_a_step_takes(compiled, name):
    """Buffers of a few blocks, whatever the size of the table."""
    step = Step(compiled, OPTIMIZERS[name]())
    assert step.code.memory.nbytes < BYTES


@pytest.mark.parametrize("build", [twice, tied])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_tables_that_are_used_twice(compiled, name, build):
    Step(compiled, OPTIMIZERS[name](), build).agrees()


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(
    "constraint",
    [constraints.NonNeg(), constraints.MaxNorm(1.0, axis=1), constraints.UnitNorm(axis=0)],
    ids=["NonNeg", "MaxNorm", "UnitNorm"],
)
def test_tables_with_constraints(compiled, name, constraint):
    Step(compiled, OPTIMIZERS[name](), constraint=constraint).agrees()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_tables_with_penalties(compiled, name):
    Step(compiled, OPTIMIZERS[name](), penalty=regularizers.l1_l2(0.01, 0.01)).agrees()


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", SELDOM)
def test_other_rows_are_neither_read_nor_written(compiled, name, option):
    """Not even what is no number in them spreads, which it would through any arithmetic."""
    step = Step(compiled, OPTIMIZERS[name](**OPTIONS[option]))
    unused = np.setdiff1d(np.arange(ROWS), NUMBERS)
    table, expected = values(), step.table
    table[unused] = np.nan
    step.table.set_value(table)
    step.run(*step.feed(1))
    got = expected.get_value()
    assert np.isnan(got[unused]).all() and np.isfinite(np.delete(got, unused, 0)).all()


def test_moments_are_zero_where_the_last_gradient_was(compiled):
    """Without momentum they are the last step, as in Keras 2.3.1, whose files hold them."""
    optimizer = optimizers.SGD(0.1)
    step = Step(compiled, optimizer)
    for numbers in (NUMBERS, NUMBERS[:1] + 5):
        before = step.table.get_value()
        step.run(*step.feed(2, np.minimum(numbers, ROWS - 1)))
        moments = optimizer.get_weights()[1]
        np.testing.assert_allclose(moments, step.table.get_value() - before, atol=1e-6)
        assert np.flatnonzero(moments.any(axis=1)).tolist() == sorted(
            {*np.minimum(numbers, 2999).flat}
        )


def test_momentum_that_is_set_while_training_counts_from_then_on(compiled):
    optimizer = optimizers.SGD(0.1)
    step = Step(compiled, optimizer)
    step.agrees([NUMBERS])
    optimizer.momentum = 0.9
    step.agrees([NUMBERS[:1], NUMBERS + 0])
    optimizer.momentum = 0.0
    step.agrees([NUMBERS[1:], NUMBERS[2:]])


@pytest.mark.parametrize("bad", [-1, ROWS])
@pytest.mark.parametrize("name", ["SGD", "Adagrad", "Adam"])
def test_a_number_out_of_range_is_refused_before_anything_changes(compiled, name, bad):
    step = Step(compiled, OPTIMIZERS[name]())
    arrays = step.feed(1)
    arrays[0] = arrays[0].copy()
    arrays[0][1, 1] = bad
    before = [v.get_value() for v, _ in step.updates]
    with pytest.raises(IndexError, match=rf"index {bad} is outside of \[0, 3000\)"):
        step.run(*arrays)
    for (v, _), value in zip(step.updates, before):
        np.testing.assert_array_equal(v.get_value(), value)


@pytest.mark.parametrize("bad", [-1, ROWS])
def test_a_number_out_of_range_is_refused_where_only_a_gradient_is_asked_for(compiled, bad):
    table = K.variable(values())
    x = Placeholder((3,), "int32")
    (g,) = K.gradients(K.sum(looked_up(table, x)), [table])
    run = compiled([x], [], [(table, table - g)])
    with pytest.raises(IndexError, match="outside of"):
        run(np.array([1, bad, 2], "int32"))


def test_a_gradient_that_is_asked_for_is_an_array(compiled):
    table, x = K.variable(values()), Placeholder((3, 4), "int32")
    (g,) = K.gradients(K.sum(looked_up(table, x)), [table])
    (got,) = compiled([x], [g], [(table, table - 0.1 * g)])(NUMBERS)
    np.testing.assert_array_equal(got, np.bincount(NUMBERS.flat, minlength=ROWS)[:, None] + got * 0)


def test_gradients_along_another_axis(compiled):
    table, x = Placeholder((40, 3000)), Placeholder((3, 4), "int32")
    (g,) = K.gradients(K.sum(K.square(p.gather(table, x, axis=1))), [table])
    array = values(3, (40, 3000))
    counts = np.bincount(NUMBERS.flat, minlength=3000)
    (got,) = compiled([table, x], [g * 0.5])(array, NUMBERS)
    np.testing.assert_allclose(got, array * counts, rtol=1e-6)
