"""Batches of images that are in folders, one for each class."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator as AnyIterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from keras_core import config
from keras_core.preprocessing.image.files import checked_format
from keras_core.preprocessing.image.iterator import BatchFromFilesMixin, Iterator

if TYPE_CHECKING:
    from keras_core.preprocessing.image.generator import ImageDataGenerator


class DirectoryIterator(BatchFromFilesMixin, Iterator):
    """Batches of images that are in folders, one for each class.

    Args:
        directory: the folder that has a folder for each class.
        image_data_generator: what moves and standardizes images.
        target_size: `(rows, columns)` that images are brought to.
        color_mode: 'rgb', 'rgba' or 'grayscale'.
        classes: names of the classes' folders, in the order of their numbers; by default all
            folders by name.
        class_mode: 'categorical' gives rows with a 1 at the class, 'binary' and 'sparse' its
            number, 'input' the images themselves, None no targets.
        batch_size: number of images in a batch.
        shuffle: whether to draw a new order for every epoch; otherwise by class, folder and name.
        seed: as in `Iterator`.
        data_format: 'channels_last' or 'channels_first'; by default that of the settings.
        save_to_dir: folder to write the images to, or None.
        save_prefix: beginning of the names of these files.
        save_format: their format.
        follow_links: whether to look into folders behind links.
        subset: 'training' or 'validation', if the generator has a `validation_split`; of each class
            the first files are for validation.
        interpolation: how images are brought to size, as in `load_img`.
        dtype: dtype of the images; `floatx` by default.

    Attributes:
        filenames: the files, below `directory`.
        classes: their classes, an array.
        class_indices: numbers of the classes by name.
        samples: number of files.
        num_classes: number of classes.

    Raises:
        ValueError: another word for an option.
        OSError: there is no such folder.

    Example:
        >>> import os
        >>> for label in ("cats", "dogs"):
        ...     os.makedirs(f"pictures/{label}")
        ...     image.save_img(f"pictures/{label}/1.png", np.zeros((8, 8, 3)))
        >>> batches = image.DirectoryIterator("pictures", image.ImageDataGenerator(), (8, 8))
        Found 2 images belonging to 2 classes.
        >>> x, y = next(batches)
        >>> x.shape, y.shape, batches.class_indices
        ((2, 8, 8, 3), (2, 2), {'cats': 0, 'dogs': 1})
    """

    allowed_class_modes: ClassVar[set[str | None]] = {
        *("categorical", "binary", "sparse", "input"),
        None,
    }

    def __init__(
        self,
        directory: Any,
        image_data_generator: ImageDataGenerator,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: list[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        dtype: Any = None,
    ) -> None:
        self.set_processing_attrs(
            image_data_generator=image_data_generator,
            target_size=target_size,
            color_mode=color_mode,
            data_format=checked_format(data_format),
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            interpolation=interpolation,
        )
        check_class_mode(class_mode, self.allowed_class_modes)
        self.class_mode = class_mode
        self.dtype: str = config.floatx() if dtype is None else dtype
        self.directory = directory
        names = _folders(directory) if not classes else list(classes)
        self.num_classes: int = len(names)
        self.class_indices: dict[str, int] = {name: number for number, name in enumerate(names)}
        files = [self._files(name, follow_links) for name in names]
        self.filenames: list[str] = [file for those in files for file in those]
        self.samples: int = len(self.filenames)
        numbers = [self.class_indices[name] for name in names]
        self.classes: np.ndarray = np.repeat(numbers, [len(those) for those in files]).astype(
            "int32"
        )
        self._filepaths = [os.path.join(directory, file) for file in self.filenames]
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _files(self, name: str, follow_links: bool) -> list[str]:
        """The files of a class, of the part that is asked for."""
        found = [
            os.path.relpath(path, self.directory)
            for path in _images(os.path.join(self.directory, name), follow_links)
        ]
        start, end = self.split or (0, 1)
        return found[int(start * len(found)) : int(end * len(found))]

    @property
    def filepaths(self) -> list[str]:
        """The paths of the files."""
        return self._filepaths

    @property
    def labels(self) -> np.ndarray:
        """The classes of the files."""
        return self.classes

    @property
    def sample_weight(self) -> None:
        """None: folders give no weights."""
        return None


def check_class_mode(class_mode: str | None, allowed: set[str | None]) -> None:
    """Refuses a class mode that there is not.

    Raises:
        ValueError: it is not among those allowed.
    """
    if class_mode not in allowed:
        named = ", ".join(sorted(repr(mode) for mode in allowed))
        raise ValueError(f"class_mode must be one of {named}, not {class_mode!r}.")


def _folders(directory: Any) -> list[str]:
    return [
        name
        for name in sorted(os.listdir(directory))
        if os.path.isdir(os.path.join(directory, name))
    ]


def _images(folder: str, follow_links: bool) -> AnyIterator[str]:
    """Paths of the images in a folder and below, by folder and name."""
    for place, _, names in sorted(os.walk(folder, followlinks=follow_links)):
        for name in sorted(names):
            if is_image(name):
                if name.lower().endswith(".tiff"):
                    warnings.warn(
                        f"{name}: a TIFF file of several bands is distorted.", stacklevel=4
                    )
                yield os.path.join(place, name)


def is_image(name: str) -> bool:
    """Whether a file's name ends as those of images do."""
    return name.lower().endswith(Iterator.white_list_formats)
