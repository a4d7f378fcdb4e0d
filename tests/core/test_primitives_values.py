"""The references against numbers worked out by hand, formulas and other functions of NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from keras_core.graph import evaluate
from keras_core.graph import primitives as p
from keras_core.graph.tensor import Constant

NAN, INF = math.nan, math.inf


def value(primitive, *inputs, **params):
    """The result for constants; float32 unless they are arrays."""
    tensors = [Constant(x, None if isinstance(x, np.ndarray) else np.float32) for x in inputs]
    return evaluate([primitive(*tensors, **params)])[0]


def integers(*values):
    return np.array(values, dtype="int32")


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("sigmoid", [-1e4, -1, 0, 1e4], [0, 1 / (1 + math.e), 0.5, 1]),
        ("softplus", [-1e4, 0, 1e4], [0, math.log(2), 1e4]),
        ("tanh", [-1e4, 0, 1], [-1, 0, math.tanh(1)]),
        ("relu", [-2, 0, 3], [0, 0, 3]),
        ("sign", [-2, 0, 3], [-1, 0, 1]),
        ("round", [-1.5, 0.5, 1.5, 2.5, 2.6], [-2, 0, 2, 2, 3]),
        ("floor", [-1.5, 1.5], [-2, 1]),
        ("ceil", [-1.5, 1.5], [-1, 2]),
        ("log", [0, 1, math.e], [-INF, 0, 1]),
        ("sqrt", [-1, 4], [NAN, 2]),
        ("rsqrt", [0, 4], [INF, 0.5]),
        ("reciprocal", [-4, 0], [-0.25, INF]),
        ("expm1", [1e-7, 1], [1e-7, math.e - 1]),
        ("log1p", [1e-7, 1], [1e-7, math.log(2)]),
        ("square", [-3, 2], [9, 4]),
    ],
)
def test_functions_of_one_tensor(name, x, expected):
    np.testing.assert_allclose(value(getattr(p, name), x), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "a", "b", "expected"),
    [
        ("divide", [1, -1, 0], [0, 0, 0], [INF, -INF, NAN]),
        ("modulo", [5, -5, 5, -5], [3, 3, -3, -3], [2, 1, -1, -2]),
        ("floor_divide", [5, -5, 5, -5], [3, 3, -3, -3], [1, -2, -2, 1]),
        ("power", [2, 4, 0], [3, 0.5, 0], [8, 2, 1]),
        ("maximum", [1, 2, NAN], [2, 1, 0], [2, 2, NAN]),
    ],
)
def test_functions_of_two_tensors(name, a, b, expected):
    np.testing.assert_allclose(value(getattr(p, name), a, b), expected, rtol=1e-6)


def test_clip_prefers_the_lower_limit_when_limits_cross():
    np.testing.assert_array_equal(value(p.clip, [0, 2, 9], low=5.0, high=1.0), [5, 5, 5])


def test_clip_keeps_integers():
    clipped = value(p.clip, integers(-9, 0, 9), low=-1.5, high=INF)
    assert clipped.dtype == "int32"
    np.testing.assert_array_equal(clipped, [-1, 0, 9])


def test_reductions_over_nothing():
    empty = np.zeros((0, 2), dtype="float32")
    expected = {"reduce_sum": 0, "reduce_prod": 1, "reduce_max": -INF, "reduce_min": INF}
    expected.update(reduce_mean=NAN, logsumexp=-INF)
    for name, number in expected.items():
        result = value(getattr(p, name), empty, axes=(0,), keepdims=False)
        np.testing.assert_array_equal(result, [number, number], err_msg=name)


def test_reductions_keep_the_dtype_of_integers():
    for name in ("reduce_sum", "reduce_prod", "reduce_max"):
        result = value(getattr(p, name), integers(2, 3), axes=(0,), keepdims=True)
        assert result.dtype == "int32" and result.shape == (1,)


def test_logsumexp_of_large_numbers_and_infinities():
    x = [[1000.0, 1000.0], [-INF, -INF], [INF, 0.0], [-1000.0, -INF]]
    expected = [1000 + math.log(2), -INF, INF, -1000]
    for build in (p.logsumexp, p.logsumexp.decomposition):
        np.testing.assert_allclose(value(build, x, axes=(1,), keepdims=False), expected)


@pytest.mark.parametrize(
    ("reverse", "exclusive", "expected"),
    [
        (False, False, [1, 3, 6]),
        (False, True, [0, 1, 3]),
        (True, False, [6, 5, 3]),
        (True, True, [5, 3, 0]),
    ],
)
def test_cumsum(reverse, exclusive, expected):
    result = value(p.cumsum, [1, 2, 3], axis=0, reverse=reverse, exclusive=exclusive)
    np.testing.assert_array_equal(result, expected)


def test_cumprod():
    np.testing.assert_array_equal(value(p.cumprod, [2, 3, 4], axis=0), [2, 6, 24])
    result = value(p.cumprod, [2, 3, 4], axis=0, reverse=True, exclusive=True)
    np.testing.assert_array_equal(result, [12, 4, 1])


def test_ties_go_to_the_first():
    x = [[1.0, 3.0, 3.0, 1.0]]
    assert value(p.argmax, x, axis=1).tolist() == [1]
    assert value(p.argmin, x, axis=1).tolist() == [0]
    values, indices = evaluate(p.top_k(Constant(x, "float32"), k=3))
    assert values.tolist() == [[3, 3, 1]] and indices.tolist() == [[1, 2, 0]]
    assert indices.dtype == "int32"


def test_sum_like():
    g = np.arange(24, dtype="float32").reshape(2, 3, 4)
    np.testing.assert_array_equal(value(p.sum_like, g, np.zeros((3, 1))), [[60], [92], [124]])


def test_dot_of_batches_against_loops():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 4)), rng.normal(size=(4, 5, 2))
    expected = np.array(
        [[[a[n, i] @ b[:, j, n] for j in range(5)] for i in range(3)] for n in (0, 1)]
    )
    result = value(p.dot, a, b, contract=((2,), (0,)), batch=((0,), (2,)))
    np.testing.assert_allclose(result, expected)


def conv(x, kernel, strides=(1,), padding=((0, 0),), dilation=(1,)):
    params = {"strides": strides, "padding": padding, "dilation": dilation}
    return value(p.conv, x, kernel, **params, groups=1, data_format="channels_last")


def test_conv_of_one_channel_is_a_correlation():
    rng = np.random.default_rng(1)
    x, kernel = rng.normal(size=9), rng.normal(size=4)
    result = conv(x.reshape(1, 9, 1), kernel.reshape(4, 1, 1))
    np.testing.assert_allclose(result[0, :, 0], np.correlate(x, kernel, "valid"))


def test_conv_by_hand():
    x = np.arange(9.0).reshape(1, 3, 3, 1)
    kernel = np.array([[1.0, 0.0], [0.0, -1.0]]).reshape(2, 2, 1, 1)
    two = {"strides": (1, 1), "dilation": (1, 1)}
    result = conv(x, kernel, padding=((0, 0), (0, 0)), **two)
    np.testing.assert_array_equal(result[0, :, :, 0], [[-4, -4], [-4, -4]])
    same = conv(x, kernel, padding="same", **two)
    np.testing.assert_array_equal(same[0, :, :, 0], [[-4, -4, 2], [-4, -4, 5], [6, 7, 8]])


def test_conv_with_gaps_in_kernel_and_steps():
    x = np.arange(7.0).reshape(1, 7, 1)
    result = conv(x, np.ones((2, 1, 1)), strides=(2,), dilation=(3,))
    np.testing.assert_array_equal(result[0, :, 0], [0 + 3, 2 + 5])


def test_conv_in_groups_keeps_channels_apart():
    x = np.array([[[1.0, 10.0]]])
    kernel = np.array([[[2.0, 3.0, 4.0, 5.0]]])
    params = {"strides": (1,), "padding": ((0, 0),), "dilation": (1,), "groups": 2}
    result = value(p.conv, x, kernel, **params, data_format="channels_last")
    np.testing.assert_array_equal(result[0, 0], [2, 3, 40, 50])


def test_conv_in_channels_first_is_the_same_moved():
    rng = np.random.default_rng(2)
    x, kernel = rng.normal(size=(2, 5, 4, 3)), rng.normal(size=(3, 2, 3, 2))
    params = {"strides": (2, 1), "padding": "same", "dilation": (1, 1), "groups": 1}
    last = value(p.conv, x, kernel, **params, data_format="channels_last")
    first = value(p.conv, np.moveaxis(x, -1, 1), kernel, **params, data_format="channels_first")
    np.testing.assert_allclose(np.moveaxis(first, 1, -1), last)


@pytest.mark.parametrize(
    ("size", "window", "stride", "dilation", "expected"),
    [
        (5, 3, 1, 1, (1, 1)),
        (8, 3, 2, 1, (0, 1)),
        (5, 2, 2, 1, (0, 1)),
        (6, 2, 1, 1, (0, 1)),
        (7, 1, 3, 1, (0, 0)),
        (9, 3, 1, 2, (2, 2)),
        (0, 3, 1, 1, (1, 1)),
    ],
)
def test_same_padding(size, window, stride, dilation, expected):
    from keras_core.graph.windows import same_padding

    assert same_padding(size, window, stride, dilation) == expected


POOL = {"size": (2,), "strides": (2,), "padding": ((0, 1),), "data_format": "channels_last"}
ROW = np.array([-3.0, -1.0, -2.0, -2.0, -5.0]).reshape(1, 5, 1)


def test_max_pool_ignores_padding():
    np.testing.assert_array_equal(value(p.max_pool, ROW, **POOL).ravel(), [-1, -2, -5])


def test_max_pool_sends_gradients_to_the_first_maximum():
    g = np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1)
    np.testing.assert_array_equal(value(p.max_pool_grad, ROW, g, **POOL).ravel(), [0, 1, 2, 0, 3])


def test_max_pool_select():
    v = np.arange(5.0).reshape(1, 5, 1)
    np.testing.assert_array_equal(value(p.max_pool_select, ROW, v, **POOL).ravel(), [1, 2, 4])


def test_avg_pool_does_not_count_padding():
    np.testing.assert_array_equal(value(p.avg_pool, ROW, **POOL).ravel(), [-2, -2, -5])


def test_softmax_of_large_numbers():
    for build in (p.softmax, p.softmax.decomposition):
        np.testing.assert_allclose(value(build, [1e4, 1e4, -1e4], axis=0), [0.5, 0.5, 0])


@pytest.mark.parametrize("build", [p.softmax_cross_entropy, p.softmax_cross_entropy.decomposition])
def test_softmax_cross_entropy(build):
    logits = [[math.log(1), math.log(2), math.log(5)]]
    result = value(build, [[0.5, 0.0, 1.0]], logits, axis=1)
    np.testing.assert_allclose(result, [-0.5 * math.log(1 / 8) - math.log(5 / 8)], rtol=1e-6)


@pytest.mark.parametrize("build", [p.sigmoid_cross_entropy, p.sigmoid_cross_entropy.decomposition])
def test_sigmoid_cross_entropy(build):
    result = value(build, [1.0, 0.0, 0.25, 1.0], [0.0, 1000.0, 1.0, 1000.0])
    expected = [math.log(2), 1000, math.log(1 + math.e) - 0.25, 0]
    np.testing.assert_allclose(result, expected, rtol=1e-6)


@pytest.mark.parametrize("build", [p.batch_norm_train, p.batch_norm_train.decomposition])
def test_batch_norm_train(build):
    inputs = (np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([2.0, 7.0]), np.array([0.5, -1.0]))
    results = build(*map(Constant, inputs), axes=(0,), epsilon=3.0)
    y, mean, var = evaluate(results)
    np.testing.assert_allclose(y, [[-0.5, -1], [1.5, -1]])
    np.testing.assert_allclose(mean, [2, 5])
    np.testing.assert_allclose(var, [1, 0])


def test_l2_normalize():
    result = value(p.l2_normalize, [[3.0, 4.0], [0.0, 0.0]], axes=(1,))
    np.testing.assert_allclose(result, [[0.6, 0.8], [0, 0]], rtol=1e-6)


def test_slices_agree_with_python():
    x = np.arange(20, dtype="float32").reshape(4, 5)
    index = ((3, None, -2), (-4, -1, 2))
    np.testing.assert_array_equal(value(p.slice, x, index=index), x[3::-2, -4:-1:2])
    back = value(p.unslice, x[3::-2, -4:-1:2], shape=(4, 5), index=index)
    expected = np.zeros((4, 5))
    expected[3::-2, -4:-1:2] = x[3::-2, -4:-1:2]
    np.testing.assert_array_equal(back, expected)


def test_gather_grad_adds_up_repeated_indices():
    g = np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]])
    result = value(p.gather_grad, g, integers(1, 1, 0), axis=0, shape=(3, 2))
    np.testing.assert_array_equal(result, [[100, 200], [11, 22], [0, 0]])


def test_one_hot_leaves_out_what_is_out_of_range():
    result = value(p.one_hot, integers(-1, 1, 2), depth=2, dtype="float32")
    np.testing.assert_array_equal(result, [[0, 0], [0, 1], [0, 0]])


def test_tile_and_repeat():
    assert value(p.tile, [[1, 2]], reps=(1, 2)).tolist() == [[1, 2, 1, 2]]
    assert value(p.repeat, [[1, 2]], repeats=2, axis=1).tolist() == [[1, 1, 2, 2]]
