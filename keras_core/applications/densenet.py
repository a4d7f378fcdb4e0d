"""DenseNet121, DenseNet169 and DenseNet201."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import layers as L
from keras_core import namespaces
from keras_core.applications import imagenet_utils
from keras_core.applications._request import Published, Request, Shape, channel_axis, channels_of
from keras_core.applications.imagenet_utils import Pictures, decode_predictions
from keras_core.engine.training import Model
from keras_core.graph import Tensor

__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)

_FOLDER = "https://github.com/keras-team/keras-applications/releases/download/densenet"
_WEIGHTS = {
    ("DenseNet121", True): Published(
        _FOLDER,
        "densenet121_weights_tf_dim_ordering_tf_kernels.h5",
        "9d60b8095a5708f2dcce2bca79d332c7",
    ),
    ("DenseNet121", False): Published(
        _FOLDER,
        "densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "30ee3e1110167f948a6b9946edeeb738",
    ),
    ("DenseNet169", True): Published(
        _FOLDER,
        "densenet169_weights_tf_dim_ordering_tf_kernels.h5",
        "d699b8f76981ab1b30698df4c175e90b",
    ),
    ("DenseNet169", False): Published(
        _FOLDER,
        "densenet169_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "b8c4d4c20dd625c148057b9ff1c1176b",
    ),
    ("DenseNet201", True): Published(
        _FOLDER,
        "densenet201_weights_tf_dim_ordering_tf_kernels.h5",
        "1ceb130c1ea1b78c3bf6114dbdfd8807",
    ),
    ("DenseNet201", False): Published(
        _FOLDER,
        "densenet201_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "c13680b51ded0fb44dff2d8f86ac8bb1",
    ),
}

# Channels that each block adds.
_GROWTH = 32

# Adds to the variance, so that no channel is divided by zero.
_EPSILON = 1.001e-5


def DenseNet121(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The densely connected network of 121 layers (Huang and others 2016,
    arXiv:1608.06993).

    Args:
        include_top: bool, whether to end in a layer of classes.
        weights: `'imagenet'` (downloaded once), the path of a file, or None for new weights.
        input_tensor: tensor of pictures to start from; a new input by default.
        input_shape: tuple of three ints without the batch; 224 x 224 pixels in color with the
            top, any size without it, by default. At least 32 x 32.
        pooling: without the top, `'avg'` or `'max'` over all places; None leaves the feature maps.
        classes: int, how many classes the top tells apart.
        **kwargs: `backend`, `layers`, `models`, `utils`: taken, as Keras's own did, and not needed.

    Returns:
        A Model, not compiled.

    Raises:
        ValueError: weights, classes or a shape that do not go together.
        OSError: the weights are not in the cache and cannot be downloaded.

    Example:
        >>> net = applications.DenseNet121(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> net.output_shape
        (None, 1, 1, 1024)
    """
    request = Request("DenseNet121", locals(), size=224)
    return _densenet(request, blocks=(6, 12, 24, 16))


def DenseNet169(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The densely connected network of 169 layers (Huang and others 2016,
    arXiv:1608.06993).

    Args:
        include_top: bool, whether to end in a layer of classes.
        weights: `'imagenet'` (downloaded once), the path of a file, or None for new weights.
        input_tensor: tensor of pictures to start from; a new input by default.
        input_shape: tuple of three ints without the batch; 224 x 224 pixels in color with the
            top, any size without it, by default. At least 32 x 32.
        pooling: without the top, `'avg'` or `'max'` over all places; None leaves the feature maps.
        classes: int, how many classes the top tells apart.
        **kwargs: `backend`, `layers`, `models`, `utils`: taken, as Keras's own did, and not needed.

    Returns:
        A Model, not compiled.

    Raises:
        ValueError: weights, classes or a shape that do not go together.
        OSError: the weights are not in the cache and cannot be downloaded.

    Example:
        >>> net = applications.DenseNet169(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> net.output_shape
        (None, 1, 1, 1664)
    """
    request = Request("DenseNet169", locals(), size=224)
    return _densenet(request, blocks=(6, 12, 32, 32))


def DenseNet201(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The densely connected network of 201 layers (Huang and others 2016,
    arXiv:1608.06993).

    Args:
        include_top: bool, whether to end in a layer of classes.
        weights: `'imagenet'` (downloaded once), the path of a file, or None for new weights.
        input_tensor: tensor of pictures to start from; a new input by default.
        input_shape: tuple of three ints without the batch; 224 x 224 pixels in color with the
            top, any size without it, by default. At least 32 x 32.
        pooling: without the top, `'avg'` or `'max'` over all places; None leaves the feature maps.
        classes: int, how many classes the top tells apart.
        **kwargs: `backend`, `layers`, `models`, `utils`: taken, as Keras's own did, and not needed.

    Returns:
        A Model, not compiled.

    Raises:
        ValueError: weights, classes or a shape that do not go together.
        OSError: the weights are not in the cache and cannot be downloaded.

    Example:
        >>> net = applications.DenseNet201(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> net.output_shape
        (None, 1, 1, 1920)
    """
    request = Request("DenseNet201", locals(), size=224)
    return _densenet(request, blocks=(6, 12, 48, 32))


def _densenet(request: Request, blocks: Sequence[int]) -> Model:
    x = L.ZeroPadding2D(3)(request.inputs)
    x = L.Conv2D(64, 7, strides=2, use_bias=False, name="conv1/conv")(x)
    x = _activated(x, "conv1/bn", "conv1/relu")
    x = L.ZeroPadding2D(1)(x)
    x = L.MaxPooling2D(3, strides=2, name="pool1")(x)
    for stage, count in enumerate(blocks, start=2):
        if stage > 2:
            x = _halved(x, f"pool{stage - 1}")
        for number in range(1, count + 1):
            x = _grown(x, f"conv{stage}_block{number}")
    x = _activated(x, "bn", "relu")
    outputs = request.classified(x, pool="avg_pool", dense="fc1000")
    published = _WEIGHTS[request.who, bool(request.include_top)]
    return request.model(outputs, request.who.lower(), published)


def _activated(x: Tensor, bn: str, relu: str) -> Tensor:
    x = L.BatchNormalization(axis=channel_axis(), epsilon=_EPSILON, name=bn)(x)
    return L.Activation("relu", name=relu)(x)


def _grown(x: Tensor, name: str) -> Tensor:
    """The channels that there are, and those that two convolutions make of them."""
    y = _activated(x, name + "_0_bn", name + "_0_relu")
    y = L.Conv2D(4 * _GROWTH, 1, use_bias=False, name=name + "_1_conv")(y)
    y = _activated(y, name + "_1_bn", name + "_1_relu")
    y = L.Conv2D(_GROWTH, 3, padding="same", use_bias=False, name=name + "_2_conv")(y)
    return L.Concatenate(axis=channel_axis(), name=name + "_concat")([x, y])


def _halved(x: Tensor, name: str) -> Tensor:
    """Half the channels, and half the height and width."""
    x = _activated(x, name + "_bn", name + "_relu")
    x = L.Conv2D(channels_of(x) // 2, 1, use_bias=False, name=name + "_conv")(x)
    return L.AveragePooling2D(2, strides=2, name=name + "_pool")(x)


def preprocess_input(x: Pictures, data_format: str | None = None, **kwargs: Any) -> Pictures:
    """Scales pictures as the published weights were trained with: each channel centred and divided
    by its deviation.

    Args:
        x: array or tensor of pictures in red, green and blue from 0 to 255, of rank 3 or 4.
        data_format: `'channels_last'` or `'channels_first'`; that of the backend by default.
        **kwargs: what Keras's own modules were told of the Keras around them; not needed here.

    Returns:
        A new array of floats, or a tensor.
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="torch")
