"""Convolutions over time, images and volumes, and layers that resize, pad and crop."""

# ruff: noqa: F401  (packages for Keras 2 import more names from here than `__all__` has)
from __future__ import annotations

from keras_core import activations, constraints, initializers, missing, regularizers
from keras_core import backend as K
from keras_core.engine.base_layer import InputSpec, Layer
from keras_core.layers.convolutional.atrous import (
    AtrousConv1D,
    AtrousConv2D,
    AtrousConvolution1D,
    AtrousConvolution2D,
)
from keras_core.layers.convolutional.conv import Conv1D, Conv2D, Conv3D, _Conv
from keras_core.layers.convolutional.separable import (
    DepthwiseConv2D,
    SeparableConv1D,
    SeparableConv2D,
    _SeparableConv,
)
from keras_core.layers.convolutional.spatial import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
    _Cropping,
    _UpSampling,
    _ZeroPadding,
)
from keras_core.layers.convolutional.transpose import Conv2DTranspose, Conv3DTranspose
from keras_core.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from keras_core.utils import conv_utils
from keras_core.utils.generic_utils import transpose_shape

Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution3D = Conv3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
Convolution2DTranspose = Conv2DTranspose
Deconvolution2D = Deconv2D = Conv2DTranspose
Deconvolution3D = Deconv3D = Conv3DTranspose

__all__ = [
    "AtrousConv1D",
    "AtrousConv2D",
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "Convolution1D",
    "Convolution2D",
    "Convolution2DTranspose",
    "Convolution3D",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Deconv2D",
    "Deconv3D",
    "Deconvolution2D",
    "Deconvolution3D",
    "DepthwiseConv2D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "SeparableConv1D",
    "SeparableConv2D",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
]

missing.explain_attributes(globals())
