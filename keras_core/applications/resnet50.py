"""The first ResNet50, with the layer names of 2016; `resnet` has the later family."""

from __future__ import annotations

from typing import Any

from keras_core import layers as L
from keras_core import missing, namespaces
from keras_core.applications._request import Published, Request, Shape, channel_axis
from keras_core.applications.imagenet_utils import decode_predictions, preprocess_input
from keras_core.engine.training import Model
from keras_core.graph import Tensor

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())

_FOLDER = "https://github.com/fchollet/deep-learning-models/releases/download/v0.2"
_WEIGHTS = {
    True: Published(
        _FOLDER,
        "resnet50_weights_tf_dim_ordering_tf_kernels.h5",
        "a7b3fe01876f51b976af0dea6bc144eb",
    ),
    False: Published(
        _FOLDER,
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "a268eb855778b3df3c7506639542a6af",
    ),
}

# Of each stage: its filters, and a letter a block.
_STAGES = {2: (64, "abc"), 3: (128, "abcd"), 4: (256, "abcdef"), 5: (512, "abc")}


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

    Example:
        >>> net = applications.ResNet50(weights=None, include_top=False)
        >>> net.output_shape  # for images of any size
        (None, None, None, 2048)
        >>> net = applications.ResNet50(weights=None, include_top=False, pooling="avg")
        >>> net.output_shape
        (None, 2048)
    """
    request = Request("ResNet50", locals(), size=224)
    x = L.ZeroPadding2D(3, name="conv1_pad")(request.inputs)
    x = _normalized(_convolved(x, 64, 7, "conv1", strides=2), "bn_conv1")
    x = L.Activation("relu")(x)
    x = L.ZeroPadding2D(1, name="pool1_pad")(x)
    x = L.MaxPooling2D(3, strides=2)(x)
    for stage, (filters, letters) in _STAGES.items():
        for letter in letters:
            x = _block(x, filters, f"{stage}{letter}", widens=letter == "a", halves=stage > 2)
    outputs = request.classified(x, pool="avg_pool", dense="fc1000")
    return request.model(outputs, "resnet50", _WEIGHTS[bool(include_top)])


def _convolved(x: Tensor, filters: int, kernel: int, name: str, **options: Any) -> Tensor:
    return L.Conv2D(filters, kernel, kernel_initializer="he_normal", name=name, **options)(x)


def _normalized(x: Tensor, name: str) -> Tensor:
    return L.BatchNormalization(axis=channel_axis(), name=name)(x)


def _block(x: Tensor, filters: int, place: str, widens: bool, halves: bool) -> Tensor:
    """Three convolutions beside a shortcut, which has one of its own where the block widens."""
    conv, bn = f"res{place}_branch", f"bn{place}_branch"
    strides = 2 if widens and halves else 1
    y = _normalized(_convolved(x, filters, 1, conv + "2a", strides=strides), bn + "2a")
    y = L.Activation("relu")(y)
    y = _normalized(_convolved(y, filters, 3, conv + "2b", padding="same"), bn + "2b")
    y = L.Activation("relu")(y)
    y = _normalized(_convolved(y, 4 * filters, 1, conv + "2c"), bn + "2c")
    if widens:
        x = _normalized(_convolved(x, 4 * filters, 1, conv + "1", strides=strides), bn + "1")
    return L.Activation("relu")(L.add([y, x]))
