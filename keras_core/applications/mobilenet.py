"""MobileNet."""

from __future__ import annotations

from typing import Any

from keras_core import layers as L
from keras_core import namespaces
from keras_core.applications._request import (
    Published,
    Request,
    Shape,
    channel_axis,
    channels_of,
    half_padding,
    published_rows,
    square_size,
)
from keras_core.applications._scaling import preprocess_input
from keras_core.applications.imagenet_utils import decode_predictions
from keras_core.engine.training import Model
from keras_core.graph import Tensor

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)

_FOLDER = "https://github.com/fchollet/deep-learning-models/releases/download/v0.6"

# Of published weights: the widths, as their files write them, and the sizes of pictures.
_WIDTHS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
_SIZES = (128, 160, 192, 224)

# Filters and strides of each block.
_BLOCKS = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)


def MobileNet(
    input_shape: Shape | None = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 1e-3,
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The network of depthwise convolutions for phones (Howard and others 2017, arXiv:1704.04861).

    Args:
        input_shape: tuple of three ints without the batch; 224 x 224 pixels in color with the top,
            any size without it, by default. At least 32 x 32.
        alpha: float, the width: what the filters of every layer are multiplied by.
        depth_multiplier: int, what each depthwise convolution makes of a channel.
        dropout: float, the fraction dropped in front of the classes.
        include_top: bool, whether to end in a layer of classes.
        weights: `'imagenet'` (downloaded once), the path of a file, or None for new weights.
        input_tensor: tensor of pictures to start from; a new input by default.
        pooling: without the top, `'avg'` or `'max'` over all places; None leaves the feature maps.
        classes: int, how many classes the top tells apart.
        **kwargs: `backend`, `layers`, `models`, `utils`: taken, as Keras's own did, and not needed.

    Returns:
        A Model, not compiled.

    Raises:
        ValueError: weights, classes, a width or a shape that do not go together.
        OSError: the weights are not in the cache and cannot be downloaded.

    Example:
        >>> net = applications.MobileNet((32, 32, 3), alpha=0.25, weights=None, classes=10)
        >>> net.predict(np.zeros((2, 32, 32, 3))).shape
        (2, 10)
        >>> net.count_params()
        221114
    """
    request = Request("MobileNet", locals(), size=square_size(input_shape, _SIZES))
    if request.pretrained:
        _check_published(alpha, depth_multiplier)
    x = L.ZeroPadding2D(half_padding(request.inputs, 3), name="conv1_pad")(request.inputs)
    x = L.Conv2D(int(32 * alpha), 3, strides=2, use_bias=False, name="conv1")(x)
    x = _activated(x, "conv1")
    for number, (filters, strides) in enumerate(_BLOCKS, start=1):
        x = _block(x, int(filters * alpha), strides, depth_multiplier, number)
    outputs = _top(request, x, dropout) if include_top else request.pooled(x)
    name = f"mobilenet_{alpha:.2f}_{request.rows}"
    return request.model(outputs, name, _published(request, alpha))


def _check_published(alpha: float, depth_multiplier: int) -> None:
    if alpha not in _WIDTHS or depth_multiplier != 1:
        raise ValueError(
            f"MobileNet: weights are published for alpha in {sorted(_WIDTHS)} and "
            f"depth_multiplier=1, not for alpha={alpha!r} and depth_multiplier="
            f"{depth_multiplier!r}. For new weights write weights=None."
        )


def _published(request: Request, alpha: float) -> Published | None:
    if not request.pretrained:
        return None
    top = "" if request.include_top else "_no_top"
    rows = published_rows(request, _SIZES)
    return Published(_FOLDER, f"mobilenet_{_WIDTHS[alpha]}_{rows}_tf{top}.h5")


def _activated(x: Tensor, name: str) -> Tensor:
    x = L.BatchNormalization(axis=channel_axis(-1), name=name + "_bn")(x)
    return L.ReLU(6.0, name=name + "_relu")(x)


def _block(x: Tensor, filters: int, strides: int, depth_multiplier: int, number: int) -> Tensor:
    """A convolution of each channel by itself, and one over the channels."""
    if strides > 1:
        x = L.ZeroPadding2D(half_padding(x, 3), name=f"conv_pad_{number}")(x)
    x = L.DepthwiseConv2D(
        3,
        strides=strides,
        padding="same" if strides == 1 else "valid",
        depth_multiplier=depth_multiplier,
        use_bias=False,
        name=f"conv_dw_{number}",
    )(x)
    x = _activated(x, f"conv_dw_{number}")
    x = L.Conv2D(filters, 1, padding="same", use_bias=False, name=f"conv_pw_{number}")(x)
    return _activated(x, f"conv_pw_{number}")


def _top(request: Request, x: Tensor, dropout: float) -> Tensor:
    channels = channels_of(x)
    one_place = (channels, 1, 1) if channel_axis(-1) == 1 else (1, 1, channels)
    x = L.GlobalAveragePooling2D()(x)
    x = L.Reshape(one_place, name="reshape_1")(x)
    x = L.Dropout(dropout, name="dropout")(x)
    x = L.Conv2D(request.classes, 1, padding="same", name="conv_preds")(x)
    x = L.Reshape((request.classes,), name="reshape_2")(x)
    return L.Activation("softmax", name="act_softmax")(x)
