"""Xception."""

from __future__ import annotations

from typing import Any

from keras_core import layers as L
from keras_core import namespaces
from keras_core.applications._request import Published, Request, Shape, channel_axis
from keras_core.applications._scaling import preprocess_input
from keras_core.applications.imagenet_utils import decode_predictions
from keras_core.engine.training import Model
from keras_core.graph import Tensor

__all__ = ["Xception", "decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)

_FOLDER = "https://github.com/fchollet/deep-learning-models/releases/download/v0.4"
_WEIGHTS = {
    True: Published(
        _FOLDER,
        "xception_weights_tf_dim_ordering_tf_kernels.h5",
        "0a58e3b7378bc2990ea3b43d5981f1f6",
    ),
    False: Published(
        _FOLDER,
        "xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "b0042744bf5b25fce3cb969f33bebb97",
    ),
}


def Xception(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The network of separable convolutions (Chollet 2016, arXiv:1610.02357).

    Args:
        include_top: bool, whether to end in a layer of classes.
        weights: `'imagenet'` (downloaded once), the path of a file, or None for new weights.
        input_tensor: tensor of pictures to start from; a new input by default.
        input_shape: tuple of three ints without the batch; 299 x 299 pixels in color with the
            top, any size without it, by default. At least 71 x 71.
        pooling: without the top, `'avg'` or `'max'` over all places; None leaves the feature maps.
        classes: int, how many classes the top tells apart.
        **kwargs: `backend`, `layers`, `models`, `utils`: taken, as Keras's own did, and not needed.

    Returns:
        A Model, not compiled.

    Raises:
        ValueError: weights, classes or a shape that do not go together.
        OSError: the weights are not in the cache and cannot be downloaded.

    Example:
        >>> net = applications.Xception(weights=None, include_top=False, input_shape=(71, 71, 3))
        >>> net.output_shape
        (None, 3, 3, 2048)
    """
    request = Request("Xception", locals(), size=299, smallest=71)
    x = _convolved(request.inputs, 32, "block1_conv1", strides=2)
    x = _convolved(x, 64, "block1_conv2")
    x = _entry(x, 128, 128, "block2", relu_first=False)
    x = _entry(x, 256, 256, "block3")
    x = _entry(x, 728, 728, "block4")
    for block in range(5, 13):
        x = _middle(x, f"block{block}")
    x = _entry(x, 728, 1024, "block13")
    for number, filters in enumerate((1536, 2048), start=1):
        x = _separable(x, filters, f"block14_sepconv{number}")
        x = L.Activation("relu", name=f"block14_sepconv{number}_act")(x)
    outputs = request.classified(x, pool="avg_pool", dense="predictions")
    return request.model(outputs, "xception", _WEIGHTS[bool(include_top)])


def _convolved(x: Tensor, filters: int, name: str, **options: Any) -> Tensor:
    x = L.Conv2D(filters, 3, use_bias=False, name=name, **options)(x)
    x = L.BatchNormalization(axis=channel_axis(-1), name=name + "_bn")(x)
    return L.Activation("relu", name=name + "_act")(x)


def _separable(x: Tensor, filters: int, name: str) -> Tensor:
    x = L.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return L.BatchNormalization(axis=channel_axis(-1), name=name + "_bn")(x)


def _entry(x: Tensor, first: int, second: int, name: str, relu_first: bool = True) -> Tensor:
    """Two separable convolutions and a pooling, beside one convolution that halves the picture."""
    shortcut = L.Conv2D(second, 1, strides=2, padding="same", use_bias=False)(x)
    shortcut = L.BatchNormalization(axis=channel_axis(-1))(shortcut)
    if relu_first:
        x = L.Activation("relu", name=name + "_sepconv1_act")(x)
    x = _separable(x, first, name + "_sepconv1")
    x = L.Activation("relu", name=name + "_sepconv2_act")(x)
    x = _separable(x, second, name + "_sepconv2")
    x = L.MaxPooling2D(3, strides=2, padding="same", name=name + "_pool")(x)
    return L.add([x, shortcut])


def _middle(x: Tensor, name: str) -> Tensor:
    """Three separable convolutions beside a shortcut."""
    shortcut = x
    for number in (1, 2, 3):
        x = L.Activation("relu", name=f"{name}_sepconv{number}_act")(x)
        x = _separable(x, 728, f"{name}_sepconv{number}")
    return L.add([x, shortcut])
