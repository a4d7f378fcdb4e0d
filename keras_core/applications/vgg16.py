"""VGG16."""

from __future__ import annotations

from typing import Any

from keras_core import namespaces
from keras_core.applications._request import Published, Request, Shape
from keras_core.applications._vgg import vgg
from keras_core.applications.imagenet_utils import decode_predictions, preprocess_input
from keras_core.engine.training import Model
from keras_core.graph import Tensor

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)

_FOLDER = "https://github.com/fchollet/deep-learning-models/releases/download/v0.1"
_WEIGHTS = {
    True: Published(
        _FOLDER,
        "vgg16_weights_tf_dim_ordering_tf_kernels.h5",
        "64373286793e3c8b2b4e3219cbf3544b",
    ),
    False: Published(
        _FOLDER,
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "6d6bbae143d832006294945121d1f1fc",
    ),
}


def VGG16(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The network of 16 layers with weights of the Visual Geometry Group (Simonyan and
    Zisserman 2014, arXiv:1409.1556).

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
        >>> net = applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 3))
        >>> net.output_shape
        (None, 2, 2, 512)
        >>> net.get_layer("block3_pool").output_shape  # features of a coarser kind
        (None, 8, 8, 256)
    """
    request = Request("VGG16", locals(), size=224)
    outputs = vgg(request, convolutions=(2, 2, 3, 3, 3))
    return request.model(outputs, "vgg16", _WEIGHTS[bool(include_top)])
