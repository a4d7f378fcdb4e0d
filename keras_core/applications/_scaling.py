"""How pictures are scaled for the weights of most families."""

from __future__ import annotations

from typing import Any

from keras_core.applications import imagenet_utils
from keras_core.applications.imagenet_utils import Pictures


def preprocess_input(x: Pictures, **kwargs: Any) -> Pictures:
    """Scales pictures as the published weights were trained with: from -1 to 1.

    Args:
        x: array or tensor of pictures in red, green and blue from 0 to 255, of rank 3 or 4.
        **kwargs: `data_format`, as for `imagenet_utils.preprocess_input`.

    Returns:
        A new array of floats, or a tensor.
    """
    return imagenet_utils.preprocess_input(x, kwargs.get("data_format"), mode="tf")
