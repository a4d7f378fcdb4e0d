"""Batches of images: their order, and how those of files are read."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Callable
from collections.abc import Iterator as AnyIterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from keras_core.preprocessing.image.files import (
    checked_size,
    img_to_array,
    load_img,
    save_img,
)
from keras_core.utils.data_utils import Sequence

if TYPE_CHECKING:
    from keras_core.preprocessing.image.generator import ImageDataGenerator

_STATE = ("batch_index", "total_batches_seen", "index_array", "_epoch", "_origin")
_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


class Iterator(Sequence):
    """Batches of samples, in order or shuffled, for ever by `next` and by their numbers.

    A subclass defines `_get_batches_of_transformed_samples(index_array)`, the batch of the samples
    of these numbers.

    In a worker process each batch draws from a seed of its own, which depends on `seed`, or on
    NumPy's global generator as it was when the iterator was made, on the epoch, and on the batch:
    copies of a process would all draw the same.

    Args:
        n: number of samples.
        batch_size: number of samples in a batch.
        shuffle: whether to draw a new order for every epoch.
        seed: seed that NumPy's global generator gets before each batch, plus the number of batches
            made before; None leaves it alone.

    Example:
        >>> class Numbers(image.Iterator):
        ...     def _get_batches_of_transformed_samples(self, index_array):
        ...         return index_array.tolist()
        >>> numbers = Numbers(5, batch_size=2, shuffle=False, seed=None)
        >>> [numbers[i] for i in range(len(numbers))]
        [[0, 1], [2, 3], [4]]
    """

    white_list_formats: ClassVar[tuple[str, ...]] = (
        *("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff"),
    )

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None) -> None:
        self.n = n
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.batch_index: int = 0
        self.total_batches_seen: int = 0
        self.lock: Any = threading.Lock()
        self.index_array: np.ndarray | None = None
        self.index_generator: AnyIterator[np.ndarray] = self._flow_index()
        self._process = os.getpid()
        self._epoch = 0
        self._origin = (
            zlib.crc32(np.random.get_state(legacy=False)["state"]["key"].tobytes())
            if seed is None
            else seed
        )

    def __getstate__(self) -> dict[str, Any]:
        here = ("lock", "index_generator")
        return {name: value for name, value in self.__dict__.items() if name not in here}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.lock = threading.Lock()
        self.index_generator = self._flow_index()

    def get_state(self) -> dict[str, Any]:
        """What BackupAndRestore keeps: the order of the samples and how far they were taken."""
        return {name: getattr(self, name) for name in _STATE}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on where `get_state` was asked."""
        self.__dict__.update(state)
        self.index_generator = self._flow_index(state["batch_index"])

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        return -(-self.n // self.batch_size)

    def __getitem__(self, idx: int) -> Any:
        """The batch of a number.

        Raises:
            ValueError: there is no such batch.
        """
        number = idx + len(self) if idx < 0 else idx
        if not 0 <= number < len(self):
            raise ValueError(f"{type(self).__name__} has {len(self)} batches; asked for {idx}.")
        with self.lock:
            index_array = self._numbers(number)
        return self._get_batches_of_transformed_samples(index_array)

    def _numbers(self, batch: int) -> np.ndarray:
        """The samples of a batch; prepares the generator that the batch draws from."""
        in_worker = os.getpid() != self._process
        if not in_worker:
            self._seed_for_next()
        elif self.index_array is None:
            self._seed_for_worker("order")
        self.total_batches_seen += 1
        if self.index_array is None:
            self._set_index_array()
        if in_worker:
            self._seed_for_worker(batch)
        start = self.batch_size * batch
        return self.index_array[start : start + self.batch_size]  # type: ignore[index]

    def _seed_for_next(self) -> None:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)

    def _seed_for_worker(self, what: int | str) -> None:
        text = f"{self._origin} {self._epoch} {what}"
        np.random.seed(zlib.crc32(text.encode()))

    def _set_index_array(self) -> None:
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def on_epoch_end(self) -> None:
        """Draws the order of the next epoch."""
        self._epoch += 1
        self._set_index_array()

    def reset(self) -> None:
        """Lets `next` begin a new epoch."""
        self.batch_index = 0

    def _flow_index(self, first: int = 0) -> AnyIterator[np.ndarray]:
        self.batch_index = first
        while True:
            self._seed_for_next()
            if self.batch_index == 0:
                self._set_index_array()
            start = self.batch_size * self.batch_index
            is_last = self.n <= start + self.batch_size
            self.batch_index = 0 if is_last else self.batch_index + 1
            self.total_batches_seen += 1
            yield self.index_array[start : start + self.batch_size]  # type: ignore[index]

    def __iter__(self) -> AnyIterator[Any]:
        return self

    def __next__(self, *args: Any, **kwargs: Any) -> Any:
        return self.next(*args, **kwargs)

    def next(self) -> Any:
        """The next batch; after the last one of an epoch the first of the next."""
        with self.lock:
            index_array = next(self.index_generator)
        return self._get_batches_of_transformed_samples(index_array)

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} has to define _get_batches_of_transformed_samples(index_array)."
        )


def drawn(generator: Any, x: np.ndarray) -> np.ndarray:
    """An image as it goes into a batch: moved at random, and standardized.

    Args:
        generator: what moves and standardizes it.
        x: array of three axes; may be changed.
    """
    how = generator.get_random_transform(x.shape)
    return generator.standardize(generator.apply_transform(x, how))


def saved(
    batch: np.ndarray,
    index_array: np.ndarray,
    iterator: Any,
    largest_number: int,
) -> None:
    """Writes the images of a batch to `iterator.save_to_dir`, if that is given.

    Args:
        batch: the images.
        index_array: their numbers.
        iterator: what has the options of saving.
        largest_number: end of the range of the numbers that keep the names of files apart.
    """
    if not iterator.save_to_dir:
        return
    for number, pixels in zip(index_array, batch):
        drawn = np.random.randint(largest_number)
        name = f"{iterator.save_prefix}_{number}_{drawn}.{iterator.save_format}"
        save_img(os.path.join(iterator.save_to_dir, name), pixels, iterator.data_format)


class BatchFromFilesMixin:
    """What iterators over files have in common; they have `filepaths`, `labels`, `sample_weight`
    and `class_mode`."""

    image_data_generator: ImageDataGenerator | None
    class_mode: str | None
    class_indices: dict[str, int]
    dtype: Any
    split: tuple[float, float] | None

    def set_processing_attrs(
        self,
        image_data_generator: ImageDataGenerator | None,
        target_size: tuple[int, int],
        color_mode: str,
        data_format: str,
        save_to_dir: str | None,
        save_prefix: str,
        save_format: str,
        subset: str | None,
        interpolation: str,
    ) -> None:
        """Sets how files become images.

        Args:
            image_data_generator: what moves and standardizes them.
            target_size: `(rows, columns)` that they are brought to.
            color_mode: 'rgb', 'rgba' or 'grayscale'.
            data_format: 'channels_last' or 'channels_first'.
            save_to_dir: folder to write the images to, or None.
            save_prefix: beginning of the names of these files.
            save_format: their format.
            subset: 'training' or 'validation', if the generator has a `validation_split`.
            interpolation: how images are brought to size, as in `load_img`.

        Raises:
            ValueError: another word for `color_mode` or `subset`.
        """
        if color_mode not in _CHANNELS:
            raise ValueError(
                f"color_mode must be one of {', '.join(_CHANNELS)}, not {color_mode!r}."
            )
        self.image_data_generator = image_data_generator
        self.target_size: tuple[int, int] = checked_size(target_size)
        self.color_mode = color_mode
        self.data_format = data_format
        channels = (_CHANNELS[color_mode],)
        first = data_format == "channels_first"
        self.image_shape: tuple[int, int, int] = (
            channels + self.target_size if first else self.target_size + channels
        )
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        self.interpolation = interpolation
        self.split = part(subset, image_data_generator)
        self.subset = subset

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        batch_x = np.zeros((len(index_array), *self.image_shape), dtype=self.dtype)
        filepaths = self.filepaths
        for place, number in enumerate(index_array):
            batch_x[place] = self._image(filepaths[number])
        saved(batch_x, index_array, self, 10_000_000)
        if self.class_mode is None:
            return batch_x
        batch = batch_x, _TARGETS[self.class_mode](self, index_array, batch_x)
        if self.sample_weight is None:
            return batch
        return (*batch, self.sample_weight[index_array])

    def _image(self, path: str) -> np.ndarray:
        image = load_img(
            path,
            color_mode=self.color_mode,
            target_size=self.target_size,
            interpolation=self.interpolation,
        )
        x = img_to_array(image, data_format=self.data_format)
        return x if self.image_data_generator is None else drawn(self.image_data_generator, x)

    @property
    def filepaths(self) -> list[str]:
        """The paths of the files."""
        raise NotImplementedError(f"{type(self).__name__} has to define filepaths.")

    @property
    def labels(self) -> Any:
        """The targets of the files."""
        raise NotImplementedError(f"{type(self).__name__} has to define labels.")

    @property
    def sample_weight(self) -> Any:
        """The weights of the files, or None."""
        raise NotImplementedError(f"{type(self).__name__} has to define sample_weight.")


def part(subset: str | None, generator: Any) -> tuple[float, float] | None:
    """Where a part begins and ends, as fractions; the validation part comes first.

    Args:
        subset: 'training' or 'validation'; None for no parts.
        generator: what knows the fraction of the validation part; not asked for no parts.

    Raises:
        ValueError: another word.
    """
    if subset is None:
        return None
    share = generator._validation_split
    parts = {"validation": (0, share), "training": (share, 1)}
    if subset not in parts:
        raise ValueError(f"subset must be 'training' or 'validation', not {subset!r}.")
    return parts[subset]


def _classes(files: BatchFromFilesMixin, index_array: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.array([files.labels[number] for number in index_array], dtype=files.dtype)


def _rows(files: BatchFromFilesMixin, index_array: np.ndarray, x: np.ndarray) -> np.ndarray:
    rows = np.zeros((len(x), len(files.class_indices)), dtype=files.dtype)
    for row, number in zip(rows, index_array):
        row[files.labels[number]] = 1.0
    return rows


# The targets of a batch in each class mode.
_TARGETS: dict[str, Callable[[Any, np.ndarray, np.ndarray], Any]] = {
    "input": lambda files, index_array, x: x.copy(),
    "binary": _classes,
    "sparse": _classes,
    "categorical": _rows,
    "multi_output": lambda files, index_array, x: [y[index_array] for y in files.labels],
    "raw": lambda files, index_array, x: files.labels[index_array],
}
