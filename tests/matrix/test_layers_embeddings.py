"""Embedding: the rows of its table, its mask, and its checks."""

from __future__ import annotations

import numpy as np
import pytest
from layer_check import check_layer

from keras_core import backend as K
from keras_core import layers
from keras_core.models import Sequential

TABLE = np.arange(12, dtype="float32").reshape(6, 2)
INDICES = np.array([[0, 5, 3], [1, 1, 0]], "int32")


def test_rows_of_the_table():
    check_layer(layers.Embedding(6, 2), INDICES, weights=[TABLE], expected=TABLE[INDICES])


def test_float_indices():
    check_layer(
        layers.Embedding(6, 2), INDICES.astype("float32"), weights=[TABLE], expected=TABLE[INDICES]
    )


def test_more_axes():
    x = np.stack([INDICES, INDICES[::-1]], axis=1)
    check_layer(layers.Embedding(6, 2), x, weights=[TABLE], expected=TABLE[x])


def test_gradient_adds_up_over_equal_indices():
    layer = layers.Embedding(6, 2)
    x = layers.Input((3,), dtype="int32")
    gradient = K.gradients(K.sum(layer(x)), layer.trainable_weights)
    counts = K.function([x], gradient)([INDICES])[0]
    assert counts[:, 0].tolist() == [2, 2, 0, 1, 0, 1]


def test_mask_of_zeros():
    x = layers.Input((3,), dtype="int32")
    y = layers.Embedding(6, 2, mask_zero=True)(x)
    mask = K.function([x], [K.cast(y._keras_mask, "int32")])([INDICES])[0]
    assert mask.tolist() == [[0, 1, 1], [1, 1, 0]]
    assert layers.Embedding(6, 2)(x)._keras_mask is None


def test_input_length_gives_the_shape():
    model = Sequential([layers.Embedding(6, 2, input_length=3), layers.Flatten()])
    assert model.output_shape == (None, 6)
    model.set_weights([TABLE])
    assert model.predict(INDICES)[1].tolist() == [2, 3, 2, 3, 0, 1]
    assert layers.Embedding(6, 2).compute_output_shape((None, 4, 3)) == (None, 4, 3, 2)
    assert layers.Embedding(6, 2, input_length=(4, None)).compute_output_shape((7, None, 3)) == (
        7,
        4,
        3,
        2,
    )


def test_input_length_that_contradicts():
    with pytest.raises(ValueError, match=r"`input_length` is 6.*\(None, 4\)"):
        layers.Embedding(5, 3, input_length=6)(layers.Input((4,)))


@pytest.mark.parametrize("sizes, name", [((0, 3), "input_dim"), ((5, -1), "output_dim")])
def test_sizes_must_be_positive(sizes, name):
    with pytest.raises(ValueError, match=f"`{name}` must be a positive integer"):
        layers.Embedding(*sizes)


def test_several_lengths_of_a_file_of_keras_2_stay_as_they_are():
    config = {"input_dim": 5, "output_dim": 2, "input_length": [3, 4]}
    layer = layers.Embedding.from_config({**config, "batch_input_shape": [None, [3, 4]]})
    assert layer.get_config()["batch_input_shape"] == (None, [3, 4])
    assert layer(layers.Input((3, 4), dtype="int32")).shape == (None, 3, 4, 2)
