"""A step of an optimizer on a large weight: loops over memory, and bytes taken, are counted."""

from __future__ import annotations

import re

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import config, constraints, optimizers, regularizers
from keras_core.graph import Placeholder, evaluate, gradients
from keras_core.graph import primitives as p
from keras_numpy.compiler import schedule
from keras_numpy.lowering import random, reduction

SHAPE = (300, 250)
BLOCK = 1 << 12
BYTES = 4 * SHAPE[0] * SHAPE[1]

OPTIMIZERS = {
    "SGD": lambda **kw: optimizers.SGD(0.1, **kw),
    "momentum": lambda **kw: optimizers.SGD(0.1, momentum=0.9, **kw),
    "nesterov": lambda **kw: optimizers.SGD(0.1, momentum=0.9, nesterov=True, **kw),
    "RMSprop": lambda **kw: optimizers.RMSprop(0.1, **kw),
    "Adagrad": lambda **kw: optimizers.Adagrad(0.1, **kw),
    "Adadelta": lambda **kw: optimizers.Adadelta(**kw),
    "Adam": lambda **kw: optimizers.Adam(0.1, **kw),
    "AMSGrad": lambda **kw: optimizers.Adam(0.1, amsgrad=True, **kw),
    "Adamax": lambda **kw: optimizers.Adamax(0.1, **kw),
    "Nadam": lambda **kw: optimizers.Nadam(0.1, **kw),
}
# What the norm of a gradient or of a weight is needed for waits until all of it was read.
OPTIONS = {
    "plain": (1, {}),
    "decay": (1, {"decay": 0.1}),
    "clipvalue": (1, {"clipvalue": 0.2}),
    "clipnorm": (2, {"clipnorm": 0.5}),
    "all": (2, {"clipnorm": 0.5, "clipvalue": 0.2, "decay": 0.1}),
}
CONSTRAINTS = {
    "NonNeg": (1, lambda: constraints.NonNeg()),
    "MaxNorm": (2, lambda: constraints.MaxNorm(0.5)),
    "UnitNorm": (2, lambda: constraints.UnitNorm()),
    "MinMaxNorm": (2, lambda: constraints.MinMaxNorm(0.1, 0.5)),
}
REGULARIZERS = {"l2": regularizers.l2(0.1), "l1_l2": regularizers.l1_l2(0.1, 0.1)}


def initial(seed=0, shape=SHAPE):
    return np.random.default_rng(seed).normal(size=shape).astype("float32") / 30


class Step:
    """A training step whose gradient is a product of two matrices."""

    def __init__(self, compiled, optimizer, constraint=None, regularizer=None):
        rows, columns = SHAPE
        self.weight = K.variable(initial(), constraint=constraint)
        x, y = Placeholder((3, rows)), Placeholder((3, columns))
        loss = K.sum(K.dot(x, self.weight) * y)
        if regularizer is not None:
            loss = loss + regularizer(self.weight)
        self.inputs = [x, y]
        self.updates = optimizer.get_updates(loss, [self.weight])
        self.outputs = [loss]
        self.run = compiled(self.inputs, self.outputs, self.updates)
        self.shapes = [(3, rows), (3, columns)]

    @property
    def source(self):
        return self.run.source(*self.shapes)

    @property
    def passes(self):
        """Loops over the weight's blocks, and calls that take it whole, which are loops too."""
        loops = len(re.findall(r"for i_|def block_", self.source))
        code = self.run.compiled._template.code(tuple(self.shapes))
        nodes = {line: node for line, node in code.nodes.items() if node.specs[0].shape == SHAPE}
        lines = self.source.splitlines()
        whole = [n for n in nodes if re.match(r"    \w", lines[n - 1]) and "(" in lines[n - 1]]
        plain = [n for n in whole if not re.match(r"    (share_|dot_|def |for )", lines[n - 1])]
        return loops + len(plain)

    @property
    def nbytes(self):
        return self.run.compiled._template.code(tuple(self.shapes)).memory.nbytes

    def feed(self, seed):
        return [initial(seed, shape) for shape in self.shapes]

    def agrees(self, steps=2):
        for seed in range(1, steps + 1):
            arrays = self.feed(seed)
            variables, values = zip(*self.updates)
            feeds = dict(zip(self.inputs, arrays))
            expected = evaluate([*self.outputs, *values], feeds)
            got = [*self.run(*arrays), *(v.get_value() for v in variables)]
            for one, other in zip(got, expected):
                np.testing.assert_allclose(one, other, rtol=3e-5, atol=3e-6)


def few_blocks(step):
    """No more than the gradient, and blocks for each of two threads."""
    return step.nbytes < BYTES + 2 * 5 * 4 * BLOCK


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    """Threads and blocks as for weights of many megabytes."""
    for module in (schedule, random, reduction):
        monkeypatch.setattr(module, "SHARED", 1 << 16)
        monkeypatch.setattr(module, "SHARED_BLOCK", BLOCK)
    monkeypatch.setattr(schedule, "SHARED_WORK", 1 << 16)
    config.set_option("threads", 2)
    yield
    config.forget()


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_optimizer_reads_and_writes_once(compiled, name, option):
    passes, arguments = OPTIONS[option]
    if name == "Nadam":
        arguments = {key: value for key, value in arguments.items() if key != "decay"}
    step = Step(compiled, OPTIMIZERS[name](**arguments))
    step.agrees()
    assert step.passes == passes and few_blocks(step)
    assert "copyto" not in step.source


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_constraint_takes_no_memory(compiled, name, constraint):
    passes, make = CONSTRAINTS[constraint]
    step = Step(compiled, OPTIMIZERS[name](), make())
    step.agrees()
    assert step.passes == passes and few_blocks(step)


@pytest.mark.parametrize("regularizer", REGULARIZERS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_penalty_is_worked_out_in_the_same_pass(compiled, name, regularizer):
    step = Step(compiled, OPTIMIZERS[name](), regularizer=REGULARIZERS[regularizer])
    step.agrees()
    assert step.passes == 1 and few_blocks(step)


def test_a_second_weight_of_the_same_shape_waits_for_its_own_pass(compiled):
    """Its gradient is made when that of the first is gone."""
    first, second = K.variable(initial(1)), K.variable(initial(2))
    x, y = Placeholder((3, SHAPE[0])), Placeholder((3, SHAPE[1]))
    loss = K.sum(K.dot(x, first) * y) + K.sum(K.dot(x, second) * K.square(y))
    run = compiled([x, y], [], optimizers.Adam().get_updates(loss, [first, second]))
    shapes = (3, SHAPE[0]), (3, SHAPE[1])
    assert run.source(*shapes).count("def block_") == 2
    assert run.compiled._template.code(shapes).memory.nbytes < BYTES + 2 * 5 * 4 * BLOCK


# Reductions


REDUCTIONS = {
    "sum": lambda x: p.reduce_sum(x, axes=(0, 1), keepdims=False),
    "mean": lambda x: p.reduce_mean(x, axes=(0, 1), keepdims=True),
    "sum of columns": lambda x: p.reduce_sum(x, axes=(0,), keepdims=False),
    "mean of columns": lambda x: p.reduce_mean(x, axes=(0,), keepdims=True),
    "sum of rows": lambda x: p.reduce_sum(x, axes=(1,), keepdims=False),
    "mean of rows": lambda x: p.reduce_mean(x, axes=(1,), keepdims=True),
    "largest": lambda x: p.reduce_max(x, axes=(0, 1), keepdims=False),
    "least of columns": lambda x: p.reduce_min(x, axes=(0,), keepdims=True),
    "largest of rows": lambda x: p.reduce_max(x, axes=(1,), keepdims=False),
    "product of columns": lambda x: p.reduce_prod(x, axes=(0,), keepdims=False),
    "all": lambda x: p.reduce_all(p.greater(x, x - 1.0), axes=(0, 1), keepdims=False),
    "any of rows": lambda x: p.reduce_any(p.greater(x, x + 1.0), axes=(1,), keepdims=True),
    "place in rows": lambda x: p.argmax(x, axis=1),
    "place in columns": lambda x: p.argmin(x, axis=0),
    "softmax": lambda x: p.softmax(x, axis=1),
    "log_softmax": lambda x: p.log_softmax(x, axis=1),
    "sum of squares": lambda x: p.reduce_sum(p.square(x), axes=(0, 1), keepdims=True),
    "sum of all but channels": lambda x: p.reduce_sum(
        p.tanh(p.reshape(x, shape=(30, 50, 10, 5))), axes=(0, 1, 2), keepdims=False
    ),
}


@pytest.mark.parametrize("shape", [SHAPE, (1300, 77), (3, 40_000), (1 << 17, 1)], ids=str)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_are_those_of_numpy_and_equal_for_any_number_of_threads(compiled, name, shape):
    if name == "sum of all but channels" and shape != SHAPE:
        shape = SHAPE
    x, array = Placeholder(shape), initial(3, shape)
    outputs = [REDUCTIONS[name](x)]
    found = []
    for count in (1, 2, 7):
        config.set_option("threads", count)
        found.append(compiled([x], outputs)(array)[0])
    (expected,) = evaluate(outputs, {x: array})
    np.testing.assert_allclose(found[0], expected, rtol=2e-4, atol=2e-5)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize("name", ["sum of squares", "mean of columns", "softmax", "place in rows"])
def test_large_reductions_are_shared_out_and_take_no_memory(compiled, name):
    x = Placeholder((2000, 250))
    run = compiled([x], [REDUCTIONS[name](x)])
    assert run.source((2000, 250)).count("def block_") == 1
    assert run.compiled._template.code(((2000, 250),)).memory.nbytes < 2000 * 250 * 4 / 8


def test_a_sum_of_what_a_loop_makes_takes_no_pass_of_its_own(compiled):
    """As the gradient of a bias does: the gradient before it is needed too."""
    x, g = Placeholder(SHAPE), Placeholder(SHAPE)
    before = p.relu_grad(x, g)
    run = compiled([x, g], [before, p.reduce_sum(before, axes=(0,), keepdims=False)])
    assert run.source(SHAPE, SHAPE).count("def block_") == 1
    assert "dot(" not in run.source(SHAPE, SHAPE)
    arrays = initial(4), initial(5)
    expected = np.where(arrays[0] > 0, arrays[1], 0)
    got = run(*arrays)
    np.testing.assert_array_equal(got[0], expected)
    np.testing.assert_allclose(got[1], expected.sum(axis=0, dtype="float64"), atol=1e-5)


# Draws


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(150_001,), (301, 401), (3, 50_001), (70, 11, 201)])
def test_large_draws_are_those_of_one_generator_for_any_number_of_threads(compiled, shape, dtype):
    from keras_core import config
    from keras_core.graph.randomness import generator

    drawn = p.random_uniform(shape=shape, dtype=dtype, stream=9)
    mask = p.cast(p.greater(drawn, p.scalar(0.5, dtype)), dtype=dtype) * 2.0
    expected = generator((0, 3), 9).random(shape, dtype)
    for count in (1, 2, 7):
        config.set_option("threads", count)
        np.testing.assert_array_equal(compiled([], [drawn])(step=3)[0], expected)
        np.testing.assert_array_equal(compiled([], [mask])(step=3)[0], (expected > 0.5) * 2.0)


def test_a_mask_is_drawn_where_it_is_used(compiled):
    """No array of random numbers is made for the mask of a dropout."""
    x, shape = Placeholder(SHAPE), SHAPE
    kept = p.greater(p.random_uniform(shape=shape, dtype="float32", stream=9), x)
    run = compiled([x], [p.where(kept, x * 2.0, x * 0.0)])
    assert run.source(shape).count("def block_") == 1
    code = run.compiled._template.code((shape,))
    assert code.memory.nbytes < BYTES


def test_a_draw_that_two_loops_read_is_made_once(compiled):
    drawn = p.random_uniform(shape=SHAPE, dtype="float32", stream=9)
    total = p.reduce_sum(p.square(drawn), axes=(0, 1), keepdims=False)
    source = compiled([], [drawn * total + 1.0]).source()
    assert source.count("generator(") == 1


def test_gradients_through_reductions_in_blocks(compiled):
    x = Placeholder((700, 310))
    y = p.reduce_sum(p.square(p.softmax(p.tanh(x), axis=1)), axes=(0, 1), keepdims=False)
    (g,) = gradients([y], [x])
    array = initial(6, (700, 310))
    np.testing.assert_allclose(
        compiled([x], [g])(array)[0], evaluate([g], {x: array})[0], rtol=1e-4, atol=1e-6
    )
