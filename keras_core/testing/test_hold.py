"""Values that are set and read from a thread while steps are done: each is seen whole."""

from __future__ import annotations

import threading

import numpy as np

from keras_core import backend as K
from keras_core.graph import Update, Variable
from keras_core.graph import primitives as p
from keras_core.testing.runners import Function
from keras_core.testing.threads import in_threads

# So large that engines share the work out or leave the interpreter alone meanwhile.
SIZE = 100_000
COUNT = 12
# Further apart than as many steps as come between two of them.
APART = 100_000.0


def counting(*variables):
    """A step that adds 1 to variables, and gives the least and the largest value before it."""
    one, ends = p.scalar(1.0, "float32"), []
    for v in variables:
        ends += [f(v, axes=(0,), keepdims=False) for f in (p.reduce_min, p.reduce_max)]
    return Function([], ends, [Update(v, p.add(v, one)) for v in variables])


def beside(step, work):
    """The results of the steps that are done while `work` is, which is given `await_step`."""
    seen, over = [], threading.Event()
    moved = threading.Condition()

    def steps():
        try:
            while not over.is_set():
                values = [float(value) for value in step([])]
                with moved:
                    seen.append(values)
                    moved.notify_all()
        finally:
            over.set()
            with moved:
                moved.notify_all()

    def await_steps(count):
        """Waits until so many steps have ended from now on."""
        with moved:
            least = len(seen) + count
            moved.wait_for(lambda: len(seen) >= least or over.is_set())

    def beside_them():
        try:
            work(await_steps)
        finally:
            over.set()

    in_threads(steps, beside_them)
    return seen


def test_values_set_meanwhile_are_seen_whole_and_none_is_lost():
    v = Variable(np.zeros(SIZE))

    def work(await_steps):
        for number in range(1, COUNT + 1):
            K.set_value(v, np.full(SIZE, APART * number))
            await_steps(2)

    seen = beside(counting(v), work)
    assert all(least == largest for least, largest in seen)
    values = [least for least, _ in seen]
    assert {APART * number for number in range(1, COUNT + 1)} <= set(values)
    jumps = [b for a, b in zip(values, values[1:]) if b != a + 1]
    assert jumps in (
        [APART * n for n in range(1, COUNT + 1)],
        [APART * n for n in range(2, COUNT + 1)],
    )
    assert np.unique(v.get_value()).tolist() == [values[-1] + 1]


def test_values_that_are_set_together_are_seen_together():
    a, b = Variable(np.zeros(SIZE)), Variable(np.zeros(SIZE))

    def work(await_steps):
        for number in range(COUNT):
            value = np.full(SIZE, APART * number)
            K.batch_set_value([(a, value), (b, value)])
            await_steps(1)

    assert all(len(set(values)) == 1 for values in beside(counting(a, b), work))


def test_variables_are_read_while_they_are_trained():
    a, b = Variable(np.zeros(SIZE)), Variable(np.zeros(SIZE))
    read = []

    def work(await_steps):
        for _ in range(COUNT):
            read.append(K.batch_get_value([a, b]))
            await_steps(1)

    beside(counting(a, b), work)
    assert all((array == arrays[0][0]).all() for arrays in read for array in arrays)
    numbers = [float(arrays[0][0]) for arrays in read]
    assert numbers == sorted(numbers) and numbers[-1] > numbers[0]
