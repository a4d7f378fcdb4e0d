"""Pooling against windows cut out by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from layer_check import check_layer, run

from keras_core import backend as K
from keras_core import layers

RNG = np.random.RandomState(0)
SIZES = {1: (7,), 2: (7, 6), 3: (4, 5, 4)}


def pooled(x, sizes, strides, padding, reduce):
    """Pool `(batch, *spatial, channels)` window by window; padding is not counted."""
    spatial = x.shape[1:-1]
    ranges = [
        windows(length, size, stride, padding)
        for length, size, stride in zip(spatial, sizes, strides)
    ]
    out = np.empty((x.shape[0], *map(len, ranges), x.shape[-1]))
    for position in itertools.product(*map(range, map(len, ranges))):
        cut = tuple(r[i] for r, i in zip(ranges, position))
        window = x[(slice(None), *cut)].reshape(x.shape[0], -1, x.shape[-1])
        out[(slice(None), *position)] = reduce(window, axis=1)
    return out


def windows(length, size, stride, padding):
    """Return the windows along one axis; "same" puts the odd padded element at the end."""
    if padding == "valid":
        return [slice(a, a + size) for a in range(0, length - size + 1, stride)]
    count = -(-length // stride)
    before = max((count - 1) * stride + size - length, 0) // 2
    starts = [i * stride - before for i in range(count)]
    return [slice(max(a, 0), min(a + size, length)) for a in starts]


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("size, stride", [(2, None), (3, 2), (2, 1), (2, 3)])
@pytest.mark.parametrize("kind, reduce", [("Max", np.max), ("Average", np.mean)])
def test_windows(rank, padding, size, stride, kind, reduce):
    x = RNG.uniform(-1, 1, (2, *SIZES[rank], 2)).astype("float32")
    cls = getattr(layers, f"{kind}Pooling{rank}D")
    expected = pooled(x, (size,) * rank, (stride or size,) * rank, padding, reduce)
    check_layer(cls(size, stride, padding, data_format="channels_last"), x, expected=expected)
    first = np.ascontiguousarray(np.moveaxis(x, -1, 1))
    check_layer(
        cls(size, stride, padding, data_format="channels_first"),
        first,
        expected=np.moveaxis(expected, -1, 1),
    )


def test_windows_of_unequal_sides():
    x = RNG.uniform(-1, 1, (2, 7, 6, 2)).astype("float32")
    expected = pooled(x, (3, 2), (2, 1), "valid", np.max)
    check_layer(layers.MaxPooling2D((3, 2), (2, 1)), x, expected=expected)


def test_unknown_sizes():
    assert layers.MaxPooling2D().compute_output_shape((None, None, 6, 3)) == (None, None, 3, 3)
    x = layers.Input((None, None, 1))
    y = layers.AveragePooling2D(padding="same")(x)
    value = np.arange(9, dtype="float32").reshape(1, 3, 3, 1)
    got = K.function([x], [y])([value])[0]
    assert got[0, :, :, 0].tolist() == [[2, 3.5], [6.5, 8]]


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kind, reduce", [("Max", np.max), ("Average", np.mean)])
def test_global(rank, kind, reduce):
    x = RNG.uniform(-1, 1, (2, *SIZES[rank], 3)).astype("float32")
    cls = getattr(layers, f"Global{kind}Pooling{rank}D")
    expected = reduce(x, axis=tuple(range(1, rank + 1)))
    check_layer(cls(data_format="channels_last"), x, expected=expected)
    first = np.ascontiguousarray(np.moveaxis(x, -1, 1))
    check_layer(cls(data_format="channels_first"), first, expected=expected)


def test_global_average_skips_masked_steps():
    x = layers.Input((3, 2))
    y = layers.GlobalAveragePooling1D()(layers.Masking()(x))
    value = np.array([[[2, 4], [0, 0], [4, 8]], [[1, 1], [0, 0], [0, 0]]], "float32")
    assert K.function([x], [y])([value])[0].tolist() == [[3, 6], [1, 1]]
    assert y._keras_mask is None


def test_global_average_refuses_a_mask_with_channels_first():
    with pytest.raises(ValueError, match="Permute"):
        layers.GlobalAveragePooling1D("channels_first")(layers.Masking()(layers.Input((2, 3))))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"pool_size": (2, 2, 2)}, "pool_size"),
        ({"pool_size": 0}, "`pool_size` must be positive"),
        ({"strides": -1}, "`strides` must be positive"),
        ({"padding": "causal"}, "padding"),
        ({"padding": "full"}, "padding"),
        ({"data_format": "first"}, "data_format"),
    ],
)
def test_refused_options(options, message):
    with pytest.raises(ValueError, match=message):
        layers.MaxPooling2D(**options)


def test_wrong_rank():
    with pytest.raises(ValueError, match="4 axes"):
        layers.MaxPooling2D()(layers.Input((3, 3)))


def test_window_larger_than_the_input():
    with pytest.raises(ValueError):
        layers.MaxPooling2D(4)(layers.Input((3, 3, 1)))


def test_aliases():
    for rank in (1, 2, 3):
        for prefix in ("", "Global"):
            for short, long in (("Avg", "Average"), ("Max", "Max")):
                alias = getattr(layers, f"{prefix}{short}Pool{rank}D")
                assert alias is getattr(layers, f"{prefix}{long}Pooling{rank}D")
    assert run(layers.MaxPool1D(), np.ones((1, 4, 1), "float32")).shape == (1, 2, 1)
