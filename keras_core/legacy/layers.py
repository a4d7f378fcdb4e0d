"""The layers of Keras 1 that Keras 2 keeps, under the module name that Keras 2 has for them."""

from keras_core.layers import (
    AtrousConvolution1D,
    AtrousConvolution2D,
    ConvRecurrent2D,
    Highway,
    MaxoutDense,
    Recurrent,
)

__all__ = [
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "ConvRecurrent2D",
    "Highway",
    "MaxoutDense",
    "Recurrent",
]
