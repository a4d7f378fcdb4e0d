"""MobileNetV2."""

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

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)

_FOLDER = "https://github.com/JonathanCMitchell/mobilenet_v2_keras/releases/download/v1.1"

# Of published weights: the widths, as their files write them, and the sizes of pictures.
_WIDTHS = {0.35: "0.35", 0.5: "0.5", 0.75: "0.75", 1.0: "1.0", 1.3: "1.3", 1.4: "1.4"}
_SIZES = (96, 128, 160, 192, 224)

# Filters, strides and expansion of each block.
_BLOCKS = (
    (16, 1, 1),
    *((24, 2, 6), (24, 1, 6)),
    *((32, 2, 6), *((32, 1, 6),) * 2),
    *((64, 2, 6), *((64, 1, 6),) * 3),
    *((96, 1, 6),) * 3,
    *((160, 2, 6), *((160, 1, 6),) * 2),
    (320, 1, 6),
)


def MobileNetV2(
    input_shape: Shape | None = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The network of inverted residual blocks (Sandler and others 2018, arXiv:1801.04381).

    Args:
        input_shape: tuple of three ints without the batch; 224 x 224 pixels in color with the top,
            any size without it, by default. At least 32 x 32.
        alpha: float, the width: what the filters of every layer are multiplied by.
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
        >>> net = applications.MobileNetV2(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> net.output_shape
        (None, 1, 1, 1280)
    """
    request = Request("MobileNetV2", locals(), size=square_size(input_shape, _SIZES))
    if request.pretrained and alpha not in _WIDTHS:
        raise ValueError(
            f"MobileNetV2: weights are published for alpha in {sorted(_WIDTHS)}, not for "
            f"alpha={alpha!r}. For new weights write weights=None."
        )
    x = L.ZeroPadding2D(half_padding(request.inputs, 3), name="Conv1_pad")(request.inputs)
    x = L.Conv2D(_by_eight(32 * alpha), 3, strides=2, use_bias=False, name="Conv1")(x)
    x = _activated(x, "bn_Conv1", "Conv1_relu")
    for number, (filters, strides, expansion) in enumerate(_BLOCKS):
        name = f"block_{number}_" if number else "expanded_conv_"
        x = _block(x, _by_eight(filters * alpha), strides, expansion, name)
    # The last layer does not shrink, so that thin networks tell classes apart as well.
    x = L.Conv2D(_by_eight(1280 * max(alpha, 1.0)), 1, use_bias=False, name="Conv_1")(x)
    x = _activated(x, "Conv_1_bn", "out_relu")
    outputs = request.classified(x, pool=None, dense="Logits")
    name = f"mobilenetv2_{alpha:.2f}_{request.rows}"
    return request.model(outputs, name, _published(request, alpha))


def _published(request: Request, alpha: float) -> Published | None:
    if not request.pretrained:
        return None
    top = "" if request.include_top else "_no_top"
    width, rows = _WIDTHS[alpha], published_rows(request, _SIZES)
    stem = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels"
    return Published(_FOLDER, f"{stem}_{width}_{rows}{top}.h5")


def _by_eight(filters: float) -> int:
    """A number of filters as a multiple of eight, rounded, at most a tenth smaller."""
    rounded = max(8, int(filters + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * filters else rounded


def _normalized(x: Tensor, name: str) -> Tensor:
    return L.BatchNormalization(axis=channel_axis(-1), momentum=0.999, name=name)(x)


def _activated(x: Tensor, bn: str, relu: str) -> Tensor:
    return L.ReLU(6.0, name=relu)(_normalized(x, bn))


def _block(inputs: Tensor, filters: int, strides: int, expansion: int, name: str) -> Tensor:
    """Widens, convolves each channel by itself, narrows; beside a shortcut where shapes agree."""
    x, channels = inputs, channels_of(inputs)
    if expansion > 1:
        wide = expansion * channels
        x = L.Conv2D(wide, 1, padding="same", use_bias=False, name=name + "expand")(x)
        x = _activated(x, name + "expand_BN", name + "expand_relu")
    if strides > 1:
        x = L.ZeroPadding2D(half_padding(x, 3), name=name + "pad")(x)
    padding = "same" if strides == 1 else "valid"
    x = L.DepthwiseConv2D(
        3, strides=strides, padding=padding, use_bias=False, name=name + "depthwise"
    )(x)
    x = _activated(x, name + "depthwise_BN", name + "depthwise_relu")
    x = L.Conv2D(filters, 1, padding="same", use_bias=False, name=name + "project")(x)
    x = _normalized(x, name + "project_BN")
    if channels == filters and strides == 1:
        return L.Add(name=name + "add")([inputs, x])
    return x
