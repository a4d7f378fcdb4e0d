"""InceptionV3."""

from __future__ import annotations

from typing import Any

from keras_core import layers as L
from keras_core import missing, namespaces
from keras_core.applications._request import Published, Request, Shape, channel_axis
from keras_core.applications._scaling import preprocess_input
from keras_core.applications.imagenet_utils import decode_predictions
from keras_core.engine.training import Model
from keras_core.graph import Tensor

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())

_FOLDER = "https://github.com/fchollet/deep-learning-models/releases/download/v0.5"
_WEIGHTS = {
    True: Published(
        _FOLDER,
        "inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
        "9a0d58056eeedaa3f26cb7ebd46da564",
    ),
    False: Published(
        _FOLDER,
        "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "bcbd6486424b2319ff4ef7d526e38f63",
    ),
}


def InceptionV3(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The third Inception network (Szegedy and others 2015, arXiv:1512.00567).

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
        >>> net = applications.InceptionV3(weights=None, include_top=False, input_shape=(75, 75, 3))
        >>> net.output_shape
        (None, 1, 1, 2048)
    """
    request = Request("InceptionV3", locals(), size=299, smallest=75)
    x = _stem(request.inputs)
    for number, pooled in enumerate((32, 64, 64)):
        x = _squares(x, pooled, f"mixed{number}")
    x = _squares_halved(x, "mixed3")
    for number, inner in enumerate((128, 160, 160, 192), start=4):
        x = _crosses(x, inner, f"mixed{number}")
    x = _crosses_halved(x, "mixed8")
    x = _forks(x, "mixed9", ("mixed9_0", None))
    x = _forks(x, "mixed10", ("mixed9_1", None))
    outputs = request.classified(x, pool="avg_pool", dense="predictions")
    return request.model(outputs, "inception_v3", _WEIGHTS[bool(include_top)])


def _convolved(x: Tensor, filters: int, *kernel: int, **options: Any) -> Tensor:
    options.setdefault("padding", "same")
    x = L.Conv2D(filters, kernel, use_bias=False, **options)(x)
    x = L.BatchNormalization(axis=channel_axis(), scale=False)(x)
    return L.Activation("relu")(x)


def _joined(branches: list[Tensor], name: str | None = None) -> Tensor:
    return L.Concatenate(axis=channel_axis(), name=name)(branches)


def _averaged(x: Tensor) -> Tensor:
    return L.AveragePooling2D(3, strides=1, padding="same")(x)


def _stem(x: Tensor) -> Tensor:
    x = _convolved(x, 32, 3, 3, strides=2, padding="valid")
    x = _convolved(x, 32, 3, 3, padding="valid")
    x = _convolved(x, 64, 3, 3)
    x = L.MaxPooling2D(3, strides=2)(x)
    x = _convolved(x, 80, 1, 1, padding="valid")
    x = _convolved(x, 192, 3, 3, padding="valid")
    return L.MaxPooling2D(3, strides=2)(x)


def _squares(x: Tensor, pooled: int, name: str) -> Tensor:
    """Branches with windows of 1, 5, 3 and 3 again, and a pooling."""
    one = _convolved(x, 64, 1, 1)
    five = _convolved(_convolved(x, 48, 1, 1), 64, 5, 5)
    three = _convolved(_convolved(_convolved(x, 64, 1, 1), 96, 3, 3), 96, 3, 3)
    pool = _convolved(_averaged(x), pooled, 1, 1)
    return _joined([one, five, three, pool], name)


def _squares_halved(x: Tensor, name: str) -> Tensor:
    three = _convolved(x, 384, 3, 3, strides=2, padding="valid")
    twice = _convolved(_convolved(x, 64, 1, 1), 96, 3, 3)
    twice = _convolved(twice, 96, 3, 3, strides=2, padding="valid")
    return _joined([three, twice, L.MaxPooling2D(3, strides=2)(x)], name)


def _crosses(x: Tensor, inner: int, name: str) -> Tensor:
    """Branches with windows of 1, of 1 x 7 and 7 x 1, the same twice, and a pooling."""
    one = _convolved(x, 192, 1, 1)
    once = _convolved(_convolved(x, inner, 1, 1), inner, 1, 7)
    once = _convolved(once, 192, 7, 1)
    twice = _convolved(_convolved(x, inner, 1, 1), inner, 7, 1)
    twice = _convolved(_convolved(twice, inner, 1, 7), inner, 7, 1)
    twice = _convolved(twice, 192, 1, 7)
    pool = _convolved(_averaged(x), 192, 1, 1)
    return _joined([one, once, twice, pool], name)


def _crosses_halved(x: Tensor, name: str) -> Tensor:
    three = _convolved(_convolved(x, 192, 1, 1), 320, 3, 3, strides=2, padding="valid")
    seven = _convolved(_convolved(_convolved(x, 192, 1, 1), 192, 1, 7), 192, 7, 1)
    seven = _convolved(seven, 192, 3, 3, strides=2, padding="valid")
    return _joined([three, seven, L.MaxPooling2D(3, strides=2)(x)], name)


def _forks(x: Tensor, name: str, forks: tuple[str | None, str | None]) -> Tensor:
    """Branches with a window of 1, two that fork into 1 x 3 and 3 x 1, and a pooling."""
    one = _convolved(x, 320, 1, 1)
    three = _forked(_convolved(x, 384, 1, 1), forks[0])
    twice = _forked(_convolved(_convolved(x, 448, 1, 1), 384, 3, 3), forks[1])
    pool = _convolved(_averaged(x), 192, 1, 1)
    return _joined([one, three, twice, pool], name)


def _forked(x: Tensor, name: str | None) -> Tensor:
    return _joined([_convolved(x, 384, 1, 3), _convolved(x, 384, 3, 1)], name)
