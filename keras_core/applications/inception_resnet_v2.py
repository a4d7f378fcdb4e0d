"""InceptionResNetV2."""

from __future__ import annotations

from typing import Any

from keras_core import backend as K
from keras_core import layers as L
from keras_core import namespaces
from keras_core.applications._request import Published, Request, Shape, channel_axis, channels_of
from keras_core.applications._scaling import preprocess_input
from keras_core.applications.imagenet_utils import decode_predictions
from keras_core.engine.training import Model
from keras_core.graph import Tensor

__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)

_FOLDER = "https://github.com/fchollet/deep-learning-models/releases/download/v0.7"
_WEIGHTS = {
    True: Published(
        _FOLDER,
        "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels.h5",
        "e693bd0210a403b3192acc6073ad2e96",
    ),
    False: Published(
        _FOLDER,
        "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "d19885ff4a710c122648d3b5c3b684e4",
    ),
}


def InceptionResNetV2(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The second Inception network with residual shortcuts (Szegedy and others 2016,
    arXiv:1602.07261).

    Args:
        include_top: bool, whether to end in a layer of classes.
        weights: `'imagenet'` (downloaded once), the path of a file, or None for new weights.
        input_tensor: tensor of pictures to start from; a new input by default.
        input_shape: tuple of three ints without the batch; 299 x 299 pixels in color with the
            top, any size without it, by default. At least 75 x 75.
        pooling: without the top, `'avg'` or `'max'` over all places; None leaves the feature maps.
        classes: int, how many classes the top tells apart.
        **kwargs: `backend`, `layers`, `models`, `utils`: taken, as Keras's own did, and not needed.

    Returns:
        A Model, not compiled.

    Raises:
        ValueError: weights, classes or a shape that do not go together.
        OSError: the weights are not in the cache and cannot be downloaded.

    Example:
        >>> shape = (75, 75, 3)  # the smallest images that it takes
        >>> net = applications.InceptionResNetV2(weights=None, include_top=False, input_shape=shape)
        >>> net.output_shape
        (None, 1, 1, 1536)
    """
    request = Request("InceptionResNetV2", locals(), size=299, smallest=75)
    x = _mixed_5b(_stem(request.inputs))
    for number in range(1, 11):
        x = _residual(x, _branches_35(x), 0.17, f"block35_{number}")
    x = _mixed_6a(x)
    for number in range(1, 21):
        x = _residual(x, _branches_17(x), 0.1, f"block17_{number}")
    x = _mixed_7a(x)
    for number in range(1, 10):
        x = _residual(x, _branches_8(x), 0.2, f"block8_{number}")
    x = _residual(x, _branches_8(x), 1.0, "block8_10", activation=None)
    x = _convolved(x, 1536, 1, name="conv_7b")
    outputs = request.classified(x, pool="avg_pool", dense="predictions")
    return request.model(outputs, "inception_resnet_v2", _WEIGHTS[bool(include_top)])


def _convolved(
    x: Tensor,
    filters: int,
    kernel: int | tuple[int, int],
    strides: int = 1,
    padding: str = "same",
    name: str | None = None,
) -> Tensor:
    bn, relu = (f"{name}_bn", f"{name}_ac") if name else (None, None)
    x = L.Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False, name=name)(x)
    x = L.BatchNormalization(axis=channel_axis(), scale=False, name=bn)(x)
    return L.Activation("relu", name=relu)(x)


def _halved(x: Tensor, filters: int) -> Tensor:
    return _convolved(x, filters, 3, strides=2, padding="valid")


def _joined(branches: list[Tensor], name: str) -> Tensor:
    return L.Concatenate(axis=channel_axis(), name=name)(branches)


def _stem(x: Tensor) -> Tensor:
    x = _convolved(_halved(x, 32), 32, 3, padding="valid")
    x = L.MaxPooling2D(3, strides=2)(_convolved(x, 64, 3))
    x = _convolved(x, 80, 1, padding="valid")
    x = _convolved(x, 192, 3, padding="valid")
    return L.MaxPooling2D(3, strides=2)(x)


def _mixed_5b(x: Tensor) -> Tensor:
    one = _convolved(x, 96, 1)
    five = _convolved(_convolved(x, 48, 1), 64, 5)
    three = _convolved(_convolved(_convolved(x, 64, 1), 96, 3), 96, 3)
    pool = _convolved(L.AveragePooling2D(3, strides=1, padding="same")(x), 64, 1)
    return _joined([one, five, three, pool], "mixed_5b")


def _mixed_6a(x: Tensor) -> Tensor:
    once = _halved(x, 384)
    twice = _halved(_convolved(_convolved(x, 256, 1), 256, 3), 384)
    return _joined([once, twice, L.MaxPooling2D(3, strides=2)(x)], "mixed_6a")


def _mixed_7a(x: Tensor) -> Tensor:
    once = _halved(_convolved(x, 256, 1), 384)
    also = _halved(_convolved(x, 256, 1), 288)
    twice = _halved(_convolved(_convolved(x, 256, 1), 288, 3), 320)
    return _joined([once, also, twice, L.MaxPooling2D(3, strides=2)(x)], "mixed_7a")


def _branches_35(x: Tensor) -> list[Tensor]:
    one = _convolved(x, 32, 1)
    once = _convolved(_convolved(x, 32, 1), 32, 3)
    twice = _convolved(_convolved(_convolved(x, 32, 1), 48, 3), 64, 3)
    return [one, once, twice]


def _branches_17(x: Tensor) -> list[Tensor]:
    one = _convolved(x, 192, 1)
    cross = _convolved(_convolved(_convolved(x, 128, 1), 160, (1, 7)), 192, (7, 1))
    return [one, cross]


def _branches_8(x: Tensor) -> list[Tensor]:
    one = _convolved(x, 192, 1)
    cross = _convolved(_convolved(_convolved(x, 192, 1), 224, (1, 3)), 256, (3, 1))
    return [one, cross]


def _scaled_sum(inputs: list[Tensor], scale: float) -> Tensor:
    shortcut, residual = inputs
    return shortcut + residual * scale


def _residual(
    x: Tensor, branches: list[Tensor], scale: float, name: str, activation: str | None = "relu"
) -> Tensor:
    """Adds a part of what the branches make to the shortcut."""
    mixed = _joined(branches, name + "_mixed")
    mixed = L.Conv2D(channels_of(x), 1, padding="same", name=name + "_conv")(mixed)
    shape = K.int_shape(x)[1:]
    x = L.Lambda(_scaled_sum, output_shape=shape, arguments={"scale": scale}, name=name)([x, mixed])
    return L.Activation(activation, name=name + "_ac")(x) if activation else x
