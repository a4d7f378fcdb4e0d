"""Computes what K functions build, with the sizes of the inputs known or not."""

from __future__ import annotations

import numpy as np

from keras_core import backend as K

TOLERANCE = 2e-5  # ten to a hundred roundings of float32, relative to the largest value


def near(got, expected, tolerance=TOLERANCE):
    """Assert that two arrays have one shape and differ by rounding only."""
    expected = np.asarray(expected)
    assert np.shape(got) == expected.shape
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(1.0, float(np.max(finite, initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * scale)


def placeholders(arrays, known=True):
    return [
        K.placeholder(a.shape if known else (None,) * a.ndim, dtype=str(a.dtype)) for a in arrays
    ]


def compute(build, *arrays, known=True):
    """Return the value of `build(*tensors)`; its static shape must allow what comes out."""
    inputs = placeholders(arrays, known)
    tensor = build(*inputs)
    (value,) = K.function(inputs, [tensor])(arrays)
    assert all(s in (None, d) for s, d in zip(K.int_shape(tensor), value.shape))
    assert len(K.int_shape(tensor)) == value.ndim
    assert K.dtype(tensor) == value.dtype.name
    return value


def slopes(build, *arrays):
    """Return the gradients of the sum of `build(*tensors)` by each tensor."""
    inputs = placeholders(arrays)
    gradients = K.gradients(K.sum(build(*inputs)), inputs)
    return K.function(inputs, gradients)(arrays)


def differences(build, *arrays, step=1e-3):
    """Return the same as `slopes` from central differences, in float64 and without gradients."""
    arrays = [a.astype("float64") for a in arrays]
    inputs = placeholders(arrays)
    run = K.function(inputs, [K.sum(build(*inputs))])

    def moved(i, place, by):
        shifted = [a.copy() for a in arrays]
        shifted[i][place] += by
        return float(run(shifted)[0])

    results = []
    for i, a in enumerate(arrays):
        result = np.zeros(a.shape)
        for place in np.ndindex(a.shape):
            result[place] = (moved(i, place, step) - moved(i, place, -step)) / (2 * step)
        results.append(result)
    return results


def rng():
    return np.random.default_rng(7)


def uniform(*shape, low=-2.0, high=2.0):
    return rng().uniform(low, high, shape).astype("float32")
