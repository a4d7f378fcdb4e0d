"""Gradients where finite differences cannot tell, at kinks and ties; how many nodes they take."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Placeholder, evaluate, gradients
from keras_core.graph import primitives as p
from keras_core.graph.order import topological
from keras_core.graph.tensor import Constant


def gradient(build, *values):
    """The gradients of the sum of what `build` makes of float32 values."""
    xs = [Constant(np.asarray(v), "float32") for v in values]
    found = gradients([build(*xs)], xs)
    return [None if g is None else evaluate([g])[0].tolist() for g in found]


@pytest.mark.parametrize(
    ("build", "x", "expected"),
    [
        (p.relu, [-1, 0, 2], [0, 0, 1]),
        (p.abs, [-1, 0, 2], [-1, 0, 1]),
        (lambda x: p.clip(x, low=-1.0, high=1.0), [-2, -1, 0, 1, 2], [0, 1, 1, 1, 0]),
        (lambda x: p.reduce_max(x, axes=(0,), keepdims=False), [1, 3, 3], [0, 0.5, 0.5]),
        (lambda x: p.reduce_min(x, axes=(0,), keepdims=False), [1, 1, 3], [0.5, 0.5, 0]),
        (lambda x: p.reduce_prod(x, axes=(0,), keepdims=False), [0, 2, 3], [6, 0, 0]),
        (lambda x: p.reduce_prod(x, axes=(0,), keepdims=False), [0, 0, 3], [0, 0, 0]),
        (lambda x: p.softplus(x), [-1e4, 0, 1e4], [0, 0.5, 1]),
    ],
)
def test_kinks_and_ties(build, x, expected):
    np.testing.assert_allclose(gradient(build, x)[0], expected)


@pytest.mark.parametrize("build", [p.maximum, p.minimum])
def test_the_first_operand_takes_the_gradient_of_a_tie(build):
    assert gradient(build, [2.0], [2.0]) == [[1], [0]]


def test_power_has_no_gradient_by_the_exponent_at_or_below_zero():
    assert gradient(p.power, [-2.0, 0.0], [2.0, 2.0]) == [[-4, 0], [0, 0]]


def test_power_is_twice_differentiable_at_zero():
    x, b = Constant(0.0, "float32"), Constant(3.0, "float32")
    first = gradients([p.power(x, b)], [b])[0]
    assert evaluate(gradients([first], [b]))[0] == 0


@pytest.mark.parametrize("build", [p.floor, p.ceil, p.round, p.sign, p.stop_gradient])
def test_steps_have_no_gradient(build):
    assert gradient(build, [1.5]) == [None]


def test_gradients_do_not_pass_through_integers():
    assert gradient(lambda x: p.cast(p.cast(x, dtype="int32"), dtype="float32"), [1.5]) == [None]


def test_softmax_cross_entropy_takes_labels_to_sum_to_one():
    """softmax - labels, as TensorFlow's kernel has it, whatever the labels."""
    g_logits = gradient(lambda z, x: p.softmax_cross_entropy(z, x, axis=1), [[2, 1]], [[0, 0]])[1]
    np.testing.assert_allclose(g_logits, [[0.5 - 2, 0.5 - 1]])


def test_statistics_of_batch_norm_train_have_gradients():
    def build(x):
        ones = Constant([1.0], "float32")
        _, mean, var = p.batch_norm_train(x, ones, ones, axes=(0,), epsilon=1e-3)
        return p.add(p.multiply(mean, Constant(10.0, "float32")), var)

    x = np.array([[1.0], [4.0], [4.0]])
    np.testing.assert_allclose(gradient(build, x)[0], 10 / 3 + 2 * (x - 3) / 3, rtol=1e-6)


# Sizes that are not known


def count(tensors, name):
    return sum(node.primitive.name == name for node in topological(tensors))


def test_a_bias_is_summed_over_the_batch_without_looking_at_sizes():
    x, bias = Placeholder((None, 3)), Placeholder((3,))
    found = gradients([p.add(x, bias)], [x, bias])
    assert [g.shape for g in found] == [(None, 3), (3,)]
    assert count(found, "sum_like") == 0


def test_two_unknown_sizes_are_compared_at_run_time():
    a, b = Placeholder((None, 2)), Placeholder((None, 2))
    found = gradients([p.multiply(a, b)], [a, b])
    assert count(found, "sum_like") == 2
    feeds = {a: np.ones((3, 2), "float32"), b: np.full((1, 2), 2, "float32")}
    ga, gb = evaluate(found, feeds)
    assert ga.tolist() == [[2, 2]] * 3 and gb.tolist() == [[3, 3]]


def test_concat_of_two_unknown_sizes_gives_each_its_part():
    a, b = Placeholder((None,)), Placeholder((None,))
    weights = Constant(np.arange(5), "float32")
    found = gradients([p.multiply(p.concat(a, b, axis=0), weights)], [a, b])
    ga, gb = evaluate(found, {a: np.ones(2, "float32"), b: np.ones(3, "float32")})
    assert ga.tolist() == [0, 1] and gb.tolist() == [2, 3, 4]


@pytest.mark.parametrize("sizes", [(1, None, 2), (None, 0), (0, None), (None, 2, 1)])
def test_concat_with_one_unknown_size(sizes):
    xs = [Placeholder((n,)) for n in sizes]
    arrays = [np.ones(3 if n is None else n, "float32") for n in sizes]
    total = sum(map(len, arrays))
    y = p.multiply(p.concat(*xs, axis=0), Constant(np.arange(total), "float32"))
    parts = evaluate(gradients([y], xs), dict(zip(xs, arrays)))
    assert [len(part) for part in parts] == [len(a) for a in arrays]
    assert np.concatenate(parts).tolist() == list(range(total))


@pytest.mark.parametrize(
    ("build", "most"),
    [
        (p.tanh, 1),
        (p.sigmoid, 1),
        (p.relu, 1),
        (p.exp, 1),
        (p.sqrt, 2),
        (lambda x: p.softmax(x, axis=1), 4),
        (lambda x: p.clip(x, low=0.0, high=1.0), 2),
        (lambda x: p.reduce_mean(x, axes=(1,), keepdims=True), 3),
        (lambda x: p.transpose(x, perm=(1, 0)), 1),
        (lambda x: p.reshape(x, shape=(-1, 2, 2)), 1),
        (lambda x: x[:, 1:], 2),
    ],
)
def test_gradients_take_few_nodes(build, most):
    x = Placeholder((None, 4))
    y = build(x)
    g = Placeholder(y.shape)
    known = set(topological([y]))
    found = gradients([y], [x], [g])
    assert sum(node not in known for node in topological(found)) <= most


def test_products_of_matrices_need_no_transposition():
    x, w = Placeholder((None, 3)), Placeholder((3, 2))
    y = p.dot(x, w, contract=((1,), (0,)), batch=((), ()))
    assert count(gradients([y], [x, w]), "transpose") == 0
