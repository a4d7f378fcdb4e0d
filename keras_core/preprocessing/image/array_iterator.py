"""Batches of images that are in arrays."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_core import config
from keras_core.preprocessing.image.files import checked_format
from keras_core.preprocessing.image.iterator import Iterator, drawn, part, saved

if TYPE_CHECKING:
    from keras_core.preprocessing.image.generator import ImageDataGenerator


class NumpyArrayIterator(Iterator):
    """Batches of images that are in an array, moved and standardized.

    Args:
        x: images `(samples, rows, columns, channels)`, or as the data format says; or a pair of
            them and a list of further arrays, which go along as they are.
        y: targets, or None.
        image_data_generator: what moves and standardizes images.
        batch_size: number of images in a batch.
        shuffle: whether to draw a new order for every epoch.
        sample_weight: weights of the samples, or None.
        seed: as in `Iterator`.
        data_format: 'channels_last' or 'channels_first'; by default that of the settings.
        save_to_dir: folder to write the images to, or None.
        save_prefix: beginning of the names of these files.
        save_format: their format.
        subset: 'training' or 'validation', if the generator has a `validation_split`.
        dtype: dtype of the images; `floatx` by default.

    Raises:
        ValueError: the arrays differ in length, the images have not four axes, or one of the parts
            lacks classes that the other has.

    Example:
        >>> x, generator = np.zeros((10, 8, 8, 1)), image.ImageDataGenerator()
        >>> batches = image.NumpyArrayIterator(x, None, generator, batch_size=4)
        >>> len(batches), batches[2].shape
        (3, (2, 8, 8, 1))
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: ImageDataGenerator,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.data_format: str = checked_format(data_format)
        self.dtype: str | Any = config.floatx() if dtype is None else dtype
        images, misc = _parted(x)
        _check_lengths(images, misc, y=y, sample_weight=sample_weight)
        fractions = part(subset, image_data_generator)
        kept = slice(None)
        if fractions is not None:
            start, end = (int(len(images) * fraction) for fraction in fractions)
            kept = slice(start, end)
            _check_classes(y, end if subset == "validation" else start)
        self.x: np.ndarray = np.asarray(images[kept], dtype=self.dtype)
        self.x_misc: list[np.ndarray] = [array[kept] for array in misc]
        self._check_images()
        self.y: np.ndarray | None = None if y is None else np.asarray(y)[kept]
        self.sample_weight: np.ndarray | None = (
            None if sample_weight is None else np.asarray(sample_weight)[kept]
        )
        self.image_data_generator = image_data_generator
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _check_images(self) -> None:
        axis = 3 if self.data_format == "channels_last" else 1
        if self.x.ndim != 4:
            raise ValueError(
                "NumpyArrayIterator: images have the axes samples, rows, columns and channels; got "
                f"shape {self.x.shape}."
            )
        if self.x.shape[axis] not in (1, 3, 4):
            warnings.warn(
                f"NumpyArrayIterator: images with {self.x.shape[axis]} channels (axis {axis} of "
                f"shape {self.x.shape}, data_format {self.data_format!r}); 1, 3 or 4 are usual.",
                stacklevel=4,
            )

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        batch_x = np.zeros((len(index_array), *self.x.shape[1:]), dtype=self.dtype)
        for place, number in enumerate(index_array):
            batch_x[place] = drawn(self.image_data_generator, self.x[number].astype(self.dtype))
        saved(batch_x, index_array, self, 10_000)
        misc = [array[index_array] for array in self.x_misc]
        inputs = [batch_x, *misc] if misc else batch_x
        if self.y is None:
            return inputs
        weights = () if self.sample_weight is None else (self.sample_weight[index_array],)
        return (inputs, self.y[index_array], *weights)


def _parted(x: Any) -> tuple[Any, list[np.ndarray]]:
    """The images, and the arrays that go along."""
    if not isinstance(x, (tuple, list)):
        return np.asarray(x), []
    if len(x) != 2 or np.ndim(x[0]) != 4:
        return np.asarray(x), []
    several = isinstance(x[1], list) and all(np.ndim(one) for one in x[1])
    return np.asarray(x[0]), [np.asarray(one) for one in (x[1] if several else [x[1]])]


def _check_lengths(images: np.ndarray, misc: list[np.ndarray], **others: Any) -> None:
    named = {**{f"x[1][{place}]": one for place, one in enumerate(misc)}, **others}
    for name, array in named.items():
        if array is not None and len(array) != len(images):
            raise ValueError(
                f"NumpyArrayIterator: {name} has length {len(array)}, and there are {len(images)} "
                f"images; all must be equal. The images have shape {images.shape}."
            )


def _check_classes(y: Any, end: int) -> None:
    if y is None or np.array_equal(np.unique(y[:end]), np.unique(y[end:])):
        return
    raise ValueError(
        "NumpyArrayIterator: the training and the validation part have different classes. The "
        "validation part is the first one: shuffle samples that are sorted by class."
    )
