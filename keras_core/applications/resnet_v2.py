"""ResNet50V2, ResNet101V2 and ResNet152V2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import layers as L
from keras_core import namespaces
from keras_core.applications._request import Published, Request, Shape, channel_axis
from keras_core.applications._scaling import preprocess_input
from keras_core.applications.imagenet_utils import decode_predictions
from keras_core.engine.training import Model
from keras_core.graph import Tensor

__all__ = ["ResNet101V2", "ResNet152V2", "ResNet50V2", "decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)

_FOLDER = "https://github.com/keras-team/keras-applications/releases/download/resnet"
_WEIGHTS = {
    ("ResNet50V2", True): Published(
        _FOLDER,
        "resnet50v2_weights_tf_dim_ordering_tf_kernels.h5",
        "3ef43a0b657b3be2300d5770ece849e0",
    ),
    ("ResNet50V2", False): Published(
        _FOLDER,
        "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "fac2f116257151a9d068a22e544a4917",
    ),
    ("ResNet101V2", True): Published(
        _FOLDER,
        "resnet101v2_weights_tf_dim_ordering_tf_kernels.h5",
        "6343647c601c52e1368623803854d971",
    ),
    ("ResNet101V2", False): Published(
        _FOLDER,
        "resnet101v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "c0ed64b8031c3730f411d2eb4eea35b5",
    ),
    ("ResNet152V2", True): Published(
        _FOLDER,
        "resnet152v2_weights_tf_dim_ordering_tf_kernels.h5",
        "a49b44d1979771252814e80f8ec446f9",
    ),
    ("ResNet152V2", False): Published(
        _FOLDER,
        "resnet152v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "ed17cf2e0169df9d443503ef94b23b33",
    ),
}

# Adds to the variance, so that no channel is divided by zero.
_EPSILON = 1.001e-5


def ResNet50V2(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The residual network of 50 layers that normalizes first (He and others 2016,
    arXiv:1603.05027).

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
        >>> net = applications.ResNet50V2(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> net.output_shape
        (None, 1, 1, 2048)
    """
    request = Request("ResNet50V2", locals(), size=224)
    return _resnet(request, blocks=(3, 4, 6, 3))


def ResNet101V2(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The residual network of 101 layers that normalizes first (He and others 2016,
    arXiv:1603.05027).

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
        >>> net = applications.ResNet101V2(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> net.output_shape
        (None, 1, 1, 2048)
    """
    request = Request("ResNet101V2", locals(), size=224)
    return _resnet(request, blocks=(3, 4, 23, 3))


def ResNet152V2(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The residual network of 152 layers that normalizes first (He and others 2016,
    arXiv:1603.05027).

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
        >>> net = applications.ResNet152V2(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> net.output_shape
        (None, 1, 1, 2048)
    """
    request = Request("ResNet152V2", locals(), size=224)
    return _resnet(request, blocks=(3, 8, 36, 3))


def _resnet(request: Request, blocks: Sequence[int]) -> Model:
    x = L.ZeroPadding2D(3, name="conv1_pad")(request.inputs)
    x = L.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    x = L.ZeroPadding2D(1, name="pool1_pad")(x)
    x = L.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, count in enumerate(blocks, start=2):
        for number in range(1, count + 1):
            strides = 2 if number == count and stage < 5 else 1
            name = f"conv{stage}_block{number}"
            x = _block(x, 32 * 2 ** (stage - 1), name, strides, widens=number == 1)
    x = _activated(x, "post")
    outputs = request.classified(x, pool="avg_pool", dense="probs")
    published = _WEIGHTS[request.who, bool(request.include_top)]
    return request.model(outputs, request.who.lower(), published)


def _activated(x: Tensor, name: str) -> Tensor:
    x = L.BatchNormalization(axis=channel_axis(), epsilon=_EPSILON, name=name + "_bn")(x)
    return L.Activation("relu", name=name + "_relu")(x)


def _block(x: Tensor, filters: int, name: str, strides: int, widens: bool) -> Tensor:
    """Three convolutions beside a shortcut, which is a convolution where the block widens, and a
    pooling where it halves the picture."""
    active = _activated(x, name + "_preact")
    if widens:
        shortcut = L.Conv2D(4 * filters, 1, strides=strides, name=name + "_0_conv")(active)
    else:
        shortcut = L.MaxPooling2D(1, strides=strides)(x) if strides > 1 else x
    x = L.Conv2D(filters, 1, use_bias=False, name=name + "_1_conv")(active)
    x = _activated(x, name + "_1")
    x = L.ZeroPadding2D(1, name=name + "_2_pad")(x)
    x = L.Conv2D(filters, 3, strides=strides, use_bias=False, name=name + "_2_conv")(x)
    x = _activated(x, name + "_2")
    x = L.Conv2D(4 * filters, 1, name=name + "_3_conv")(x)
    return L.Add(name=name + "_out")([shortcut, x])
