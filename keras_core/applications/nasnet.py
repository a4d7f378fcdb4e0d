"""NASNetMobile and NASNetLarge."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras_core import backend as K
from keras_core import layers as L
from keras_core import namespaces
from keras_core.applications._request import (
    Published,
    Request,
    Shape,
    channel_axis,
    half_padding,
)
from keras_core.applications._scaling import preprocess_input
from keras_core.applications.imagenet_utils import decode_predictions
from keras_core.engine.training import Model
from keras_core.graph import Tensor

__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)

_FOLDER = "https://github.com/titu1994/Keras-NASNet/releases/download/v1.2"
_WEIGHTS = {
    ("NASNetMobile", True): Published(
        _FOLDER, "NASNet-mobile.h5", "020fb642bf7360b370c678b08e0adf61", "nasnet_mobile.h5"
    ),
    ("NASNetMobile", False): Published(
        _FOLDER,
        "NASNet-mobile-no-top.h5",
        "1ed92395b5b598bdda52abe5c0dbfd63",
        "nasnet_mobile_no_top.h5",
    ),
    ("NASNetLarge", True): Published(
        _FOLDER, "NASNet-large.h5", "11577c9a518f0070763c2b964a382f17", "nasnet_large.h5"
    ),
    ("NASNetLarge", False): Published(
        _FOLDER,
        "NASNet-large-no-top.h5",
        "d81d89dc07e6e56530c4e77faddd61b5",
        "nasnet_large_no_top.h5",
    ),
}


class _Plan(NamedTuple):
    """What tells one network of the family from the other.

    Attributes:
        filters: of the cells of the first of three stages.
        cells: how many cells each stage has.
        stem: filters of the first convolution.
        skips: whether a stage goes on from the cell in front of the reduction, not the one before.
    """

    filters: int
    cells: int
    stem: int
    skips: bool


def NASNetMobile(
    input_shape: Shape | None = None,
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The small one of two networks found by search (Zoph and others 2017, arXiv:1707.07012).

    Args:
        input_shape: tuple of three ints without the batch; 224 x 224 pixels in color by default. At
            least 32 x 32.
        include_top: bool, whether to end in a layer of classes.
        weights: `'imagenet'` (downloaded once), the path of a file, or None for new weights.
        input_tensor: tensor of pictures to start from; a new input by default.
        pooling: without the top, `'avg'` or `'max'` over all places; None leaves the feature maps.
        classes: int, how many classes the top tells apart.
        **kwargs: `backend`, `layers`, `models`, `utils`: taken, as Keras's own did, and not needed.

    Returns:
        A Model, not compiled.

    Raises:
        ValueError: weights, classes or a shape that do not go together.
        OSError: the weights are not in the cache and cannot be downloaded.

    Example:
        >>> net = applications.NASNetMobile(weights=None, input_shape=(32, 32, 3), classes=10)
        >>> net.output_shape
        (None, 10)
    """
    request = Request("NASNetMobile", locals(), size=224, fixed=True)
    return _nasnet(request, _Plan(filters=44, cells=4, stem=32, skips=False))


def NASNetLarge(
    input_shape: Shape | None = None,
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The large one of two networks found by search (Zoph and others 2017, arXiv:1707.07012).

    Args:
        input_shape: tuple of three ints without the batch; 331 x 331 pixels in color by default. At
            least 32 x 32.
        include_top: bool, whether to end in a layer of classes.
        weights: `'imagenet'` (downloaded once), the path of a file, or None for new weights.
        input_tensor: tensor of pictures to start from; a new input by default.
        pooling: without the top, `'avg'` or `'max'` over all places; None leaves the feature maps.
        classes: int, how many classes the top tells apart.
        **kwargs: `backend`, `layers`, `models`, `utils`: taken, as Keras's own did, and not needed.

    Returns:
        A Model, not compiled.

    Raises:
        ValueError: weights, classes or a shape that do not go together.
        OSError: the weights are not in the cache and cannot be downloaded.

    Example:
        >>> net = applications.NASNetLarge(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> net.output_shape
        (None, 1, 1, 4032)
    """
    request = Request("NASNetLarge", locals(), size=331, fixed=True)
    return _nasnet(request, _Plan(filters=168, cells=6, stem=96, skips=True))


def _nasnet(request: Request, plan: _Plan) -> Model:
    x = L.Conv2D(
        plan.stem,
        3,
        strides=2,
        use_bias=False,
        kernel_initializer="he_normal",
        name="stem_conv1",
    )(request.inputs)
    x, before = _normalized(x, "stem_bn1"), None
    for number, part in ((1, 4), (2, 2)):
        x, before = _reduction(x, before, plan.filters // part, f"stem_{number}")
    for stage in range(3):
        filters, last = plan.filters * 2**stage, plan.cells * stage
        if stage:
            x, between = _reduction(x, before, filters, f"reduce_{last}")
            before = before if plan.skips else between
        first = last + 1 if stage else 0
        for cell in range(first, first + plan.cells):
            x, before = _normal(x, before, filters, str(cell))
    x = L.Activation("relu")(x)
    outputs = request.classified(x, pool=None, dense="predictions")
    return request.model(outputs, "NASNet", _WEIGHTS[request.who, bool(request.include_top)])


def _normalized(x: Tensor, name: str) -> Tensor:
    return L.BatchNormalization(axis=channel_axis(-1), momentum=0.9997, name=name)(x)


def _projected(x: Tensor, filters: int, name: str) -> Tensor:
    return L.Conv2D(
        filters,
        1,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)


def _separable(x: Tensor, filters: int, kernel: int, name: str, strides: int = 1) -> Tensor:
    """Two separable convolutions, the first of which has the strides."""
    x, padding = L.Activation("relu")(x), "same"
    if strides == 2:
        x = L.ZeroPadding2D(half_padding(x, kernel), name="separable_conv_1_pad_" + name)(x)
        padding = "valid"
    for number in (1, 2):
        x = L.SeparableConv2D(
            filters,
            kernel,
            strides=strides if number == 1 else 1,
            padding=padding if number == 1 else "same",
            use_bias=False,
            name=f"separable_conv_{number}_{name}",
        )(x)
        x = _normalized(x, f"separable_conv_{number}_bn_{name}")
        x = L.Activation("relu")(x) if number == 1 else x
    return x


def _averaged(x: Tensor, name: str) -> Tensor:
    return L.AveragePooling2D(3, strides=1, padding="same", name=name)(x)


def _adjusted(before: Tensor | None, x: Tensor, filters: int, name: str) -> Tensor:
    """The output of the cell before the last in the size and with the channels of this cell."""
    if before is None:
        return x
    height = 2 if channel_axis(-1) == 1 else 1
    if K.int_shape(before)[height] != K.int_shape(x)[height]:
        return _halved(before, filters, name)
    if K.int_shape(before)[channel_axis(-1)] != filters:
        before = L.Activation("relu")(before)
        before = _projected(before, filters, f"adjust_conv_projection_{name}")
        return _normalized(before, f"adjust_bn_{name}")
    return before


def _halved(x: Tensor, filters: int, name: str) -> Tensor:
    """Every second place, and beside it every second place one row and column further."""
    x = L.Activation("relu", name=f"adjust_relu_1_{name}")(x)
    here = L.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_1_{name}")(x)
    here = _projected(here, filters // 2, f"adjust_conv_1_{name}")
    moved = L.ZeroPadding2D(((0, 1), (0, 1)))(x)
    moved = L.Cropping2D(((1, 0), (1, 0)))(moved)
    moved = L.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_2_{name}")(moved)
    moved = _projected(moved, filters // 2, f"adjust_conv_2_{name}")
    both = L.concatenate([here, moved], axis=channel_axis(-1))
    return _normalized(both, f"adjust_bn_{name}")


def _normal(x: Tensor, before: Tensor | None, filters: int, name: str) -> tuple[Tensor, Tensor]:
    """A cell that keeps the size; returns its output and its input."""
    p = _adjusted(before, x, filters, name)
    h = L.Activation("relu")(x)
    h = _normalized(_projected(h, filters, f"normal_conv_1_{name}"), f"normal_bn_1_{name}")

    def summed(number: int, left: Tensor, right: Tensor) -> Tensor:
        return L.add([left, right], name=f"normal_add_{number}_{name}")

    left = _separable(h, filters, 5, f"normal_left1_{name}")
    one = summed(1, left, _separable(p, filters, 3, f"normal_right1_{name}"))
    left = _separable(p, filters, 5, f"normal_left2_{name}")
    two = summed(2, left, _separable(p, filters, 3, f"normal_right2_{name}"))
    three = summed(3, _averaged(h, f"normal_left3_{name}"), p)
    left = _averaged(p, f"normal_left4_{name}")
    four = summed(4, left, _averaged(p, f"normal_right4_{name}"))
    five = summed(5, _separable(h, filters, 3, f"normal_left5_{name}"), h)
    joined = [p, one, two, three, four, five]
    return L.concatenate(joined, axis=channel_axis(-1), name=f"normal_concat_{name}"), x


def _reduction(x: Tensor, before: Tensor | None, filters: int, name: str) -> tuple[Tensor, Tensor]:
    """A cell that halves the size; returns its output and its input."""
    p = _adjusted(before, x, filters, name)
    h = L.Activation("relu")(x)
    h = _normalized(_projected(h, filters, f"reduction_conv_1_{name}"), f"reduction_bn_1_{name}")
    padded = L.ZeroPadding2D(half_padding(h, 3), name=f"reduction_pad_1_{name}")(h)

    def halved(x: Tensor, kernel: int, side: str) -> Tensor:
        return _separable(x, filters, kernel, f"reduction_{side}_{name}", strides=2)

    one = L.add([halved(h, 5, "left1"), halved(p, 7, "right1")], name=f"reduction_add_1_{name}")
    left = L.MaxPooling2D(3, strides=2, name=f"reduction_left2_{name}")(padded)
    two = L.add([left, halved(p, 7, "right2")], name=f"reduction_add_2_{name}")
    left = L.AveragePooling2D(3, strides=2, name=f"reduction_left3_{name}")(padded)
    three = L.add([left, halved(p, 5, "right3")], name=f"reduction_add3_{name}")
    four = L.add([two, _averaged(one, f"reduction_left4_{name}")])
    left = _separable(one, filters, 3, f"reduction_left4_{name}")
    right = L.MaxPooling2D(3, strides=2, name=f"reduction_right5_{name}")(padded)
    five = L.add([left, right], name=f"reduction_add4_{name}")
    joined = [two, three, four, five]
    return L.concatenate(joined, axis=channel_axis(-1), name=f"reduction_concat_{name}"), x
