"""Locally connected layers against windows and kernels taken one by one."""

from __future__ import annotations

import numpy as np
import pytest
from layer_check import check_layer

from keras_core import layers

RNG = np.random.RandomState(0)


def draw(*shape):
    return RNG.uniform(-1, 1, shape).astype("float32")


def local1d(x, kernel, bias, size, stride):
    steps = [x[:, i * stride : i * stride + size].reshape(len(x), -1) for i in range(len(kernel))]
    return np.stack([step @ k for step, k in zip(steps, kernel)], axis=1) + bias


def local2d(x, kernel, bias, size, strides):
    rows, columns, filters = bias.shape
    out = np.empty((len(x), rows, columns, filters))
    for r in range(rows):
        for c in range(columns):
            top, left = r * strides[0], c * strides[1]
            window = x[:, top : top + size[0], left : left + size[1]]
            out[:, r, c] = window.reshape(len(x), -1) @ kernel[r * columns + c]
    return out + bias


@pytest.mark.parametrize("size, stride, steps", [(2, 1, 6), (3, 2, 3)])
def test_local_1d(size, stride, steps):
    x, kernel, bias = draw(2, 7, 3), draw(steps, size * 3, 4), draw(steps, 4)
    check_layer(
        layers.LocallyConnected1D(4, size, strides=stride, activation="tanh"),
        x,
        weights=[kernel, bias],
        expected=np.tanh(local1d(x, kernel, bias, size, stride)),
    )


@pytest.mark.parametrize("size, strides, out", [((2, 2), (1, 1), (4, 3)), ((3, 2), (2, 1), (2, 3))])
def test_local_2d(size, strides, out):
    x, bias = draw(2, 5, 4, 3), draw(*out, 2)
    kernel = draw(out[0] * out[1], size[0] * size[1] * 3, 2)
    check_layer(
        layers.LocallyConnected2D(2, size, strides=strides, data_format="channels_last"),
        x,
        weights=[kernel, bias],
        expected=local2d(x, kernel, bias, size, strides),
    )


def test_local_without_bias():
    x, kernel = draw(2, 4, 2), draw(3, 4, 2)
    layer = layers.LocallyConnected1D(2, 2, use_bias=False)
    check_layer(layer, x, weights=[kernel], expected=local1d(x, kernel, 0, 2, 1))


def test_local_2d_channels_first_keeps_shapes():
    layer = layers.LocallyConnected2D(2, 2, data_format="channels_first")
    value = check_layer(layer, draw(2, 3, 5, 4))
    assert value.shape == (2, 2, 4, 3)


@pytest.mark.parametrize("cls", [layers.LocallyConnected1D, layers.LocallyConnected2D])
def test_refuses(cls):
    with pytest.raises(ValueError, match="`padding` must be 'valid'"):
        cls(2, 2, padding="same")
    with pytest.raises(ValueError, match="`filters` must be a positive"):
        cls(0, 2)


def test_refuses_inputs():
    with pytest.raises(ValueError, match=r"must be known.*\(None, None, 3\)"):
        layers.LocallyConnected1D(2, 2)(layers.Input((None, 3)))
    with pytest.raises(ValueError, match="no smaller"):
        layers.LocallyConnected1D(2, 5)(layers.Input((3, 2)))
    layer = layers.LocallyConnected1D(2, 2)
    layer(layers.Input((5, 3)))
    with pytest.raises(ValueError, match="size 5 on axis 1"):
        layer(layers.Input((6, 3)))
