"""What all architectures share: the checks of what is asked for, the input, the head, the weights.

An architecture makes a `Request` of its arguments, builds its layers from `request.inputs` on, and
has `request.model` finish and fill the model.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from keras_core import backend as K
from keras_core import layers as L
from keras_core.engine.topology import get_source_inputs
from keras_core.engine.training import Model
from keras_core.graph import Tensor
from keras_core.utils.data_utils import get_file

# The number of classes, and of channels, of the pictures that the published weights know.
CLASSES = 1000
CHANNELS = 3

Shape = Sequence[Any]

# What the modules of Keras's own applications were told of the Keras around them.
_INJECTED = {"backend", "layers", "models", "utils"}


class Published(NamedTuple):
    """A file of weights that its authors published.

    Attributes:
        folder: address of the folder.
        file: name there.
        md5: its hash in hexadecimal digits; None where none was published.
        cached: name in Keras's cache; the same by default.
    """

    folder: str
    file: str
    md5: str | None = None
    cached: str | None = None

    def path(self) -> str:
        """Path of the file in the cache, downloaded if it is not there."""
        return get_file(
            self.cached or self.file,
            f"{self.folder}/{self.file}",
            cache_subdir="models",
            file_hash=self.md5,
            hash_algorithm="md5",
        )


class Request:
    """What a user asks of an architecture, checked, with the input tensor made.

    Args:
        who: name of the function that was called, for messages.
        arguments: its arguments by name: `include_top`, `weights`, `input_tensor`, `input_shape`,
            `pooling`, `classes`, and `kwargs` with what else was passed.
        size: int, the height and width of pictures where nothing else is said.
        smallest: int, the least height and width.
        fixed: whether the size must be known without the top, too.

    Raises:
        TypeError: an unknown keyword argument.
        ValueError: weights, classes or an input shape that cannot be.
    """

    def __init__(
        self,
        who: str,
        arguments: Mapping[str, Any],
        size: int,
        smallest: int = 32,
        fixed: bool = False,
    ) -> None:
        self.who = who
        self.include_top = arguments["include_top"]
        self.weights = arguments["weights"]
        self.pooling = arguments["pooling"]
        self.classes = arguments["classes"]
        self._refuse_unknown(arguments["kwargs"])
        self._check_weights()
        self._check_pooling()
        self._size, self._smallest = size, smallest
        self._needs_size = fixed or bool(self.include_top)
        self.shape = self._shape(arguments["input_shape"])
        self._input_tensor = arguments["input_tensor"]
        self.inputs = self._input()

    @property
    def pretrained(self) -> bool:
        """Whether published weights are asked for."""
        return self.weights == "imagenet"

    @property
    def rows(self) -> Any:
        """The height of the pictures; None where it is left open."""
        return self.shape[1 if _channels_first() else 0]

    def _refuse_unknown(self, kwargs: Mapping[str, Any]) -> None:
        unknown = sorted(set(kwargs) - _INJECTED)
        if unknown:
            raise TypeError(
                f"{self.who} takes no argument {unknown[0]!r}. Write help(keras_core.applications."
                f"{self.who}) for those that it takes."
            )

    def _check_weights(self) -> None:
        if self.weights is None or self.pretrained:
            if self.pretrained and self.include_top and self.classes != CLASSES:
                raise ValueError(
                    f"{self.who}: the weights 'imagenet' know {CLASSES} classes, but classes="
                    f"{self.classes!r} is asked for. Leave out the top with include_top=False and "
                    "add a Dense layer of your own, or take weights=None."
                )
        elif not (isinstance(self.weights, (str, os.PathLike)) and os.path.isfile(self.weights)):
            raise ValueError(
                f"{self.who}: `weights` is None (new weights), 'imagenet', or the path of a file, "
                f"but there is no file {self.weights!r}."
            )

    def _check_pooling(self) -> None:
        if self.pooling not in (None, "avg", "max"):
            raise ValueError(
                f"{self.who}: `pooling` is None, 'avg' or 'max', not {self.pooling!r}."
            )

    def _shape(self, shape: Shape | None) -> tuple[Any, ...]:
        if shape is not None and not _is_shape(shape):
            raise ValueError(
                f"{self.who}: `input_shape` is a tuple of three integers, without the batch, not "
                f"{shape!r}."
            )
        usual = _with_channels(self._size, self._size, self._channels(shape))
        if shape is not None:
            self._check_shape(tuple(shape), usual)
        if shape is None:
            return usual if self._needs_size else _with_channels(None, None, CHANNELS)
        if self._needs_size and None in tuple(shape):
            raise ValueError(
                f"{self.who}: with its top the network needs pictures of one size, but input_shape "
                f"is {tuple(shape)}. Write for instance input_shape={usual}, or leave out the top "
                "with include_top=False."
            )
        return tuple(shape)

    def _channels(self, shape: Shape | None) -> Any:
        if self.pretrained or shape is None:
            return CHANNELS
        channels = shape[0 if _channels_first() else -1]
        if channels not in (1, CHANNELS):
            warnings.warn(
                f"{self.who} is made for pictures of 1 or 3 channels, but input_shape is "
                f"{tuple(shape)}, with {channels} channels.",
                stacklevel=5,
            )
        return channels

    def _check_shape(self, shape: tuple[Any, ...], usual: tuple[Any, ...]) -> None:
        if self.pretrained and self._needs_size and shape != usual:
            raise ValueError(
                f"{self.who}: the weights 'imagenet' are for pictures of shape {usual}, not "
                f"{shape}. Leave input_shape out, or the top, with include_top=False."
            )
        channels = shape[0 if _channels_first() else -1]
        if self.pretrained and channels != CHANNELS:
            raise ValueError(
                f"{self.who}: the weights 'imagenet' are for pictures of {CHANNELS} channels, but "
                f"input_shape is {shape}."
            )
        sizes = shape[1:] if _channels_first() else shape[:2]
        if any(size is not None and size < self._smallest for size in sizes):
            raise ValueError(
                f"{self.who}: pictures have at least {self._smallest} x {self._smallest} pixels, "
                f"but input_shape is {shape}."
            )

    def _input(self) -> Tensor:
        if self._input_tensor is None:
            return L.Input(shape=self.shape)
        if K.is_keras_tensor(self._input_tensor):
            return self._input_tensor
        return L.Input(tensor=self._input_tensor, shape=self.shape)

    def pooled(self, x: Tensor) -> Tensor:
        """The output without a top: `x`, or its mean or maximum over all places."""
        if self.pooling == "avg":
            return L.GlobalAveragePooling2D()(x)
        if self.pooling == "max":
            return L.GlobalMaxPooling2D()(x)
        return x

    def classified(self, x: Tensor, pool: str | None, dense: str) -> Tensor:
        """The usual output: the mean over all places and a softmax over the classes, or `pooled`.

        Args:
            x: tensor of rank 4.
            pool: name of the pooling layer.
            dense: name of the layer of classes.
        """
        if not self.include_top:
            return self.pooled(x)
        x = L.GlobalAveragePooling2D(name=pool)(x)
        return L.Dense(self.classes, activation="softmax", name=dense)(x)

    def model(self, outputs: Tensor, name: str, published: Published | None) -> Model:
        """The model, with the weights that were asked for.

        Args:
            outputs: what the layers give.
            name: name of the model.
            published: the file for the weights 'imagenet'; may be None for others.
        """
        model = Model(get_source_inputs(self.inputs), outputs, name=name)
        if self.weights is not None:
            model.load_weights(published.path() if self.pretrained and published else self.weights)
        return model


def _is_shape(shape: Any) -> bool:
    """Whether it has three sizes, of which some may be left open."""
    if not isinstance(shape, (tuple, list)) or len(shape) != 3:
        return False
    return all(n is None or isinstance(n, (int, np.integer)) for n in shape)


def _channels_first() -> bool:
    return K.image_data_format() == "channels_first"


def _with_channels(rows: Any, columns: Any, channels: Any) -> tuple[Any, ...]:
    return (channels, rows, columns) if _channels_first() else (rows, columns, channels)


def channel_axis(last: int = 3) -> int:
    """The axis of the channels in batches of pictures.

    Args:
        last: int, how a family writes the last axis in its configurations: 3 or -1.
    """
    return 1 if _channels_first() else last


def channels_of(x: Tensor) -> int:
    """The number of channels of a batch of pictures that came out of a convolution."""
    return cast(int, K.int_shape(x)[channel_axis()])


def half_padding(x: Tensor, kernel: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Zeros around a picture so that a window of stride 2 halves it, rounded up.

    Args:
        x: tensor of rank 4.
        kernel: int, the size of the window.
    """
    sizes = K.int_shape(x)[2:] if _channels_first() else K.int_shape(x)[1:3]
    half = kernel // 2
    rows, columns = (half - 1 if size is None or size % 2 == 0 else half for size in sizes)
    return (rows, half), (columns, half)


def square_size(input_shape: Shape | None, sizes: Sequence[int]) -> int:
    """The size of pictures if weights are published for it; the largest that they are published for
    otherwise.

    Args:
        input_shape: tuple of three, or None.
        sizes: ints in growing order.
    """
    if input_shape is not None and _is_shape(input_shape):
        rows, columns = tuple(input_shape)[1:] if _channels_first() else tuple(input_shape)[:2]
        if rows == columns and rows in sizes:
            return rows
    return sizes[-1]


def published_rows(request: Request, sizes: Sequence[int]) -> int:
    """The size of pictures whose published weights serve a request best, with a warning where it is
    another than the one asked for.

    Args:
        request: Request.
        sizes: ints in growing order.
    """
    rows = square_size(request.shape, sizes)
    if rows != request.rows:
        warnings.warn(
            f"{request.who}: weights are published for squares of {list(sizes)} pixels, not for "
            f"input_shape {request.shape}. Those for {rows} pixels are taken.",
            stacklevel=4,
        )
    return rows
