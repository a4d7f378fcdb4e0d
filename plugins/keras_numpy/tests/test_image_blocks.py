"""Convolutions and pooling in the blocks of images of what is done with their results."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import config
from keras_core.graph import Placeholder, evaluate, gradients
from keras_core.graph import primitives as p
from keras_numpy import blas
from keras_numpy.compiler import frame, schedule

RNG = np.random.default_rng(8)
ONES = {"strides": (1, 1), "dilation": (1, 1), "groups": 1, "data_format": "channels_last"}
PAIRS = ((1, 0), (0, 2))


@pytest.fixture(autouse=True)
def all_is_large(monkeypatch):
    """Blocks and threads as for many large images."""
    for module, name in [(schedule, "LARGE"), (schedule, "SHARED"), (frame, "SHARED")]:
        monkeypatch.setattr(module, name, 1)
    monkeypatch.setattr(schedule, "HEAVY_BLOCK", 200)
    monkeypatch.setattr(blas, "LARGE", 1)
    yield
    config.forget()


def _formatted(data_format, batch, sizes, channels):
    inner = (channels, *sizes) if data_format == "channels_first" else (*sizes, channels)
    return Placeholder((batch, *inner), "float64")


def _program(batch, data_format, padding, groups=1, **window):
    """Inputs, results, gradients of convolution, bias, activation and pooling."""
    x = _formatted(data_format, batch, (7, 6), 4)
    kernel = Placeholder((3, 2, 4 // groups, 8), "float64")
    bias = _formatted(data_format, 1, (1, 1), 8)
    own = {"padding": padding, "data_format": data_format, "groups": groups}
    options = {**ONES, **window, **own}
    y = p.relu(p.conv(x, kernel, **options) + bias)
    windows = {"size": (2, 2), "strides": (2, 1), "padding": "same", "data_format": data_format}
    pooled = p.max_pool(y, **windows) + p.avg_pool(p.tanh(y), **windows)
    loss = p.reduce_sum(p.square(pooled), axes=(0, 1, 2, 3), keepdims=False)
    inputs = [x, kernel, bias]
    return inputs, [pooled, y, loss, *gradients([loss], inputs)]


def _agrees(compiled, inputs, outputs):
    arrays = [RNG.normal(size=x.shape) for x in inputs]
    expected = evaluate(outputs, dict(zip(inputs, arrays)))
    run = compiled(inputs, outputs)
    for threads in (1, 2):
        config.set_option("threads", threads)
        for got, want in zip(run(*arrays), expected):
            np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)
    return run.source(*(x.shape for x in inputs))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["same", PAIRS])
@pytest.mark.parametrize("batch", [1, 3, 20])
@pytest.mark.parametrize("window", [{}, {"strides": (2, 1)}, {"dilation": (1, 2)}, {"groups": 4}])
def test_all_directions_agree_with_the_reference(compiled, batch, data_format, padding, window):
    source = _agrees(compiled, *_program(batch, data_format, padding, **window))
    assert source.count("    def block_") + source.count("    for i_") >= 2


def test_results_of_a_convolution_that_one_group_reads_are_in_no_whole_array(compiled):
    x, kernel = Placeholder((20, 9, 9, 4), "float64"), Placeholder((3, 3, 4, 8), "float64")
    y = p.conv(x, kernel, padding="same", **ONES)
    run = compiled([x, kernel], [p.reduce_mean(p.relu(y), axes=(1, 2), keepdims=False)])
    run(RNG.normal(size=x.shape), RNG.normal(size=kernel.shape))
    code = run.compiled._template.code((x.shape, kernel.shape))
    assert code.memory.nbytes < 8 * 20 * 9 * 9 * 8


def test_a_kernel_of_the_shape_of_the_result_is_read_whole(compiled):
    x, same = Placeholder((3, 3, 4, 8), "float64"), Placeholder((3, 3, 8, 8), "float64")
    kernel = p.tanh(same)
    y = p.conv(x, kernel, padding="same", **ONES)
    assert y.shape == (3, 3, 4, 8)
    wide = Placeholder((3, 3, 8, 8), "float64")
    z = p.conv(wide, kernel, padding="same", **ONES)
    _agrees(compiled, [x, same], [p.relu(y) * 2])
    _agrees(compiled, [wide, same], [p.relu(z) + kernel, p.relu(z) * kernel])


def test_a_convolution_of_what_is_made_in_its_blocks(compiled):
    x, kernel = Placeholder((20, 5, 5, 4), "float64"), Placeholder((3, 3, 4, 4), "float64")
    y = x
    for _ in range(3):
        y = p.relu(p.conv(p.tanh(y) * 0.5, kernel, padding="same", **ONES))
    _agrees(compiled, [x, kernel], [y])


def test_numbers_do_not_depend_on_threads(compiled):
    inputs, outputs = _program(20, "channels_last", "same")
    arrays = [RNG.normal(size=x.shape) for x in inputs]
    found = []
    for threads in (1, 2, 7):
        config.set_option("threads", threads)
        found.append(compiled(inputs, outputs)(*arrays))
    for other in found[1:]:
        for one, two in zip(found[0], other):
            np.testing.assert_array_equal(one, two)
