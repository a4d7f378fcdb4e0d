"""How many products a graph adds up: numbers of ones, whose sum is that count."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Placeholder, order
from keras_core.graph import primitives as p
from keras_core.graph.scan import scan
from keras_core.graph.work import multiply_adds, product, total
from keras_core.testing.cases import CASES

WINDOWS = ("conv", "conv_input_grad", "conv_kernel_grad", "conv_kernel_grads")


def counted(*tensors):
    return multiply_adds(order.topological(tensors))


def built(case):
    """The use of a primitive in a case, and the result for inputs of ones."""
    arrays = case.arrays()
    ones = [np.ones_like(a) for a in arrays]
    tensors = [Placeholder(a.shape, a.dtype.name) for a in arrays]
    return case.subject(*tensors, **case.params), case.subject.reference(*ones, **case.params)


def cases(*names):
    chosen = [c for c in CASES if c.primitive in names and c.composed is None]
    return pytest.mark.parametrize("case", chosen, ids=[c.name for c in chosen])


@cases("dot")
def test_a_product_counts_what_a_product_of_ones_adds_up(case):
    result, ones = built(case)
    assert counted(result) == round(float(ones.sum()))


@cases(*WINDOWS)
def test_a_convolution_counts_what_one_of_ones_adds_up(case):
    """And what a window that reaches into padding would have met there."""
    result, ones = built(case)
    padded = case.params["padding"] == "same" or np.any(case.params["padding"])
    met = round(float(ones.sum()))
    assert counted(result) >= met if padded else counted(result) == met


@cases("softmax", "batch_normalization", "avg_pool", "reduce_sum", "multiply", "gather")
def test_what_adds_up_no_products_counts_nothing(case):
    assert counted(built(case)[0]) == 0


@pytest.mark.parametrize(
    ("build", "count"),
    [
        (lambda a, b: p.reduce_sum(p.multiply(a, b), axes=(1,), keepdims=False), 2 * 3 * 4),
        (lambda a, b: p.reduce_mean(p.multiply(a, b), axes=(0, 2), keepdims=True), 2 * 3 * 4),
        (lambda a, b: p.cumsum(p.square(a), axis=1), 2 * 3 * 4),
        (lambda a, b: p.sum_like(p.multiply(a, b), b), 2 * 3 * 4),
        (
            lambda a, b: p.reduce_sum(
                p.reshape(p.transpose(p.multiply(a, b), perm=(2, 0, 1)), shape=(4, 6)),
                axes=(1,),
                keepdims=False,
            ),
            2 * 3 * 4,
        ),
        (lambda a, b: p.reduce_sum(p.add(a, b), axes=(1,), keepdims=False), 0),
        (lambda a, b: p.reduce_max(p.multiply(a, b), axes=(1,), keepdims=False), 0),
        (lambda a, b: p.reduce_sum(p.exp(p.multiply(a, b)), axes=(1,), keepdims=False), 0),
    ],
)
def test_a_sum_counts_the_products_that_it_is_given(build, count):
    assert counted(build(Placeholder((2, 3, 4)), Placeholder((3, 1)))) == count


def test_a_loop_counts_its_body_at_each_step():
    steps, kernel = Placeholder((7, 2, 3)), Placeholder((3, 3))
    state = Placeholder((2, 3))

    def step(slices, states):
        new = p.dot(p.add(slices[0], states[0]), kernel, contract=((1,), (0,)), batch=((), ()))
        return [new], [new]

    _, (outputs,) = scan(step, [steps], [state])
    assert counted(outputs) == 7 * 2 * 3 * 3


@pytest.mark.parametrize("known", [True, False])
def test_a_loop_of_unknown_length(known):
    steps = Placeholder((None, 2, 3))

    def step(slices, states):
        new = p.add(slices[0], states[0])
        if not known:
            square = p.dot(new, new, contract=((0,), (0,)), batch=((), ()))
            new = p.dot(new, square, contract=((1,), (0,)), batch=((), ()))
        return [new], [new]

    _, (outputs,) = scan(step, [steps], [Placeholder((2, 3))])
    assert counted(outputs) == (0 if known else None)


def test_unknown_sizes():
    assert product((2, None)) is None
    assert product((2, None, 0)) == 0
    assert product(()) == 1
    assert total([1, 2]) == 3
    assert total([1, None]) is None
