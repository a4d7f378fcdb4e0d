"""Recurrent layers and their cells."""

from __future__ import annotations

from keras_core import missing
from keras_core.layers.recurrent.gru import GRU, GRUCell
from keras_core.layers.recurrent.lstm import LSTM, LSTMCell
from keras_core.layers.recurrent.rnn import RNN
from keras_core.layers.recurrent.simple import SimpleRNN, SimpleRNNCell
from keras_core.layers.recurrent.stacked import StackedRNNCells

__all__ = [
    "GRU",
    "GRUCell",
    "LSTM",
    "LSTMCell",
    "RNN",
    "SimpleRNN",
    "SimpleRNNCell",
    "StackedRNNCells",
]

missing.explain_attributes(globals())
