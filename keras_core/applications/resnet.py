"""ResNet50, ResNet101 and ResNet152."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core import layers as L
from keras_core import namespaces
from keras_core.applications import imagenet_utils
from keras_core.applications._request import Published, Request, Shape, channel_axis
from keras_core.applications.imagenet_utils import Pictures, decode_predictions
from keras_core.engine.training import Model
from keras_core.graph import Tensor

__all__ = ["ResNet101", "ResNet152", "ResNet50", "decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)

_FOLDER = "https://github.com/keras-team/keras-applications/releases/download/resnet"
_WEIGHTS = {
    ("ResNet50", True): Published(
        _FOLDER,
        "resnet50_weights_tf_dim_ordering_tf_kernels.h5",
        "2cb95161c43110f7111970584f804107",
    ),
    ("ResNet50", False): Published(
        _FOLDER,
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "4d473c1dd8becc155b73f8504c6f6626",
    ),
    ("ResNet101", True): Published(
        _FOLDER,
        "resnet101_weights_tf_dim_ordering_tf_kernels.h5",
        "f1aeb4b969a6efcfb50fad2f0c20cfc5",
    ),
    ("ResNet101", False): Published(
        _FOLDER,
        "resnet101_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "88cf7a10940856eca736dc7b7e228a21",
    ),
    ("ResNet152", True): Published(
        _FOLDER,
        "resnet152_weights_tf_dim_ordering_tf_kernels.h5",
        "100835be76be38e30d865e96f2aaae62",
    ),
    ("ResNet152", False): Published(
        _FOLDER,
        "resnet152_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "ee4c566cf9a93f14d82f913c2dc6dd0c",
    ),
}

# Adds to the variance, so that no channel is divided by zero.
_EPSILON = 1.001e-5


def ResNet50(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The residual network of 50 layers (He and others 2015, arXiv:1512.03385).

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
    """
    request = Request("ResNet50", locals(), size=224)
    return _resnet(request, blocks=(3, 4, 6, 3))


def ResNet101(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The residual network of 101 layers (He and others 2015, arXiv:1512.03385).

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
        >>> net = applications.ResNet101(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> net.output_shape
        (None, 1, 1, 2048)
    """
    request = Request("ResNet101", locals(), size=224)
    return _resnet(request, blocks=(3, 4, 23, 3))


def ResNet152(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The residual network of 152 layers (He and others 2015, arXiv:1512.03385).

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
        >>> net = applications.ResNet152(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> net.output_shape
        (None, 1, 1, 2048)
    """
    request = Request("ResNet152", locals(), size=224)
    return _resnet(request, blocks=(3, 8, 36, 3))


def _resnet(request: Request, blocks: Sequence[int]) -> Model:
    x = L.ZeroPadding2D(3, name="conv1_pad")(request.inputs)
    x = _convolved(x, 64, 7, "conv1", strides=2)
    x = L.Activation("relu", name="conv1_relu")(x)
    x = L.ZeroPadding2D(1, name="pool1_pad")(x)
    x = L.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, count in enumerate(blocks, start=2):
        for number in range(1, count + 1):
            strides = 2 if number == 1 and stage > 2 else 1
            name = f"conv{stage}_block{number}"
            x = _block(x, 32 * 2 ** (stage - 1), name, strides, widens=number == 1)
    outputs = request.classified(x, pool="avg_pool", dense="probs")
    published = _WEIGHTS[request.who, bool(request.include_top)]
    return request.model(outputs, request.who.lower(), published)


def _convolved(x: Tensor, filters: int, kernel: int, name: str, **options: Any) -> Tensor:
    x = L.Conv2D(filters, kernel, name=name + "_conv", **options)(x)
    return L.BatchNormalization(axis=channel_axis(), epsilon=_EPSILON, name=name + "_bn")(x)


def _block(x: Tensor, filters: int, name: str, strides: int, widens: bool) -> Tensor:
    """Three convolutions beside a shortcut, which has one of its own where the block widens."""
    shortcut = _convolved(x, 4 * filters, 1, name + "_0", strides=strides) if widens else x
    x = _convolved(x, filters, 1, name + "_1", strides=strides)
    x = L.Activation("relu", name=name + "_1_relu")(x)
    x = _convolved(x, filters, 3, name + "_2", padding="same")
    x = L.Activation("relu", name=name + "_2_relu")(x)
    x = _convolved(x, 4 * filters, 1, name + "_3")
    x = L.Add(name=name + "_add")([shortcut, x])
    return L.Activation("relu", name=name + "_out")(x)


def preprocess_input(x: Pictures, **kwargs: Any) -> Pictures:
    """Scales pictures as the published weights were trained with: blue, green
    and red, each channel centred.

    Args:
        x: array or tensor of pictures in red, green and blue from 0 to 255, of rank 3 or 4.
        **kwargs: `data_format`, as for `imagenet_utils.preprocess_input`.

    Returns:
        A new array of floats, or a tensor.
    """
    return imagenet_utils.preprocess_input(x, kwargs.get("data_format"), mode="caffe")
