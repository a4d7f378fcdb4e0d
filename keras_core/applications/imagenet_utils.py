"""Pictures as the published weights want them, and the names of the classes that they know."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import numpy as np

from keras_core import backend as K
from keras_core import namespaces
from keras_core.once import Once
from keras_core.utils.data_utils import get_file
from keras_core.utils.generic_utils import did_you_mean

__all__ = ["decode_predictions", "preprocess_input"]

__dir__ = namespaces.listing(__all__)

_CLASSES_URL = (
    "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
)
_CLASSES_MD5 = "c2c37ea517e94d9795004a39431a14cb"

# Of the pictures in ImageNet: the mean of each channel (blue, green, red) from 0 to 255; and mean
# and standard deviation (red, green, blue) from 0 to 1.
_BGR_MEAN = (103.939, 116.779, 123.68)
_RGB_MEAN = (0.485, 0.456, 0.406)
_RGB_DEVIATION = (0.229, 0.224, 0.225)

Pictures = TypeVar("Pictures")

_MODES = ("caffe", "tf", "torch")


def preprocess_input(
    x: Pictures, data_format: str | None = None, mode: str = "caffe", **kwargs: Any
) -> Pictures:
    """Scales pictures as the weights of an architecture were trained with.

    Args:
        x: array or tensor of pictures in red, green and blue from 0 to 255, of rank 3 or 4.
        data_format: `'channels_last'` or `'channels_first'`; that of the backend by default.
        mode: `'caffe'`: to blue, green and red, each channel centred; `'tf'`: to -1 to 1;
            `'torch'`: to 0 to 1, each channel centred and divided by its deviation.
        **kwargs: what Keras's own modules were told of the Keras around them; not needed here.

    Returns:
        A new array of floats, or a tensor.

    Raises:
        ValueError: an unknown format or mode, or pictures of another shape.
        TypeError: no numbers.

    Example:
        >>> x = np.full((1, 2, 2, 3), 255.0)
        >>> applications.imagenet_utils.preprocess_input(x, mode="tf")[0, 0, 0].tolist()
        [1.0, 1.0, 1.0]
    """
    if mode not in _MODES:
        raise ValueError(f"`mode` is one of {_MODES}, not {mode!r}.{did_you_mean(mode, _MODES)}")
    first = K.normalize_data_format(data_format) == "channels_first"
    pictures: Any = x
    if not K.is_tensor(x):
        pictures = np.asarray(x)
        _check_kind(pictures)
        kind = pictures.dtype.kind
        pictures = pictures.astype(pictures.dtype if kind == "f" else K.floatx())
    _check_channels(pictures, first, mode)
    return _scaled(pictures, first, mode)


def _check_kind(x: np.ndarray) -> None:
    if x.dtype.kind not in "biuf":
        raise TypeError(
            "preprocess_input takes an array of pictures as numbers from 0 to 255, not one of "
            f"{x.dtype}; keras_core.preprocessing.image.load_img and img_to_array read files."
        )


def _check_channels(x: Any, channels_first: bool, mode: str) -> None:
    """Refuses what is no picture, or one of other channels than there are means for."""
    if x.ndim not in (3, 4):
        raise ValueError(
            "preprocess_input takes a picture (height, width, channels), or a batch of them, not "
            f"an array of shape {tuple(x.shape)}."
        )
    channels = x.shape[x.ndim - 3 if channels_first else x.ndim - 1]
    if mode != "tf" and channels not in (None, len(_RGB_MEAN)):
        raise ValueError(
            f"preprocess_input with mode={mode!r} takes pictures of 3 channels, red, green and "
            f"blue, not of {channels}: their shape is {tuple(x.shape)}. Of a grey one, "
            "np.repeat(x, 3, axis=-1) makes such a picture."
        )


def _scaled(x: Any, channels_first: bool, mode: str) -> Any:
    if mode == "tf":
        return x / 127.5 - 1.0
    axis = x.ndim - 3 if channels_first else x.ndim - 1
    if mode == "torch":
        return (x / 255.0 - _along(_RGB_MEAN, axis, x)) / _along(_RGB_DEVIATION, axis, x)
    reverse = (slice(None),) * axis + (slice(None, None, -1),)
    return x[reverse] - _along(_BGR_MEAN, axis, x)


def _along(values: tuple[float, ...], axis: int, x: Any) -> Any:
    """One value a channel, in a shape that goes with the pictures."""
    shape = [1] * x.ndim
    shape[axis] = len(values)
    array = np.reshape(
        np.array(values, dtype=str(K.dtype(x)) if K.is_tensor(x) else x.dtype), shape
    )
    return K.constant(array, dtype=K.dtype(x)) if K.is_tensor(x) else array


def decode_predictions(
    preds: Any, top: int = 5, **kwargs: Any
) -> list[list[tuple[str, str, float]]]:
    """The likeliest classes of ImageNet.

    Args:
        preds: array `(samples, 1000)` of probabilities.
        top: int, how many classes a sample.
        **kwargs: what Keras's own modules were told of the Keras around them; not needed here.

    Returns:
        For each sample a list of (WordNet number, name, probability), the likeliest first.

    Raises:
        ValueError: `preds` has another shape.
        OSError: the list of names is not in the cache and cannot be downloaded.
    """
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != 1000:
        raise ValueError(
            "decode_predictions takes an array of shape (samples, 1000), as a model with "
            f"include_top=True predicts it, not one of shape {preds.shape}."
        )
    names = _classes()
    best = np.argsort(preds, axis=1, kind="stable")[:, ::-1][:, :top]
    return [
        [(*names[str(place)], row[place]) for place in places] for row, places in zip(preds, best)
    ]


@Once
def _classes() -> dict[str, tuple[str, str]]:
    path = get_file(
        "imagenet_class_index.json",
        _CLASSES_URL,
        cache_subdir="models",
        file_hash=_CLASSES_MD5,
        hash_algorithm="md5",
    )
    with open(path, encoding="utf-8") as file:
        return {place: tuple(names) for place, names in json.load(file).items()}
