"""Convolutional layers against direct sums written in NumPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from keras_core import backend as K
from keras_core import layers as L

TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}  # a few dozen float32 roundings


def run(layer, array, batch_shape=None):
    """The layer's output for an array, called on an input of that or the given static shape."""
    inputs = L.Input(batch_shape=batch_shape or (None, *array.shape[1:]))
    output = layer(inputs)
    return K.function([inputs], [output])([array])[0]


def samples(*shape, seed=0):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("float32")


def to_last(array, data_format):
    return np.moveaxis(array, 1, -1) if data_format == "channels_first" else array


def from_last(array, data_format):
    return np.moveaxis(array, -1, 1) if data_format == "channels_first" else array


def pads(size, window, stride, dilation, padding):
    """TensorFlow's rule: just enough zeros for ceil(size / stride) places, the odd one last."""
    reach = (window - 1) * dilation
    if padding == "valid":
        return 0, 0
    if padding == "causal":
        return reach, 0
    places = -(-size // stride)
    total = max((places - 1) * stride + reach + 1 - size, 0)
    return total // 2, total - total // 2


def convolve(x, kernel, strides, padding, dilation):
    """The sum of a convolution, place by place; channels last, any number of spatial axes."""
    rank = kernel.ndim - 2
    ends = [
        pads(x.shape[1 + i], kernel.shape[i], strides[i], dilation[i], padding) for i in range(rank)
    ]
    x = np.pad(x.astype("float64"), [(0, 0), *ends, (0, 0)])
    sizes = [
        (x.shape[1 + i] - (kernel.shape[i] - 1) * dilation[i] - 1) // strides[i] + 1
        for i in range(rank)
    ]
    out = np.zeros((len(x), *sizes, kernel.shape[-1]))
    for place in itertools.product(*map(range, sizes)):
        for tap in itertools.product(*map(range, kernel.shape[:rank])):
            at = tuple(p * s + t * d for p, s, t, d in zip(place, strides, tap, dilation))
            out[(slice(None), *place)] += x[(slice(None), *at)] @ kernel[tap]
    return out


CONVOLUTIONS = [
    (L.Conv1D, (7,), 3, {}),
    (L.Conv1D, (8,), 4, {"strides": 3, "padding": "same"}),
    (L.Conv1D, (8,), 2, {"dilation_rate": 3, "padding": "same", "activation": "tanh"}),
    (L.Conv2D, (6, 5), (3, 2), {"use_bias": False}),
    (L.Conv2D, (6, 5), (2, 3), {"strides": 2, "padding": "same"}),
    (L.Conv2D, (6, 7), 3, {"dilation_rate": (2, 1), "padding": "same"}),
    (L.Conv2D, (3, 3), 4, {"padding": "same"}),
    (L.Conv3D, (4, 3, 5), (2, 1, 3), {"strides": (2, 1, 1)}),
    (L.Conv3D, (3, 3, 4), 2, {"padding": "same"}),
]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("make, sizes, window, options", CONVOLUTIONS)
def test_convolution_is_the_direct_sum(make, sizes, window, options, data_format):
    layer = make(3, window, data_format=data_format, bias_initializer="uniform", **options)
    x = samples(2, *sizes, 2)
    seen = run(layer, from_last(x, data_format))
    kernel, *bias = layer.get_weights()
    wanted = convolve(x, kernel, layer.strides, layer.padding, layer.dilation_rate)
    wanted = wanted + (bias[0] if bias else 0)
    wanted = np.tanh(wanted) if options.get("activation") else wanted
    np.testing.assert_allclose(to_last(seen, data_format), wanted, **TOLERANCE)
    shape = from_last(x, data_format).shape
    assert layer.compute_output_shape(shape) == seen.shape
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *seen.shape[1:])


@pytest.mark.parametrize("options", [{}, {"strides": 2}, {"dilation_rate": 2}])
def test_causal_output_sees_no_later_step(options):
    layer = L.Conv1D(2, 3, padding="causal", **options)
    x = samples(1, 8, 2)
    seen = run(layer, x)
    kernel, _ = layer.get_weights()
    wanted = convolve(x, kernel, layer.strides, "causal", layer.dilation_rate)
    np.testing.assert_allclose(seen, wanted, **TOLERANCE)
    changed = x.copy()
    changed[:, 4:] += 1
    same = -(-4 // layer.strides[0])
    inputs = L.Input((8, 2))
    again = K.function([inputs], [layer(inputs)])([changed])[0]
    np.testing.assert_array_equal(seen[:, :same], again[:, :same])
    assert not np.allclose(seen[:, same:], again[:, same:])


def test_unknown_sizes_are_taken_from_the_data():
    x = samples(2, 6, 5, 2)
    layer = L.Conv2D(3, 3, strides=2, padding="same")
    seen = run(layer, x, (None, None, None, 2))
    wanted = convolve(x, layer.get_weights()[0], (2, 2), "same", (1, 1))
    np.testing.assert_allclose(seen, wanted, **TOLERANCE)


TRANSPOSED = [
    (L.Conv2DTranspose, (4, 3), (3, 2), {}),
    (L.Conv2DTranspose, (4, 3), 3, {"strides": 2, "padding": "same"}),
    (L.Conv2DTranspose, (4, 3), (2, 3), {"strides": (2, 3)}),
    (L.Conv2DTranspose, (4, 3), 3, {"strides": 2, "output_padding": (1, 0)}),
    (L.Conv2DTranspose, (4, 3), 3, {"strides": 2, "padding": "same", "output_padding": 1}),
    (L.Conv2DTranspose, (4, 3), 2, {"dilation_rate": 2}),
    (L.Conv3DTranspose, (2, 3, 2), 2, {"strides": (1, 2, 2)}),
    (L.Conv3DTranspose, (2, 3, 2), 3, {"strides": 2, "padding": "same"}),
]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("make, sizes, window, options", TRANSPOSED)
def test_transposed_convolution_is_the_adjoint(make, sizes, window, options, data_format):
    """Both sides of `sum(conv(y) * x) == sum(y * transposed(x))` for every y."""
    layer = make(3, window, data_format=data_format, use_bias=False, **options)
    x = samples(2, *sizes, 2)
    seen = to_last(run(layer, from_last(x, data_format)), data_format)
    y = samples(*seen.shape, seed=1)
    kernel = layer.get_weights()[0]
    back = convolve(y, kernel, layer.strides, layer.padding, layer.dilation_rate)
    assert back.shape == x.shape
    np.testing.assert_allclose(np.sum(y * seen), np.sum(back * x), rtol=1e-4, atol=1e-4)
    shape = from_last(x, data_format).shape
    assert layer.compute_output_shape(shape) == from_last(seen, data_format).shape


def test_transposed_convolution_of_one_pixel_is_the_kernel():
    layer = L.Conv2DTranspose(3, (2, 3), bias_initializer="ones")
    seen = run(layer, np.full((1, 1, 1, 1), 2.0, "float32"))
    kernel = layer.get_weights()[0]
    np.testing.assert_allclose(seen[0], 2 * kernel[..., 0] + 1, **TOLERANCE)


def test_transposed_convolution_takes_sizes_from_the_data():
    layer = L.Conv2DTranspose(2, 3, strides=2, padding="same")
    x = samples(2, 3, 4, 2)
    seen = run(layer, x, (None, None, None, 2))
    assert seen.shape == (2, 6, 8, 2)
    fixed = L.Conv2DTranspose(2, 3, strides=2, padding="same", weights=layer.get_weights())
    np.testing.assert_allclose(seen, run(fixed, x), **TOLERANCE)


def depthwise(x, kernel, strides, padding, dilation):
    """Each channel convolved with kernels of its own."""
    parts = [
        convolve(x[..., i : i + 1], kernel[..., i : i + 1, :], strides, padding, dilation)
        for i in range(x.shape[-1])
    ]
    return np.concatenate(parts, -1)


SEPARATE = [
    {},
    {"strides": 2, "padding": "same"},
    {"dilation_rate": 2, "depth_multiplier": 2},
    {"padding": "same", "depth_multiplier": 3, "use_bias": False},
]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("options", SEPARATE)
@pytest.mark.parametrize("make, sizes", [(L.SeparableConv1D, (7,)), (L.SeparableConv2D, (6, 5))])
def test_separable_convolution_is_two_sums(make, sizes, options, data_format):
    layer = make(4, 3, data_format=data_format, bias_initializer="uniform", **options)
    x = samples(2, *sizes, 2)
    seen = run(layer, from_last(x, data_format))
    first, second, *bias = layer.get_weights()
    wanted = depthwise(x, first, layer.strides, layer.padding, layer.dilation_rate)
    wanted = wanted @ second.reshape(second.shape[-2:]) + (bias[0] if bias else 0)
    np.testing.assert_allclose(to_last(seen, data_format), wanted, **TOLERANCE)
    assert layer.compute_output_shape(from_last(x, data_format).shape) == seen.shape


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("options", SEPARATE)
def test_depthwise_convolution_mixes_no_channels(options, data_format):
    layer = L.DepthwiseConv2D(3, data_format=data_format, bias_initializer="uniform", **options)
    x = samples(2, 6, 5, 2)
    seen = run(layer, from_last(x, data_format))
    kernel, *bias = layer.get_weights()
    wanted = depthwise(x, kernel, layer.strides, layer.padding, layer.dilation_rate)
    wanted = wanted + (bias[0] if bias else 0)
    np.testing.assert_allclose(to_last(seen, data_format), wanted, **TOLERANCE)
    assert layer.compute_output_shape(from_last(x, data_format).shape) == seen.shape


def repeat(x, size):
    for axis, factor in enumerate(size, 1):
        x = np.repeat(x, factor, axis)
    return x


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(
    "make, sizes, size", [(L.UpSampling2D, (3, 4), (3, 2)), (L.UpSampling3D, (2, 3, 2), (1, 2, 3))]
)
def test_nearest_upsampling_repeats(make, sizes, size, data_format):
    x = samples(2, *sizes, 2)
    layer = make(size, data_format=data_format)
    seen = run(layer, from_last(x, data_format))
    np.testing.assert_array_equal(to_last(seen, data_format), repeat(x, size))
    assert layer.compute_output_shape(from_last(x, data_format).shape) == seen.shape


def test_upsampling_of_sequences_repeats():
    x = samples(2, 3, 2)
    np.testing.assert_array_equal(run(L.UpSampling1D(3), x), repeat(x, (3,)))


def interpolate(x, factor, axis):
    """Linear along one axis: new place i lies at i / factor, and the last entry goes on."""
    x = np.moveaxis(x.astype("float64"), axis, 0)
    out = []
    for i in range(len(x) * factor):
        low, share = divmod(i, factor)
        high = min(low + 1, len(x) - 1)
        out.append(x[low] + (x[high] - x[low]) * (share / factor))
    return np.moveaxis(np.array(out), 0, axis)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_bilinear_upsampling_is_linear_along_both_axes(data_format):
    x = samples(2, 3, 4, 2)
    layer = L.UpSampling2D((2, 3), data_format=data_format, interpolation="bilinear")
    seen = run(layer, from_last(x, data_format))
    wanted = interpolate(interpolate(x, 2, 1), 3, 2)
    np.testing.assert_allclose(to_last(seen, data_format), wanted, **TOLERANCE)


PADDINGS = [
    (L.ZeroPadding2D, (3, 4), 2, [(2, 2), (2, 2)]),
    (L.ZeroPadding2D, (3, 4), (1, 2), [(1, 1), (2, 2)]),
    (L.ZeroPadding2D, (3, 4), ((1, 0), (2, 3)), [(1, 0), (2, 3)]),
    (L.ZeroPadding3D, (2, 3, 2), (0, 1, 2), [(0, 0), (1, 1), (2, 2)]),
    (L.ZeroPadding3D, (2, 3, 2), ((1, 0), (0, 2), (1, 1)), [(1, 0), (0, 2), (1, 1)]),
]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("make, sizes, padding, ends", PADDINGS)
def test_zero_padding(make, sizes, padding, ends, data_format):
    x = samples(2, *sizes, 2)
    layer = make(padding, data_format=data_format)
    seen = run(layer, from_last(x, data_format))
    wanted = np.pad(x, [(0, 0), *ends, (0, 0)])
    np.testing.assert_array_equal(to_last(seen, data_format), wanted)
    assert layer.compute_output_shape(from_last(x, data_format).shape) == seen.shape


@pytest.mark.parametrize("padding, ends", [(2, (2, 2)), ((0, 3), (0, 3))])
def test_zero_padding_of_sequences(padding, ends):
    x = samples(2, 3, 2)
    wanted = np.pad(x, [(0, 0), ends, (0, 0)])
    np.testing.assert_array_equal(run(L.ZeroPadding1D(padding), x), wanted)


@pytest.mark.parametrize("batch_shape", [None, (None, None, None, 2)])
def test_cropping_of_images(batch_shape):
    x = samples(2, 6, 5, 2)
    layer = L.Cropping2D(((1, 2), (0, 1)))
    np.testing.assert_array_equal(run(layer, x, batch_shape), x[:, 1:-2, :-1])
    assert layer.compute_output_shape((None, 6, None, 2)) == (None, 3, None, 2)


def test_cropping_of_sequences_and_volumes():
    x = samples(2, 6, 2)
    np.testing.assert_array_equal(run(L.Cropping1D(2), x), x[:, 2:-2])
    x = samples(2, 2, 5, 4, 6)
    layer = L.Cropping3D((1, 0, 2), data_format="channels_first")
    np.testing.assert_array_equal(run(layer, x), x[:, :, 1:-1, :, 2:-2])


def test_gradients_are_those_of_finite_differences():
    x, step = samples(1, 5, 4, 2), 1e-2
    layer = L.Conv2D(2, 3, strides=2, padding="same")
    inputs = L.Input((5, 4, 2))
    loss = K.sum(K.square(layer(inputs)))
    gradient = K.function([inputs], K.gradients(loss, [layer.kernel]))([x])[0]
    value = K.function([inputs], [loss])
    kernel, bias = layer.get_weights()
    for place in [(0, 0, 0, 0), (1, 2, 1, 1), (2, 1, 0, 1)]:
        ends = []
        for sign in (1, -1):
            moved = kernel.copy()
            moved[place] += sign * step
            layer.set_weights([moved, bias])
            ends.append(float(value([x])[0]))
        # The loss is a square of the kernel: central differences are exact but for rounding.
        slope = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(gradient[place], slope, rtol=1e-2, atol=1e-3)


CONFIGURED = [
    L.Conv1D(2, 3, padding="causal", dilation_rate=2, kernel_regularizer="l2", name="a"),
    L.Conv2D(2, (3, 2), strides=2, activation="relu", kernel_constraint="max_norm"),
    L.Conv3D(2, 2, data_format="channels_first", bias_regularizer="l1"),
    L.Conv2DTranspose(2, 3, strides=2, output_padding=1),
    L.Conv3DTranspose(2, 3, strides=2, padding="same"),
    L.SeparableConv1D(2, 3, depth_multiplier=2, pointwise_constraint="non_neg"),
    L.SeparableConv2D(2, 3, depthwise_regularizer="l2"),
    L.DepthwiseConv2D(3, depth_multiplier=2, depthwise_initializer="he_normal"),
    L.UpSampling1D(3),
    L.UpSampling2D((2, 3), interpolation="bilinear"),
    L.UpSampling3D(2),
    L.ZeroPadding1D((1, 2)),
    L.ZeroPadding2D(((1, 0), (0, 2))),
    L.ZeroPadding3D(1),
    L.Cropping1D(1),
    L.Cropping2D(1, data_format="channels_first"),
    L.Cropping3D(((1, 0), (0, 2), (1, 1))),
]


@pytest.mark.parametrize("layer", CONFIGURED, ids=lambda layer: type(layer).__name__)
def test_config_makes_the_same_layer(layer):
    config = layer.get_config()
    assert type(layer).from_config(config).get_config() == config


def test_config_holds_what_a_class_takes_only():
    assert "rank" not in L.Conv2D(1, 1).get_config()
    assert "dilation_rate" not in L.Conv3DTranspose(1, 1).get_config()
    assert not {"filters", "kernel_initializer"} & set(L.DepthwiseConv2D(1).get_config())
    assert "kernel_initializer" not in L.SeparableConv2D(1, 1).get_config()
    assert L.ZeroPadding1D(2).get_config()["padding"] == (2, 2)
    assert L.UpSampling1D(2).get_config()["size"] == 2


def test_regularizer_and_constraint_belong_to_their_weights():
    layer = L.Conv2D(2, 3, kernel_regularizer="l2", bias_constraint="non_neg")
    layer(L.Input((5, 5, 1)))
    assert len(layer.losses) == 1
    kernel = layer.get_weights()[0]
    penalty = K.function([], layer.losses)([])[0]
    np.testing.assert_allclose(penalty, 0.01 * np.sum(kernel.astype("float64") ** 2), rtol=1e-5)
    assert layer.bias.constraint is not None and layer.kernel.constraint is None


REFUSED = [
    (lambda: L.Conv2D(0, 3), "filters"),
    (lambda: L.Conv2D(2, (3, 3, 3)), "kernel_size"),
    (lambda: L.Conv2D(2, 3, padding="full"), "padding"),
    (lambda: L.Conv2D(2, 3, padding="causal"), "causal"),
    (lambda: L.Conv1D(2, 3, padding="causal", data_format="channels_first"), "causal"),
    (lambda: L.SeparableConv1D(2, 3, padding="causal"), "causal"),
    (lambda: L.Conv2D(2, 3, strides=2, dilation_rate=2), "strides"),
    (lambda: L.Conv2D(2, 3, data_format="th"), "data_format"),
    (lambda: L.Conv2DTranspose(2, 3, output_padding=1), "output_padding"),
    (lambda: L.Conv2DTranspose(2, 3, dilation_rate=(2, 3)), "dilation_rate"),
    (lambda: L.UpSampling2D(2, interpolation="cubic"), "interpolation"),
    (lambda: L.ZeroPadding2D((1, 2, 3)), "padding"),
    (lambda: L.ZeroPadding1D(-1), "negative"),
    (lambda: L.Cropping2D((1, (1, 2, 3))), "cropping"),
    (lambda: L.Cropping1D(2)(L.Input((4, 2))), "leaves nothing"),
    (lambda: L.Conv2D(2, 3)(L.Input((4, 4))), "ndim"),
    (lambda: L.Conv2D(2, 3)(L.Input((4, 4, None))), "channels"),
    (lambda: L.Conv2D(2, 5)(L.Input((4, 4, 1))), "does not fit"),
]


@pytest.mark.parametrize("make, words", REFUSED)
def test_mistakes_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_old_names_are_the_same_classes():
    from keras_core.layers import convolutional

    assert convolutional.Convolution2D is L.Conv2D
    assert convolutional.Deconvolution3D is L.Conv3DTranspose
    assert convolutional.MaxPooling2D is L.MaxPooling2D
