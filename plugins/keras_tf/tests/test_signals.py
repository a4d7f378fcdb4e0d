"""Ctrl-C while TensorFlow's own code runs."""

from __future__ import annotations

import signal
from contextlib import suppress

import numpy as np
import pytest
import tensorflow as tf

from keras_core.layers import Dense
from keras_core.models import Sequential

X = np.ones((4, 3), "float32")


@pytest.mark.parametrize("name", ["evaluate", "predict", "predict_on_batch"])
def test_what_is_thrown_away_while_an_array_is_taken_is_heard(monkeypatch, name):
    """TensorFlow tries one way to convert after the other, whatever a signal's handler raises."""
    constant = tf.constant

    def interrupted(*arguments, **options):
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        return constant(*arguments, **options)

    model = Sequential([Dense(2, input_shape=(3,))])
    model.compile("sgd", "mse")
    arguments = [X, X[:, :2]] if name == "evaluate" else [X]
    getattr(model, name)(*arguments)
    monkeypatch.setattr(tf, "constant", interrupted)
    with pytest.raises(KeyboardInterrupt):
        getattr(model, name)(*arguments)
