"""What goes wrong inside an engine is told with the layer and the user's line."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.layers import Dense, Embedding, Input, Lambda
from keras_core.models import Model, Sequential


def line_of(function, text):
    """The place of a line in a function's source, as messages tell it."""
    lines, first = inspect.getsourcelines(function)
    (number,) = (i for i, line in enumerate(lines, first) if text in line)
    return f"{__file__}:{number}"


def words():
    return Sequential([Embedding(5, 2, input_length=3, name="words"), Dense(1, name="score")])


def test_index_out_of_range():
    model = words()
    bad = np.array([[0, 1, 5]])
    with pytest.raises(Exception, match="layer 'words'") as caught:
        model.predict(bad)
    assert line_of(words, "Embedding") in str(caught.value)


def test_index_out_of_range_in_training():
    model = words()
    model.compile("sgd", "mse")
    with pytest.raises(Exception, match="layer 'words'"):
        model.fit(np.full((4, 3), 7), np.zeros((4, 3, 1)), verbose=0)
    assert np.all(np.isfinite(model.predict(np.array([[0, 1, 4]]))))


def clash():
    x, y = Input((None,), name="x"), Input((None,), name="y")
    return Model([x, y], Lambda(lambda pair: pair[0] + pair[1], name="sum")([x, y]))


def test_sizes_that_clash_when_they_are_known():
    model = clash()
    with pytest.raises(Exception, match="layer 'sum'") as caught:
        model.predict([np.zeros((2, 3)), np.zeros((2, 4))])
    assert line_of(clash, "Lambda") in str(caught.value)


@pytest.mark.parametrize("reads", [lambda t: t, K.sum])
def test_memory_that_is_not_there(reads):
    x = Input((1,))
    model = Model(x, Lambda(lambda t: reads(K.tile(t, [1, 10**13])), name="vast")(x))
    with pytest.raises(Exception, match="layer 'vast'"):
        model.predict(np.zeros((1, 1)))
