"""VGG19."""

from __future__ import annotations

from typing import Any

from keras_core import namespaces
from keras_core.applications._request import Published, Request, Shape
from keras_core.applications._vgg import vgg
from keras_core.applications.imagenet_utils import decode_predictions, preprocess_input
from keras_core.engine.training import Model
from keras_core.graph import Tensor

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)

_FOLDER = "https://github.com/fchollet/deep-learning-models/releases/download/v0.1"
_WEIGHTS = {
    True: Published(
        _FOLDER,
        "vgg19_weights_tf_dim_ordering_tf_kernels.h5",
        "cbe5617147190e668d6c5d5026f83318",
    ),
    False: Published(
        _FOLDER,
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "253f8cb515780f3b799900260a226db6",
    ),
}


def VGG19(
    include_top: bool = True,
    weights: str | None = "imagenet",
    input_tensor: Tensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    **kwargs: Any,
) -> Model:
    """The network of 19 layers with weights of the Visual Geometry Group (Simonyan and
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
        >>> net = applications.VGG19(weights=None, include_top=False, input_shape=(32, 32, 3))
        >>> net.output_shape
        (None, 1, 1, 512)
    """
    request = Request("VGG19", locals(), size=224)
    outputs = vgg(request, convolutions=(2, 2, 4, 4, 4))
    return request.model(outputs, "vgg19", _WEIGHTS[bool(include_top)])
