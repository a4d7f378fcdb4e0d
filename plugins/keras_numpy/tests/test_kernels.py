"""Kernels against the plain references, over many geometries."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from keras_core.graph import Constant, Placeholder, evaluate, gradients
from keras_core.graph import primitives as p

RNG = np.random.default_rng(6)
FORMATS = ("channels_last", "channels_first")


def floats(*shape, dtype="float32"):
    return RNG.uniform(-1, 1, shape).astype(dtype)


def compare(compiled, inputs, outputs, arrays, tolerance=2e-5):
    expected = evaluate(outputs, dict(zip(inputs, arrays)))
    for got, wanted in zip(compiled(inputs, outputs)(*arrays), expected):
        assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
        scale = max(1.0, np.abs(wanted).max(initial=0)) if wanted.dtype.kind == "f" else 0
        np.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance * scale)


def placed(shape, data_format):
    """A channels-last shape in the order of the data format."""
    return (shape[0], shape[-1], *shape[1:-1]) if data_format == "channels_first" else shape


def with_gradients(y, *xs):
    """A result, its gradients for a cotangent that differs everywhere, and their gradients."""
    size = int(np.prod(y.shape))
    weights = Constant(np.linspace(-1, 1, max(size, 1))[:size].reshape(y.shape), y.dtype)
    first = gradients([y], xs, [weights])
    second = gradients([p.square(g) for g in first if g is not None], xs)
    return [y, *(g for g in [*first, *second] if g is not None)]


# Convolution: sizes, window, strides, dilation, padding, channels, filters, groups

CONVOLUTIONS = {
    "1D": ((9,), (3,), (1,), (1,), ((0, 0),), 2, 3, 1),
    "1D strided": ((9,), (4,), (3,), (1,), ((2, 1),), 3, 2, 1),
    "1D dilated": ((9,), (3,), (1,), (2,), ((4, 0),), 2, 2, 1),
    "1D one place": ((3,), (3,), (2,), (1,), ((0, 0),), 2, 2, 1),
    "pointwise": ((4, 5), (1, 1), (1, 1), (1, 1), ((0, 0), (0, 0)), 3, 4, 1),
    "pointwise strided": ((4, 5), (1, 1), (2, 3), (1, 1), ((0, 0), (0, 0)), 3, 4, 1),
    "pointwise padded": ((4, 5), (1, 1), (1, 1), (1, 1), ((1, 0), (0, 2)), 3, 4, 1),
    "2D": ((6, 5), (3, 2), (1, 1), (1, 1), ((1, 1), (0, 1)), 3, 4, 1),
    "2D strided": ((7, 8), (3, 3), (2, 3), (1, 1), ((0, 1), (1, 1)), 2, 3, 1),
    "2D gaps": ((8, 8), (2, 2), (3, 3), (1, 1), ((0, 0), (0, 0)), 2, 3, 1),
    "2D dilated": ((8, 9), (3, 2), (1, 2), (2, 3), ((2, 1), (0, 3)), 2, 3, 1),
    "2D same": ((7, 6), (3, 4), (2, 2), (1, 1), "same", 2, 3, 1),
    "no place": ((0, 4), (2, 2), (1, 1), (1, 1), ((1, 0), (0, 0)), 2, 3, 1),
    "no place, groups": ((0, 4), (2, 2), (1, 1), (1, 1), ((1, 0), (0, 0)), 4, 6, 2),
    "no place, depthwise": ((4, 0), (2, 2), (1, 1), (1, 1), ((1, 0), (0, 1)), 3, 3, 3),
    "no place, pointwise": ((0,), (1,), (1,), (1,), ((0, 0),), 2, 3, 1),
    "groups": ((6, 5), (3, 2), (2, 1), (1, 1), ((1, 1), (0, 1)), 4, 6, 2),
    "depthwise": ((6, 5), (3, 2), (2, 1), (1, 1), ((1, 1), (0, 1)), 3, 3, 3),
    "depthwise, more filters": ((6, 5), (3, 2), (1, 1), (2, 1), ((1, 1), (0, 1)), 3, 6, 3),
    "3D": ((4, 5, 3), (2, 3, 2), (1, 2, 1), (1, 1, 1), ((0, 1), (1, 1), (0, 0)), 2, 3, 1),
    "3D dilated": ((4, 5, 3), (2, 2, 2), (1, 1, 1), (2, 1, 1), ((1, 1), (0, 1), (0, 0)), 2, 2, 2),
}


@pytest.mark.parametrize("batch", [0, 1, 3])
@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution(compiled, name, data_format, batch):
    sizes, window, strides, dilation, padding, channels, filters, groups = CONVOLUTIONS[name]
    x = Placeholder(placed((batch, *sizes, channels), data_format))
    kernel = Placeholder((*window, channels // groups, filters))
    geometry = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    y = p.conv(x, kernel, data_format=data_format, **geometry)
    arrays = [floats(*x.shape), floats(*kernel.shape)]
    compare(compiled, [x, kernel], with_gradients(y, x, kernel), arrays)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("data_format", FORMATS)
def test_convolution_in_several_blocks(compiled, monkeypatch, data_format, groups):
    from keras_numpy.lowering import _depthwise, convolution

    monkeypatch.setattr(convolution, "BLOCK", 3000)
    monkeypatch.setattr(convolution, "PARTS", 1)
    monkeypatch.setattr(_depthwise, "BLOCK", 100)
    x, kernel = Placeholder(placed((7, 6, 6, 2), data_format)), Placeholder((3, 3, 2 // groups, 4))
    y = p.conv(
        x,
        kernel,
        strides=(2, 1),
        padding="same",
        dilation=(1, 1),
        groups=groups,
        data_format=data_format,
    )
    arrays = [floats(*x.shape), floats(*kernel.shape)]
    compare(compiled, [x, kernel], with_gradients(y, x, kernel), arrays)


def test_convolution_of_views(compiled):
    x, kernel = Placeholder((5, 2, 6, 2)), Placeholder((3, 2, 3, 3))
    y = p.conv(
        p.transpose(x, perm=(2, 0, 3, 1))[::2],
        p.transpose(kernel, perm=(2, 0, 1, 3)),
        strides=(1, 1),
        padding=((0, 0), (1, 1)),
        dilation=(1, 1),
        groups=1,
        data_format="channels_last",
    )
    arrays = [floats(*x.shape), floats(*kernel.shape)]
    compare(compiled, [x, kernel], with_gradients(y, x, kernel), arrays)


# Pooling: sizes, window, strides, padding

POOLINGS = {
    "1D": ((7,), (2,), (2,), ((0, 0),)),
    "1D overlapping": ((7,), (3,), (1,), ((1, 1),)),
    "2D": ((6, 4), (2, 2), (2, 2), ((0, 0), (0, 0))),
    "2D overlapping": ((6, 5), (3, 2), (2, 1), ((1, 1), (0, 1))),
    "2D gaps": ((7, 7), (2, 2), (3, 3), ((0, 0), (0, 0))),
    "2D same": ((7, 6), (3, 3), (2, 2), "same"),
    "3D": ((4, 3, 4), (2, 2, 2), (2, 1, 2), ((0, 0), (1, 0), (0, 0))),
}


@pytest.mark.parametrize("batch", [0, 2])
@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
@pytest.mark.parametrize("name", POOLINGS)
def test_pooling(compiled, name, kind, data_format, batch):
    sizes, window, strides, padding = POOLINGS[name]
    x = Placeholder(placed((batch, *sizes, 3), data_format))
    geometry = {"size": window, "strides": strides, "padding": padding}
    y = getattr(p, kind)(x, data_format=data_format, **geometry)
    # Few different numbers, so that maxima meet.
    array = np.round(floats(*x.shape) * 2).astype("float32")
    compare(compiled, [x], with_gradients(y, x), [array])


# Look-up and scatter


@pytest.mark.parametrize("indices", [(), (4,), (2, 3), (0,), (2, 0)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gather_and_its_gradient(compiled, axis, indices):
    x, places = Placeholder((3, 4, 3)), Placeholder(indices, "int32")
    y = p.gather(x, places, axis=axis)
    arrays = [floats(3, 4, 3), RNG.integers(0, 3, indices).astype("int32")]
    compare(compiled, [x, places], with_gradients(y, x), arrays)


def test_many_equal_places(compiled):
    g, places = Placeholder((500, 2)), Placeholder((500,), "int64")
    y = p.gather_grad(g, places, axis=0, shape=(7, 2))
    compare(compiled, [g, places], [y], [floats(500, 2), RNG.integers(0, 3, 500)], 1e-4)


@pytest.mark.parametrize("start", [(0, 0), (2, 1)])
def test_slices_at_run_time(compiled, start):
    x, *starts = Placeholder((4, 3)), Placeholder((), "int32"), Placeholder((), "int32")
    y = p.dynamic_slice(x, *starts, sizes=(2, 2))
    arrays = [floats(4, 3), *(np.array(s, "int32") for s in start)]
    compare(compiled, [x, *starts], with_gradients(y, x), arrays)


@pytest.mark.parametrize(
    "index", [(1, 3, 1), (None, None, -1), (3, 0, -2), (-2, None, 1), (2, 2, 1)]
)
def test_slices(compiled, index):
    x = Placeholder((4, 3))
    y = p.slice(x, index=(index, (None, None, 1)))
    compare(compiled, [x], with_gradients(y * y, x), [floats(4, 3)])


def test_one_hot_and_top_k(compiled):
    x, places = Placeholder((3, 5)), Placeholder((2, 3), "int32")
    values, indices = p.top_k(x, k=3)
    outputs = [values, indices, p.one_hot(places, depth=3, dtype="float64")]
    arrays = [np.round(floats(3, 5) * 2), np.array([[0, 2, 5], [-1, 1, 0]], "int32")]
    compare(compiled, [x, places], [*outputs, *gradients([values], [x])], arrays)


# Running sums, reductions, rearrangements


@pytest.mark.parametrize("shape", [(4, 3), (1, 3), (0, 3)])
@pytest.mark.parametrize(("reverse", "exclusive"), list(product([False, True], repeat=2)))
@pytest.mark.parametrize("kind", [p.cumsum, p.cumprod])
def test_running(compiled, kind, reverse, exclusive, shape):
    x = Placeholder(shape)
    outputs = [kind(x, axis=axis, reverse=reverse, exclusive=exclusive) for axis in (0, 1)]
    compare(compiled, [x], [*outputs, *gradients(outputs, [x])], [floats(*shape) + 2])


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), (1, 2), (0, 2), (0, 1, 2), ()])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("shape", [(3, 4, 2), (3, 1, 2), (0, 4, 2), (3, 0, 2)])
def test_reductions(compiled, shape, keepdims, axes):
    x = Placeholder(shape)
    kinds = [p.reduce_sum, p.reduce_mean, p.reduce_max, p.reduce_min, p.reduce_prod, p.logsumexp]
    outputs = [kind(x, axes=axes, keepdims=keepdims) for kind in kinds]
    outputs.append(p.reduce_sum(p.transpose(x, perm=(2, 0, 1)), axes=axes, keepdims=keepdims))
    with np.errstate(all="ignore"):
        compare(compiled, [x], outputs, [floats(*shape)])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "uint8", "bool"])
def test_rearrangements_of_all_dtypes(compiled, dtype):
    x = Placeholder((2, 3, 2), dtype)
    outputs = [
        p.transpose(x, perm=(2, 0, 1)),
        p.reverse(x, axes=(0, 2)),
        p.concat(x, x[:, :1], axis=1),
        p.stack(x, p.reverse(x, axes=(1,)), axis=1),
        p.tile(p.transpose(x, perm=(1, 0, 2)), reps=(1, 2, 3)),
        p.repeat(x[:, ::2], repeats=3, axis=1),
        p.pad(x, widths=((1, 0), (0, 2), (0, 0)), value=1),
        p.reshape(p.transpose(x, perm=(2, 1, 0)), shape=(3, 4)),
        p.broadcast_to(x[:1], shape=(4, 2, 3, 2)),
    ]
    compare(compiled, [x], outputs, [RNG.integers(0, 2, x.shape).astype(dtype)])


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), np.float32(2.5), 0])
def test_padding_with_any_number(compiled, value):
    x = Placeholder((2,))
    got = compiled([x], [p.pad(x, widths=((1, 2),), value=value)])(np.ones(2, "float32"))[0]
    assert got.tolist() == [value, 1, 1, value, value]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_softmax_of_large_numbers_and_of_nothing(compiled, dtype):
    for shape, axis in (((3, 4), 1), ((3, 4), 0), ((3, 0), 1), ((0, 4), 0)):
        x = Placeholder(shape, dtype)
        outputs = [p.softmax(x, axis=axis), p.log_softmax(x, axis=axis)]
        compare(compiled, [x], outputs, [floats(*shape, dtype=dtype) * 1e4], 1e-3)


# Random draws


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (3, 2)])
@pytest.mark.parametrize("name", ["random_uniform", "random_normal", "random_truncated_normal"])
def test_draws_of_all_shapes_and_dtypes(compiled, name, shape, dtype):
    y = getattr(p, name)(shape=shape, dtype=dtype, stream=1)
    run = compiled([], [y, y])
    first, second = run()
    assert (first.shape, first.dtype) == (shape, np.dtype(dtype))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(run()[0], first)
    assert not first.size or not np.array_equal(run(step=1)[0], first)


def test_sizes_of_draws_that_depend_on_values(compiled):
    n = Placeholder((), "int32")
    y = p.random_uniform(n, shape=(None, 2), dtype="float32", stream=1)
    run = compiled([n], [p.floor(y), y])
    for count in (3, 0, 5):
        low, drawn = run(np.int32(count))
        assert drawn.shape == (count, 2) and not low.any()
