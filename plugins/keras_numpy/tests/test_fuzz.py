"""Random programs, by seed: the compiled numbers are those of the references.

They mix shapes, views, updates that read each other, loops in loops, gradients and reads of old
values, to meet what nobody thinks of: memory that is written too early or used for two things.
"""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Placeholder, Program, Variable, evaluate, gradients
from keras_core.graph import primitives as p
from keras_core.graph.checker import check
from keras_core.graph.passes import hoist, prune_scans, tidy
from keras_core.graph.scan import scan

UNARY = (p.tanh, p.relu, p.negative, p.square, p.sigmoid, p.abs, p.sin, p.sign, p.identity)
BINARY = (
    *(p.add, p.subtract, p.multiply, p.maximum, p.minimum),
    *(p.tanh_grad, p.sigmoid_grad, p.relu_grad),
)
PROGRAMS = 200


class Expressions:
    """A growing pool of tensors.

    Args:
        rng: NumPy's Generator that decides.
        pool: tensors to start from.
    """

    def __init__(self, rng, pool):
        self.rng = rng
        self.pool = list(pool)
        self.kinds = (
            *(self.unary, self.binary, self.binary, self.choice, self.transposed, self.reversed),
            *(self.reduced, self.rotated, self.product, self.softmax, self.shifted, self.rounded),
        )

    def one_of(self, things):
        return things[int(self.rng.integers(len(things)))]

    def some(self):
        """A tensor, more often a recent one."""
        return self.one_of(self.pool[-8:] if self.rng.random() < 0.7 else self.pool)

    def like(self, x):
        return self.one_of([t for t in self.pool if t.shape == x.shape])

    def axis(self, x):
        return int(self.rng.integers(x.ndim))

    def grow(self, count):
        for _ in range(count):
            x = self.some()
            kinds = self.kinds if x.ndim else (self.unary, self.binary, self.choice)
            self.pool.append(self.one_of(kinds)(x))

    def unary(self, x):
        return self.one_of(UNARY)(x)

    def binary(self, x):
        return self.one_of(BINARY)(x, self.like(x))

    def choice(self, x):
        return p.where(p.greater(x, self.like(x)), self.like(x), self.like(x))

    def transposed(self, x):
        return p.transpose(x, perm=tuple(int(i) for i in self.rng.permutation(x.ndim)))

    def reversed(self, x):
        return p.reverse(x, axes=(self.axis(x),))

    def reduced(self, x):
        reduce = self.one_of((p.reduce_sum, p.reduce_max, p.reduce_mean))
        return p.broadcast_like(reduce(x, axes=(self.axis(x),), keepdims=True), x)

    def rotated(self, x):
        """The end of one tensor before the beginning of another."""
        axis = self.axis(x)
        cut = int(self.rng.integers(x.shape[axis] + 1))
        whole = ((None, None, 1),) * x.ndim
        end, start = (
            (*whole[:axis], part, *whole[axis + 1 :]) for part in ((cut, None, 1), (None, cut, 1))
        )
        return p.concat(p.slice(x, index=end), p.slice(self.like(x), index=start), axis=axis)

    def product(self, x):
        axis = self.axis(x)
        squares = [t for t in self.pool if t.shape == (x.shape[axis],) * 2]
        if not squares:
            return p.negative(x)
        y = p.tanh(p.dot(x, self.one_of(squares), contract=((axis,), (0,)), batch=((), ())))
        others = [i for i in range(x.ndim) if i != axis]
        return p.transpose(y, perm=tuple(np.argsort([*others, axis]).tolist()))

    def softmax(self, x):
        return p.softmax(x, axis=self.axis(x))

    def shifted(self, x):
        return p.add(x, p.reduce_mean(self.like(x), axes=tuple(range(x.ndim)), keepdims=False))

    def rounded(self, x):
        wide = p.cast(p.multiply(x, p.scalar(3, "float32")), dtype="float64")
        return p.cast(p.tanh(wide), dtype="float32")

    def loop(self, depth=0):
        """Adds the results of a loop over some tensor."""
        x = self.one_of([t for t in self.pool if t.ndim])
        row = [t for t in self.pool if t.shape == x.shape[1:]]
        summed = p.reduce_mean(x, axes=(0,), keepdims=False)
        starts = [self.one_of([*row, summed]) for _ in range(int(self.rng.integers(1, 4)))]

        def step(slices, states):
            return self.step([*slices, *states, *row[:2]], len(slices), len(states), depth)

        sequences = [x, self.like(x)][: int(self.rng.integers(1, 3))]
        states, rows = scan(step, sequences, starts, reverse=bool(self.rng.random() < 0.4))
        self.pool += [*states, *rows]

    def step(self, pool, slices, states, depth):
        inner = Expressions(self.rng, pool)
        inner.grow(int(self.rng.integers(1, 7)))
        if depth == 0 and pool[0].ndim and self.rng.random() < 0.25:
            inner.loop(depth=1)
        fitting = [t for t in inner.pool if t.shape == pool[0].shape]
        old = pool[slices : slices + states]
        new = [self.one_of(old if self.rng.random() < 0.2 else fitting) for _ in old]
        extra = [old[0], new[-1], pool[0]][: int(self.rng.integers(4))]
        return [self.one_of(fitting) for _ in range(int(self.rng.integers(3)))] + extra, new


class Case:
    """One random program: placeholders, variables, outputs and updates.

    Args:
        seed: int that decides everything.
        large: True for arrays that are worked on in blocks.
    """

    def __init__(self, seed, large=False):
        self.rng = np.random.default_rng(seed)
        shapes = self._shapes(large)
        self.inputs = [Placeholder(shape) for shape in shapes[:3]]
        self.arrays = [self._floats(shape) for shape in shapes[:3]]
        self.variables = [
            Variable(self._floats(shape))
            for shape in shapes
            for _ in range(int(self.rng.integers(1, 4)))
        ]
        self.expressions = Expressions(self.rng, [*self.inputs, *self.variables])
        self._grow(large)
        pool = self.expressions.pool
        self.outputs = [self.expressions.one_of(pool) for _ in range(int(self.rng.integers(4)))]
        self.updates = []
        self._update()
        if self.rng.random() < 0.5:
            self._differentiate()

    def _shapes(self, large):
        if large:
            n, m = self._large_sizes()
            return [(n, m), (n, m), (m,), (n,), ()]
        n, m = int(self.rng.integers(0, 4)), int(self.rng.integers(1, 4))
        return [(n, m), (2, n, m), (m,), (n,), (), (m, m)]

    def _large_sizes(self):
        sizes = ((70000, 2), (3, 70000), (260, 300))
        return sizes[int(self.rng.integers(len(sizes)))]

    def _floats(self, shape):
        return self.rng.uniform(-1, 1, shape).astype("float32")

    def _grow(self, large):
        for _ in range(int(self.rng.integers(1, 5))):
            self.expressions.grow(int(self.rng.integers(1, 6)))
            if not large and self.rng.random() < 0.4:
                self.expressions.loop()

    def _update(self):
        """New values: any expression, or one and the same expression for many variables."""
        rate, alike = p.scalar(0.1, "float32"), self.rng.random() < 0.4
        for v in self.variables:
            if self.rng.random() < 0.6:
                value = self.expressions.like(v)
                if alike:
                    value = p.add(p.multiply(v, rate), p.multiply(value, rate))
                self.updates.append((v, value))
                if self.rng.random() < 0.2:
                    self.outputs.append(value)

    def _differentiate(self):
        xs = [self.expressions.one_of([*self.inputs, *self.variables]) for _ in range(2)]
        found = gradients(self.expressions.pool[-4:], xs)
        self.outputs += [g for g in found if g is not None]

    def expected(self):
        values = [value for _, value in self.updates]
        with np.errstate(all="ignore"):
            return evaluate([*self.outputs, *values], dict(zip(self.inputs, self.arrays)))


def assert_close(got, expected):
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    scale = max(1.0, np.abs(expected[np.isfinite(expected)]).max(initial=0))
    np.testing.assert_allclose(got, expected, rtol=2e-3, atol=3e-4 * scale)


def run_and_compare(compiled, case, calls=3):
    run = compiled(case.inputs, case.outputs, case.updates)
    for _ in range(calls):
        expected = case.expected()
        kept = {v: v.get_value() for v in case.variables}
        kept.update({v: x for (v, _), x in zip(case.updates, expected[len(case.outputs) :])})
        for got, wanted in zip(run(*case.arrays), expected):
            assert_close(got, wanted)
        for v, wanted in kept.items():
            assert_close(v.get_value(), wanted)
        case.arrays = [array * np.float32(0.7) for array in case.arrays]


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_random_programs(compiled, seed):
    case = Case(seed)
    program = Program(case.inputs, case.outputs, case.updates)
    for run_pass in (tidy, prune_scans, hoist, tidy, prune_scans):
        program = run_pass(program)
        check(program)
    run_and_compare(compiled, case)


@pytest.mark.parametrize("seed", range(20))
def test_random_programs_in_blocks(compiled, seed):
    run_and_compare(compiled, Case(seed, large=True), calls=2)
