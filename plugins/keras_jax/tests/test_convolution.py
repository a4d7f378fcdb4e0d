"""What is not XLA's convolution on a CPU has its numbers, and so have the gradients."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from keras_core.layers import Conv2D, Dense, GlobalMaxPooling2D
from keras_core.models import Sequential
from keras_jax.lowering import convolution

SPACES = {
    "one element": ((7, 6), (1, 1), (1, 1), "same", (1, 1)),
    "one element, far apart": ((7, 6), (1, 1), (3, 2), "same", (1, 1)),
    "one element, padded": ((4, 3), (1, 1), (2, 1), ((1, 2), (0, 1)), (1, 1)),
    "small image": ((2, 2), (3, 3), (1, 1), "same", (1, 1)),
    "small image, far apart": ((2, 1), (3, 4), (2, 1), ((1, 1), (2, 3)), (1, 1)),
    "small image, dilated": ((2, 2), (3, 3), (1, 1), "same", (1, 2)),
    "a volume": ((1, 2, 1), (2, 3, 2), (1, 1, 1), "same", (1, 1, 1)),
    "much": ((9, 8), (3, 2), (1, 1), ((0, 0), (0, 0)), (1, 1)),
    "much, far apart": ((9, 8), (3, 2), (2, 3), ((0, 0), (0, 0)), (1, 2)),
    "much, one window": ((3, 3), (3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1)),
}


def function(name, data_format):
    """A convolution of 3 to 5 channels, with an image and a kernel for it."""
    space, size, strides, padding, dilation = SPACES[name]
    draw = np.random.RandomState(0).standard_normal
    shape = (2, 3, *space) if data_format == "channels_first" else (2, *space, 3)
    x, kernel = (jnp.asarray(draw(s), "float32") for s in (shape, (*size, 3, 5)))
    params = {"strides": strides, "padding": padding, "dilation": dilation}

    def conv(x, kernel):
        return convolution._conv(x, kernel, **params, groups=1, data_format=data_format)

    return conv, x, kernel


def values(conv, x, kernel):
    y, pull_back = jax.vjp(conv, x, kernel)
    return [y, *pull_back(jnp.cos(y))]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("name", SPACES)
def test_numbers_are_those_of_xlas_convolution(monkeypatch, name, data_format):
    monkeypatch.setattr(convolution, "_MANY_BYTES", 0)
    conv, x, kernel = function(name, data_format)
    found = values(conv, x, kernel)
    monkeypatch.setattr(convolution, "is_on_cpu", lambda: False)
    for a, b in zip(found, values(conv, x, kernel)):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SPACES)
def test_what_is_a_product_is_no_convolution(monkeypatch, name):
    monkeypatch.setattr(convolution, "_MANY_BYTES", 0)
    conv, x, kernel = function(name, "channels_last")
    text = str(jax.make_jaxpr(lambda *given: values(conv, *given))(x, kernel))
    assert ("conv_general_dilated" in text) == name.startswith("much")


def test_images_that_are_padded_or_small_get_no_more_padding():
    conv, x, kernel = function("much", "channels_last")
    text = str(jax.make_jaxpr(conv)(x, kernel))
    assert "padding=((0, 0), (0, 0))" in text and "slice" not in text


def test_only_what_is_trained_gets_more_padding(monkeypatch, backend):
    monkeypatch.setattr(convolution, "_MANY_BYTES", 0)
    model = Sequential([Conv2D(4, 3, input_shape=(8, 8, 3)), GlobalMaxPooling2D(), Dense(1)])
    model.compile("sgd", "mse")
    pads = []
    by_xla = convolution._by_xla
    monkeypatch.setattr(
        convolution, "_by_xla", lambda *args: (pads.append([*map(sum, args[-1])]), by_xla(*args))[1]
    )
    model.predict(np.ones((2, 8, 8, 3)))
    assert pads == [[0, 0]]
    pads.clear()
    model.train_on_batch(np.ones((2, 8, 8, 3)), np.ones((2, 1)))
    assert set(map(tuple, pads)) == {(1, 0)}


def test_a_gpu_gets_xlas_convolution_alone(monkeypatch):
    monkeypatch.setattr(convolution, "is_on_cpu", lambda: False)
    for name in SPACES:
        conv, x, kernel = function(name, "channels_last")
        text = str(jax.make_jaxpr(conv)(x, kernel))
        assert "conv_general_dilated" in text and "slice" not in text and " dot" not in text
