"""The blocks of VGG16 and VGG19."""

from __future__ import annotations

from collections.abc import Sequence

from keras_core import layers as L
from keras_core.applications._request import Request
from keras_core.graph import Tensor

_FILTERS = (64, 128, 256, 512, 512)


def vgg(request: Request, convolutions: Sequence[int]) -> Tensor:
    """Five blocks of convolutions, each followed by a pooling, and three dense layers.

    Args:
        request: Request.
        convolutions: how many each block has.
    """
    x = request.inputs
    for block, (filters, count) in enumerate(zip(_FILTERS, convolutions), start=1):
        for number in range(1, count + 1):
            name = f"block{block}_conv{number}"
            x = L.Conv2D(filters, (3, 3), activation="relu", padding="same", name=name)(x)
        x = L.MaxPooling2D((2, 2), strides=(2, 2), name=f"block{block}_pool")(x)
    if not request.include_top:
        return request.pooled(x)
    x = L.Flatten(name="flatten")(x)
    x = L.Dense(4096, activation="relu", name="fc1")(x)
    x = L.Dense(4096, activation="relu", name="fc2")(x)
    return L.Dense(request.classes, activation="softmax", name="predictions")(x)
