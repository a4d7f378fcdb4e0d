"""Recurrent layers and their cells."""

# ruff: noqa: F401  (packages for Keras 2 import more names from here than `__all__` has)
from __future__ import annotations

from keras_core import activations, constraints, initializers, missing, regularizers
from keras_core import backend as K
from keras_core.engine.base_layer import InputSpec, Layer, disable_tracking
from keras_core.layers.recurrent._cells import _generate_dropout_mask
from keras_core.layers.recurrent.gru import GRU, GRUCell
from keras_core.layers.recurrent.lstm import LSTM, LSTMCell
from keras_core.layers.recurrent.old import ConvRecurrent2D, Recurrent
from keras_core.layers.recurrent.rnn import RNN, _standardize_args
from keras_core.layers.recurrent.simple import SimpleRNN, SimpleRNNCell
from keras_core.layers.recurrent.stacked import StackedRNNCells
from keras_core.utils.generic_utils import has_arg, to_list

__all__ = [
    "GRU",
    "GRUCell",
    "LSTM",
    "LSTMCell",
    "RNN",
    "Recurrent",
    "SimpleRNN",
    "SimpleRNNCell",
    "StackedRNNCells",
]

missing.explain_attributes(globals())
