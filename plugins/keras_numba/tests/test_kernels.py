"""Kernels against the plain references, over many geometries."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core.graph import Constant, Placeholder, gradients
from keras_core.graph import primitives as p
from keras_core.utils import set_random_seed

FORMATS = ("channels_last", "channels_first")
ALL = ("conv", "conv_input_grad", "conv_kernel_grad")


def floats(shape, dtype="float32"):
    return np.random.uniform(-1, 1, shape).astype(dtype)


def placed(shape, data_format):
    """A channels-last shape in the order of the data format."""
    return (shape[0], shape[-1], *shape[1:-1]) if data_format == "channels_first" else shape


def with_gradients(y, *xs):
    """A result and its gradients for a cotangent that differs everywhere."""
    size = int(np.prod(y.shape))
    cotangent = Constant(np.linspace(-1, 1, max(size, 1))[:size].reshape(y.shape), y.dtype)
    return [y, *gradients([y], xs, [cotangent])]


def convolution(
    sizes,
    window,
    channels,
    filters,
    strides=None,
    padding="same",
    dilation=None,
    groups=1,
    data_format="channels_last",
    dtype="float32",
    batch=3,
):
    ones = (1,) * len(sizes)
    x = Placeholder(placed((batch, *sizes, channels), data_format), dtype)
    kernel = Placeholder((*window, channels // groups, filters), dtype)
    y = p.conv(
        x,
        kernel,
        strides=strides or ones,
        padding=padding,
        dilation=dilation or ones,
        groups=groups,
        data_format=data_format,
    )
    return [x, kernel], with_gradients(y, x, kernel)


# Sizes, window, channels, filters, and options; which directions have kernels of ours.
CONVOLUTIONS = {
    "1D": (((9,), (3,), 16, 32), {}, ALL),
    "1D causal": (((9,), (3,), 16, 16), {"padding": ((4, 0),), "dilation": (2,)}, ALL),
    "1D strided": (((19,), (4,), 16, 16), {"strides": (2,)}, ("conv", "conv_kernel_grad")),
    "2D": (((9, 10), (3, 3), 16, 32), {}, ALL),
    "2D valid": (((9, 11), (3, 2), 32, 48), {"padding": ((0, 0), (0, 0))}, ALL),
    "2D wide": (((4, 13), (2, 3), 16, 112), {}, ALL),
    "2D narrow": (((9, 3), (3, 3), 16, 16), {}, ("conv", "conv_input_grad")),
    "2D first": (((12, 12), (3, 3), 3, 32), {}, ("conv", "conv_kernel_grad")),
    "2D last": (((12, 12), (3, 3), 32, 3), {}, ("conv_input_grad",)),
    "2D strided": (
        ((17, 18), (3, 3), 16, 16),
        {"strides": (2, 2)},
        ("conv", "conv_kernel_grad"),
    ),
    "2D dilated": (((9, 12), (3, 2), 16, 16), {"dilation": (2, 3)}, ALL),
    "2D padded widely": (
        ((9, 10), (2, 2), 16, 16),
        {"padding": ((3, 0), (0, 2))},
        ("conv", "conv_kernel_grad"),
    ),
    "pointwise": (((8, 9), (1, 1), 16, 64), {}, ALL),
    "pointwise strided": (
        ((8, 17), (1, 1), 16, 64),
        {"strides": (3, 2)},
        ("conv", "conv_kernel_grad"),
    ),
    "3D": (((3, 4, 9), (2, 3, 2), 16, 16), {}, ALL),
    "depthwise": (((9, 10), (3, 3), 32, 32), {"groups": 32}, ALL),
    "depthwise strided": (
        ((9, 20), (3, 5), 16, 16),
        {"groups": 16, "strides": (2, 2)},
        ("conv", "conv_kernel_grad"),
    ),
    "depthwise dilated": (((9, 10), (3, 2), 16, 16), {"groups": 16, "dilation": (1, 2)}, ALL),
    "depthwise, more filters": (((9, 10), (3, 3), 16, 32), {"groups": 16}, ()),
    "groups": (((9, 10), (3, 3), 32, 32), {"groups": 2}, ()),
    "no image": (((9, 10), (3, 3), 16, 16), {"batch": 0}, ()),
    "no place": (((0, 9), (2, 2), 16, 16), {"padding": ((1, 0), (0, 0))}, ()),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution(compared, name, data_format, dtype):
    sizes, options, served = CONVOLUTIONS[name]
    inputs, outputs = convolution(*sizes, **options, data_format=data_format, dtype=dtype)
    comparison = compared(inputs, outputs)
    assert comparison.served(*ALL) == set(served)
    comparison(*(floats(x.shape, dtype) for x in inputs))


def test_half_precision_and_odd_sizes_are_left_to_the_backend(compared):
    for options in ({"dtype": "float16"}, {}):
        filters = 16 if options else 7
        inputs, outputs = convolution((9, 9), (3, 3), filters, filters, **options)
        assert compared(inputs, outputs).served(*ALL) == set()


def test_arrays_that_lie_otherwise(compared):
    inputs, outputs = convolution((9, 10), (3, 3), 16, 32)
    x, kernel = (floats(x.shape) for x in inputs)
    fortran = np.asfortranarray(x)
    fixed = kernel.copy()
    fixed.flags.writeable = False
    results = compared(inputs, outputs)(fortran, fixed)
    for one, other in zip(results, compared(inputs, outputs)(x, kernel)):
        np.testing.assert_array_equal(one, other)


# Sizes, window, strides, padding
POOLINGS = {
    "1D": ((7,), (2,), (2,), ((0, 0),)),
    "1D overlapping": ((7,), (3,), (1,), ((1, 1),)),
    "2D": ((6, 4), (2, 2), (2, 2), ((0, 0), (0, 0))),
    "2D overlapping": ((6, 5), (3, 2), (2, 1), ((1, 1), (0, 1))),
    "2D gaps": ((7, 7), (2, 2), (3, 3), ((0, 0), (0, 0))),
    "2D same": ((7, 6), (3, 3), (2, 2), "same"),
    "3D": ((4, 3, 4), (2, 2, 2), (2, 1, 2), ((0, 0), (1, 0), (0, 0))),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", POOLINGS)
def test_pooling(compared, name, data_format, dtype):
    sizes, window, strides, padding = POOLINGS[name]
    x = Placeholder(placed((3, *sizes, 5), data_format), dtype)
    y = p.max_pool(x, size=window, strides=strides, padding=padding, data_format=data_format)
    comparison = compared([x], with_gradients(y, x))
    assert comparison.served("max_pool", "max_pool_grad") == {"max_pool", "max_pool_grad"}
    # Few different numbers, so that maxima meet.
    comparison(np.round(floats(x.shape, dtype) * 2))


def test_maximum_of_what_is_not_a_number(compared):
    x = Placeholder((2, 4, 4, 3))
    y = p.max_pool(x, size=(2, 2), strides=(2, 2), padding="same", data_format="channels_last")
    array = floats(x.shape)
    array[0, ::3, ::2, 1] = np.nan
    compared([x], with_gradients(y, x))(array)


def test_results_do_not_depend_on_the_number_of_threads(compared, monkeypatch):
    from keras_numpy import threads

    inputs, outputs = convolution((9, 10), (3, 3), 16, 32, batch=37)
    set_random_seed(1)
    arrays = [floats(x.shape) for x in inputs]
    results = []
    for count in (1, 2, 5):
        monkeypatch.setattr(threads, "available", lambda count=count: count)
        results.append(compared(inputs, outputs)(*arrays))
    for other in results[1:]:
        for x, y in zip(results[0], other):
            np.testing.assert_array_equal(x, y)
