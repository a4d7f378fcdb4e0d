"""Activations, crossentropies, convolutions, pooling and normalization against plain loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from backend_check import compute, differences, near, slopes, uniform

from keras_core import backend as K

X = uniform(3, 4)
FORMATS = pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
KNOWN = pytest.mark.parametrize("known", [True, False])


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def rectified(x, alpha, max_value, threshold):
    y = np.where(x > threshold, x, alpha * (x - threshold))
    return y if max_value is None else np.where(x >= max_value, max_value, y)


@pytest.mark.parametrize("alpha", [0, 0.3, 1.5, -0.5])
@pytest.mark.parametrize("max_value", [None, 1.0])
@pytest.mark.parametrize("threshold", [0.0, 0.45, -0.45])
def test_relu(alpha, max_value, threshold):
    def build(x):
        return K.relu(x, alpha, max_value, threshold)

    near(compute(build, X), rectified(X, alpha, max_value, threshold))
    near(slopes(build, X)[0], differences(build, X)[0], 1e-3)


@pytest.mark.parametrize("alpha", [0, 0.3, 1.5])
def test_relu_at_zero_has_the_slope_below(alpha):
    zero = np.zeros(1, "float32")
    near(slopes(lambda x: K.relu(x, alpha), zero)[0], np.array([alpha], "float32"))


def test_relu_with_a_slope_for_each_element():
    alpha = uniform(4, low=0)
    near(compute(lambda x, a: K.relu(x, a), X, alpha), np.where(X > 0, X, alpha * X))


@pytest.mark.parametrize("alpha", [1.0, 0.4])
def test_elu(alpha):
    near(compute(lambda x: K.elu(x, alpha), X), np.where(X > 0, X, alpha * np.expm1(X)))
    near(slopes(lambda x: K.elu(x, alpha), X)[0], np.where(X > 0, 1, alpha * np.exp(X)))


def test_elu_of_large_numbers_has_a_gradient():
    near(slopes(K.elu, np.array([1000.0], "float32"))[0], [1.0])


@pytest.mark.parametrize("axis", [-1, 0])
def test_softmax(axis):
    near(compute(lambda x: K.softmax(x, axis), X), softmax(X, axis))


TARGETS = softmax(uniform(3, 4, low=-1))


def test_categorical_crossentropy():
    expected = -np.sum(TARGETS * np.log(softmax(X)), -1)
    scores = 3 * softmax(X)
    near(compute(K.categorical_crossentropy, TARGETS, scores), expected)
    near(compute(lambda t, x: K.categorical_crossentropy(t, x, True), TARGETS, X), expected)
    moved = compute(lambda t, x: K.categorical_crossentropy(t, x, axis=0), TARGETS.T, scores.T)
    near(moved, expected)


@KNOWN
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_sparse_categorical_crossentropy(dtype, known):
    classes = np.array([3, 0, 2])
    expected = -np.log(softmax(X)[np.arange(3), classes])
    targets = classes.astype(dtype)

    def build(t, x, **how):
        return K.sparse_categorical_crossentropy(t, K.reshape(x, (-1, 4)), **how)

    near(compute(build, targets, softmax(X), known=known), expected)
    near(compute(build, targets[:, None], softmax(X)), expected)
    near(compute(lambda t, x: build(t, x, from_logits=True), targets, X), expected)


def test_sparse_crossentropy_along_another_axis():
    x, t = uniform(2, 4, 3), np.array([[0, 3, 1], [2, 2, 0]], "int32")

    def build(t, x):
        return K.sparse_categorical_crossentropy(t, x, from_logits=True, axis=1)

    expected = -np.log(np.take_along_axis(softmax(x, 1), t[:, None], 1)[:, 0])
    near(compute(build, t, x), expected)


def test_sparse_targets_of_a_wrong_rank():
    with pytest.raises(ValueError, match="each target is one integer"):
        K.sparse_categorical_crossentropy(K.placeholder((2, 4)), K.placeholder((2, 4)))


def test_binary_crossentropy():
    p, t = 1 / (1 + np.exp(-X)), np.abs(X) / 2
    expected = -(t * np.log(p) + (1 - t) * np.log(1 - p))
    near(compute(K.binary_crossentropy, t, p), expected)
    near(compute(lambda t, x: K.binary_crossentropy(t, x, True), t, X), expected)
    certain = compute(K.binary_crossentropy, np.eye(2, dtype="float32"), np.eye(2)[::-1].copy())
    assert np.all(np.isfinite(certain)) and np.all(certain > 15)


def test_in_top_k():
    scores = np.array([[1, 2, 2, 0], [3, 3, 3, 1], [0, 1, 2, 3], [1, np.nan, 0, 0]], "float32")
    targets = np.array([1, 2, 0, 1], "int32")
    got = compute(lambda p, t: K.in_top_k(p, t, 2), scores, targets)
    assert got.tolist() == [True, True, False, False]


@FORMATS
@pytest.mark.parametrize("rank", [2, 3, 4, 5])
def test_bias_add(data_format, rank):
    last = uniform(2, *(3, 4, 5)[: rank - 2], 6)
    bias = np.arange(6, dtype="float32")
    first = data_format == "channels_first" and rank > 2
    x, expected = (np.moveaxis(a, -1, 1) if first else a for a in (last, last + bias))
    near(compute(lambda x, b: K.bias_add(x, b, data_format), x, bias), expected)


def test_bias_of_a_wrong_rank():
    with pytest.raises(ValueError, match="rank 1 or 2"):
        K.bias_add(K.placeholder((2, 3, 4)), K.placeholder((2, 3, 4)))


def test_l2_normalize():
    near(compute(lambda x: K.l2_normalize(x, 1), X), X / np.sqrt(np.sum(X**2, 1, keepdims=True)))
    near(compute(K.l2_normalize, X), X / np.sqrt(np.sum(X**2)))


# Convolutions


def pads(size, taps, stride, dilation):
    missing = max((-(-size // stride) - 1) * stride + (taps - 1) * dilation + 1 - size, 0)
    return missing // 2, missing - missing // 2


def correlate(x, kernel, strides, padding, dilation):
    """The definition, place by place, for channels last."""
    taps = kernel.shape[:-2]
    if padding == "same":
        widths = [pads(*each) for each in zip(x.shape[1:-1], taps, strides, dilation)]
        x = np.pad(x, [(0, 0), *widths, (0, 0)])
    reach = [(k - 1) * d + 1 for k, d in zip(taps, dilation)]
    out = [(n - r) // s + 1 for n, r, s in zip(x.shape[1:-1], reach, strides)]
    y = np.zeros((len(x), *out, kernel.shape[-1]))
    for place in itertools.product(*map(range, out)):
        begin = [i * s for i, s in zip(place, strides)]
        window = tuple(slice(b, b + r, d) for b, r, d in zip(begin, reach, dilation))
        seen = x[(slice(None), *window)]
        y[(slice(None), *place)] = np.tensordot(seen, kernel, kernel.ndim - 1)
    return y


CONVOLUTIONS = [
    (1, (7,), (3,), (1,), "valid", (1,)),
    (1, (8,), (2,), (1,), "same", (3,)),
    (2, (5, 6), (3, 2), (1, 1), "valid", (1, 1)),
    (2, (5, 6), (3, 3), (2, 2), "same", (1, 1)),
    (2, (5, 6), (2, 2), (1, 1), "same", (2, 1)),
    (2, (5, 6), (2, 3), (1, 3), "valid", (1, 1)),
    (3, (4, 3, 4), (2, 2, 3), (1, 1, 1), "valid", (1, 1, 1)),
    (3, (4, 3, 4), (3, 2, 2), (2, 1, 2), "same", (1, 1, 1)),
]


@FORMATS
@KNOWN
@pytest.mark.parametrize(("rank", "size", "taps", "strides", "padding", "dilation"), CONVOLUTIONS)
def test_convolution(rank, size, taps, strides, padding, dilation, known, data_format):
    x, kernel = uniform(2, *size, 3), uniform(*taps, 3, 2)
    expected = correlate(x, kernel, strides, padding, dilation)
    if data_format == "channels_first":
        x, expected = np.moveaxis(x, -1, 1), np.moveaxis(expected, -1, 1)
    how = (strides, padding, data_format, dilation)
    got = compute(lambda x: getattr(K, f"conv{rank}d")(x, K.variable(kernel), *how), x, known=known)
    near(got, expected)


def test_causal_convolution_never_looks_ahead():
    x, kernel = uniform(1, 8, 2), uniform(2, 2, 3)
    expected = correlate(np.pad(x, ((0, 0), (3, 0), (0, 0))), kernel, (1,), "valid", (3,))
    got = compute(lambda x, k: K.conv1d(x, k, 1, "causal", dilation_rate=3), x, kernel)
    near(got, expected)


@FORMATS
def test_depthwise_and_separable(data_format):
    x, depth, point = uniform(2, 5, 6, 3), uniform(3, 2, 3, 2), uniform(1, 1, 6, 4)
    channels = [
        correlate(x[..., c : c + 1], depth[:, :, c : c + 1], (2, 2), "same", (1, 1))
        for c in range(3)
    ]
    each = np.concatenate(channels, -1)
    mixed = each @ point[0, 0]
    if data_format == "channels_first":
        x, each, mixed = (np.moveaxis(a, -1, 1) for a in (x, each, mixed))
    how = {"strides": (2, 2), "padding": "same", "data_format": data_format}
    near(compute(lambda x, d: K.depthwise_conv2d(x, d, **how), x, depth), each)
    near(compute(lambda x, d, q: K.separable_conv2d(x, d, q, **how), x, depth, point), mixed)


def test_separable_conv1d():
    x, depth, point = uniform(2, 7, 3), uniform(2, 3, 2), uniform(1, 6, 4)
    each = [
        correlate(x[..., c : c + 1], depth[:, c : c + 1], (1,), "valid", (2,)) for c in range(3)
    ]
    expected = np.concatenate(each, -1) @ point[0]
    got = compute(lambda x, d, q: K.separable_conv1d(x, d, q, dilation_rate=2), x, depth, point)
    near(got, expected)


@FORMATS
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_transposed_convolution_is_the_transpose(padding, data_format):
    """The sum of conv(a) * b equals that of a * transposed(b), for all a and b."""
    a, kernel = uniform(2, 5, 7, 3), uniform(3, 2, 3, 4)
    forward = correlate(a, kernel, (2, 2), padding, (1, 1))
    b = uniform(*forward.shape, low=-1)
    if data_format == "channels_first":
        a, b, forward = (np.moveaxis(array, -1, 1) for array in (a, b, forward))
    spread = compute(
        lambda b, k: K.conv2d_transpose(b, k, (None, *a.shape[1:]), (2, 2), padding, data_format),
        b,
        kernel,
    )
    near(np.sum(spread * a), np.sum(forward * b), 1e-4)


def test_transposed_volumes_take_sizes_as_tensors():
    a, kernel = uniform(1, 4, 3, 4, 2), uniform(2, 2, 2, 2, 3)
    forward = correlate(a, kernel, (1, 1, 1), "valid", (1, 1, 1))

    def build(b, k):
        return K.conv3d_transpose(b, k, (K.shape(b)[0], 4, 3, 4, 2))

    spread = compute(build, forward.astype("float32"), kernel)
    near(np.sum(spread * a), np.sum(forward * forward), 1e-4)


def test_local_conv1d():
    x, kernel = uniform(2, 7, 3), uniform(3, 9, 2)
    places = [x[:, 2 * i : 2 * i + 3].reshape(2, 9) @ kernel[i] for i in range(3)]
    near(compute(lambda x, k: K.local_conv1d(x, k, (3,), (2,)), x, kernel), np.stack(places, 1))
    with pytest.raises(ValueError, match="takes the channels last"):
        K.local_conv1d(x, kernel, (3,), (2,), "channels_first")


@FORMATS
def test_local_conv2d(data_format):
    first = data_format == "channels_first"
    x = uniform(2, 3, 4, 5) if first else uniform(2, 4, 5, 3)
    kernel, y = uniform(6, 18, 2), np.zeros((2, 2, 3, 2))
    for place, (i, j) in enumerate(itertools.product(range(2), range(3))):
        rows, columns = slice(i, i + 3), slice(j, j + 2)
        window = x[:, :, rows, columns] if first else x[:, rows, columns]
        y[:, i, j] = window.reshape(2, 18) @ kernel[place]
    expected = np.moveaxis(y, -1, 1) if first else y

    def build(x, k):
        return K.local_conv2d(x, k, (3, 2), (1, 1), (2, 3), data_format)

    near(compute(build, x, kernel), expected)


def pooled(x, size, strides, padding, mode):
    """The definition, place by place, for channels last; what is beyond the border is NaN."""
    if padding == "same":
        ones = (1,) * len(size)
        widths = [pads(*each) for each in zip(x.shape[1:-1], size, strides, ones)]
        x = np.pad(x, [(0, 0), *widths, (0, 0)], constant_values=np.nan)
    out = [(n - k) // s + 1 for n, k, s in zip(x.shape[1:-1], size, strides)]
    y = np.zeros((len(x), *out, x.shape[-1]))
    for place in itertools.product(*map(range, out)):
        window = tuple(slice(i * s, i * s + k) for i, s, k in zip(place, strides, size))
        seen = x[(slice(None), *window)]
        y[(slice(None), *place)] = mode(seen, axis=tuple(range(1, x.ndim - 1)))
    return y


@FORMATS
@KNOWN
@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize(
    ("size", "strides", "padding"),
    [
        ((2, 2), (2, 2), "valid"),
        ((2, 3), (1, 2), "same"),
        ((2, 3, 2), (1, 2, 2), "same"),
        ((2, 2, 1), (1, 1, 1), "valid"),
    ],
)
def test_pooling(size, strides, padding, mode, known, data_format):
    x = uniform(2, *(5, 6, 4)[: len(size)], 3)
    expected = pooled(x, size, strides, padding, {"max": np.nanmax, "avg": np.nanmean}[mode])
    if data_format == "channels_first":
        x, expected = np.moveaxis(x, -1, 1), np.moveaxis(expected, -1, 1)
    pool = getattr(K, f"pool{len(size)}d")
    got = compute(lambda x: pool(x, size, strides, padding, data_format, mode), x, known=known)
    near(got, expected)


@pytest.mark.parametrize(
    ("build", "match"),
    [
        (
            lambda x: K.pool2d(x, (2, 2), pool_mode="sum"),
            "pool_mode must be 'max', 'avg' or 'max_shared'",
        ),
        (lambda x: K.pool2d(x, (2, 2), padding="full"), "'valid' or 'same', not 'full'"),
        (lambda x: K.pool2d(x, (2, 2, 2)), "one int for each of 2 spatial axes"),
        (lambda x: K.pool3d(x, (2, 2, 2)), "rank 5"),
        (lambda x: K.conv2d(x, np.ones((2, 2, 3, 1)), padding="full"), "not 'full'"),
        (lambda x: K.conv2d(x, np.ones((2, 2, 3, 1)), data_format="first"), "data_format"),
        (lambda x: K.conv1d(x, np.ones((2, 3, 1))), "same rank"),
    ],
)
def test_refusals(build, match):
    with pytest.raises(ValueError, match=match):
        build(K.placeholder((None, 4, 4, 3)))


# Normalization


@pytest.mark.parametrize(
    ("shape", "axes"), [((6, 3), (0,)), ((4, 5, 3), (0, 1)), ((4, 3, 2, 2), (0, 2, 3))]
)
@pytest.mark.parametrize("with_parameters", [True, False])
def test_normalize_batch_in_training(shape, axes, with_parameters):
    x, gamma, beta = uniform(*shape), uniform(3, low=0.5), uniform(3, low=-1)
    if not with_parameters:
        gamma, beta = np.ones_like(gamma), np.zeros_like(beta)
    mean, var = x.mean(axes), x.var(axes)
    along = [3 if i not in axes else 1 for i in range(len(shape))]
    scale = (gamma / np.sqrt(var + 1e-2)).reshape(along)
    expected = (x - mean.reshape(along)) * scale + beta.reshape(along)
    parameters = (gamma, beta) if with_parameters else (None, None)
    results = K.normalize_batch_in_training(K.constant(x), *parameters, axes, 1e-2)
    for got, wanted in zip(K.function([], results)([]), (expected, mean, var)):
        near(got, wanted)


@pytest.mark.parametrize("axis", [-1, 1])
def test_batch_normalization(axis):
    x = uniform(2, 4, 5, 4)
    mean, var, gamma, beta = uniform(4), uniform(4, low=0.5), uniform(4, low=1), uniform(4, low=-1)
    moved = np.moveaxis(x, axis, -1)
    expected = np.moveaxis((moved - mean) / np.sqrt(var + 1e-3) * gamma + beta, -1, axis)

    def build(x, m, v, b, g):
        return K.batch_normalization(x, m, v, b, g, axis)

    near(compute(build, x, mean, var, beta, gamma), expected)
    plain = K.batch_normalization(K.constant(x), mean, var, None, None, axis)
    expected = np.moveaxis((moved - mean) / np.sqrt(var + 1e-3), -1, axis)
    near(K.eval(plain), expected)
