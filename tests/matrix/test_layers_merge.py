"""Layers that merge tensors, against NumPy."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from layer_check import check_layer, near, run

from keras_core import backend as K
from keras_core import layers

RNG = np.random.RandomState(0)


def draw(*shape):
    return RNG.uniform(-1, 1, shape).astype("float32")


ELEMENTWISE = {
    "Add": lambda xs: reduce(np.add, xs),
    "Multiply": lambda xs: reduce(np.multiply, xs),
    "Average": lambda xs: reduce(np.add, xs) / len(xs),
    "Maximum": lambda xs: reduce(np.maximum, xs),
    "Minimum": lambda xs: reduce(np.minimum, xs),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("shapes", [[(2, 3)] * 3, [(2, 3, 4), (2, 1, 4)], [(2, 3, 4), (2, 3, 1)]])
def test_elementwise(name, shapes):
    arrays = [draw(*shape) for shape in shapes]
    check_layer(getattr(layers, name)(), *arrays, expected=ELEMENTWISE[name](arrays))
    inputs = [layers.Input(shape[1:]) for shape in shapes]
    output = getattr(layers, name.lower())(inputs, name="merged")
    near(K.function(inputs, [output])(arrays)[0], ELEMENTWISE[name](arrays))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_lower_ranks_get_axes_after_the_batch(name):
    x, y = draw(2, 4), draw(2, 3, 4)
    check_layer(getattr(layers, name)(), x, y, expected=ELEMENTWISE[name]([x[:, None], y]))


def test_subtract():
    x, y = draw(2, 3), draw(2, 3)
    check_layer(layers.Subtract(), x, y, expected=x - y)
    with pytest.raises(ValueError, match="exactly 2"):
        layers.subtract([layers.Input((3,))] * 3)


def test_unknown_sizes():
    inputs = [layers.Input((None, 4)), layers.Input((3, 4))]
    assert layers.Add().compute_output_shape([(None, None, 4), (2, 3, 4)]) == (2, None, 4)
    x, y = draw(2, 3, 4), draw(2, 3, 4)
    near(K.function(inputs, [layers.add(inputs)])([x, y])[0], x + y)


@pytest.mark.parametrize("function", [layers.add, layers.multiply, layers.maximum])
def test_elementwise_refuses(function):
    x = layers.Input((3,))
    for wrong in (x, [x]):
        with pytest.raises(ValueError, match="at least 2"):
            function(wrong)
    with pytest.raises(ValueError, match=r"\(3,\) and \(4,\)"):
        function([x, layers.Input((4,))])
    with pytest.raises(ValueError, match="batch sizes"):
        function([layers.Input(batch_shape=(2, 3)), layers.Input(batch_shape=(4, 3))])


def masks_of(layer, shapes, **kwargs):
    """Return a merge layer's output mask for inputs of which each masks its steps of zeros."""
    inputs = [layers.Input(shape) for shape in shapes]
    output = layer([layers.Masking()(x) for x in inputs])
    return inputs, K.cast(output._keras_mask, "int32")


def test_elementwise_masks_are_joined():
    inputs, mask = masks_of(layers.Add(), [(3, 1), (3, 1)])
    x = np.array([[[1], [0], [1]]], "float32")
    y = np.array([[[1], [1], [0]]], "float32")
    assert K.function(inputs, [mask])([x, y])[0].tolist() == [[1, 0, 0]]


def test_a_missing_mask_counts_as_all():
    x, y = layers.Input((3, 2)), layers.Input((3, 2))
    masked = layers.Masking()(x)
    assert layers.Add()([y, y])._keras_mask is None
    mask = K.cast(layers.Add()([masked, y])._keras_mask, "int32")
    value = np.array([[[1, 1], [0, 0], [1, 0]]], "float32")
    assert K.function([x], [mask])([value])[0].tolist() == [[1, 0, 1]]


@pytest.mark.parametrize("axis, shapes", [(-1, [(2, 3), (2, 4)]), (1, [(2, 3, 4), (2, 2, 4)])])
def test_concatenate(axis, shapes):
    arrays = [draw(*shape) for shape in shapes]
    expected = np.concatenate(arrays, axis)
    check_layer(layers.Concatenate(axis), *arrays, expected=expected)
    inputs = [layers.Input(shape[1:]) for shape in shapes]
    near(K.function(inputs, [layers.concatenate(inputs, axis)])(arrays)[0], expected)


@pytest.mark.parametrize("axis, expected", [(-1, [1, 0, 0]), (1, [1, 0, 1, 1, 1, 0])])
def test_concatenate_masks(axis, expected):
    inputs, mask = masks_of(layers.Concatenate(axis), [(3, 2), (3, 2)])
    x = np.array([[[1, 1], [0, 0], [1, 0]]], "float32")
    y = np.array([[[1, 1], [1, 1], [0, 0]]], "float32")
    assert K.function(inputs, [mask])([x, y])[0].tolist() == [expected]


def test_concatenate_along_steps_with_one_mask():
    x, y = layers.Input((2, 1)), layers.Input((1, 1))
    mask = K.cast(layers.concatenate([layers.Masking()(x), y], axis=1)._keras_mask, "int32")
    f = K.function([x, y], [mask])
    assert f([np.array([[[0], [1]]], "float32"), np.zeros((1, 1, 1), "float32")])[0].tolist() == [
        [0, 1, 1]
    ]


def test_concatenate_refuses():
    with pytest.raises(ValueError, match="at least 2"):
        layers.concatenate([layers.Input((3,))])
    for other in ((2, 4), (3, 4, 1)):
        with pytest.raises(ValueError, match="equal sizes on all others"):
            layers.concatenate([layers.Input((3, 4)), layers.Input(other)])


@pytest.mark.parametrize(
    "axes, formula, shapes",
    [
        (1, "bi,bi->b", [(2, 4), (2, 4)]),
        (1, "bij,bik->bjk", [(2, 4, 3), (2, 4, 5)]),
        ((2, 1), "bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
        ((1, 2), "bi,bji->bj", [(2, 4), (2, 3, 4)]),
        ((-1, -2), "bij,bjk->bik", [(2, 3, 4), (2, 4, 2)]),
    ],
)
@pytest.mark.parametrize("normalize", [False, True])
def test_dot(axes, formula, shapes, normalize):
    x, y = arrays = [draw(*shape) for shape in shapes]
    if normalize:
        first, second = (axes, axes) if isinstance(axes, int) else axes
        x = x / np.sqrt((x**2).sum(axis=first, keepdims=True))
        y = y / np.sqrt((y**2).sum(axis=second, keepdims=True))
    expected = np.einsum(formula, x, y)
    if expected.ndim == 1:
        expected = expected[:, None]
    check_layer(layers.Dot(axes, normalize), *arrays, expected=expected)
    near(run_dot(arrays, axes, normalize), expected)


def run_dot(arrays, axes, normalize):
    inputs = [layers.Input(a.shape[1:]) for a in arrays]
    return K.function(inputs, [layers.dot(inputs, axes, normalize)])(arrays)[0]


def test_dot_refuses():
    with pytest.raises(ValueError, match="3 and 4 differ"):
        layers.dot([layers.Input((3,)), layers.Input((4,))], 1)
    with pytest.raises(ValueError, match="`axes`"):
        layers.Dot("last")
    with pytest.raises(ValueError, match="do not have the axes"):
        layers.dot([layers.Input((3,))] * 2, 2)


def test_dot_drops_masks():
    x = layers.Masking()(layers.Input((3, 5)))
    assert layers.dot([x, x], 2)._keras_mask is None
    near(
        run(layers.Dot(2), np.ones((1, 3, 5), "float32"), np.ones((1, 2, 5), "float32")),
        [[[5, 5]] * 3],
    )
