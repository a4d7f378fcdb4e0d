"""Batches of images whose files stand in a column of a data frame."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from keras_core.errors import NoSuchNameError
from keras_core.preprocessing.image.directory_iterator import check_class_mode, is_image
from keras_core.preprocessing.image.files import checked_format
from keras_core.preprocessing.image.iterator import BatchFromFilesMixin, Iterator

if TYPE_CHECKING:
    from keras_core.preprocessing.image.generator import ImageDataGenerator

_WITH_CLASSES = ("categorical", "binary", "sparse")
_WITH_TARGETS = ("raw", "multi_output", *_WITH_CLASSES)


class DataFrameIterator(BatchFromFilesMixin, Iterator):
    """Batches of images whose files stand in a column of a data frame of pandas.

    Args:
        dataframe: the data frame.
        directory: folder that the files' names are relative to; by default they are whole paths.
        image_data_generator: what moves and standardizes images.
        x_col: column of the files' names.
        y_col: column of the targets, or a list of columns.
        weight_col: column of the samples' weights, or None.
        target_size: `(rows, columns)` that images are brought to.
        color_mode: 'rgb', 'rgba' or 'grayscale'.
        classes: names of the classes to be taken; by default all. Their numbers go by name.
        class_mode: 'categorical' gives rows with a 1 at the class, or at each of a list of them,
            'binary' and 'sparse' its number, 'raw' the values of `y_col`, 'multi_output' a list of
            arrays, one for each column of `y_col`, 'input' the images themselves, None no targets.
        batch_size: number of images in a batch.
        shuffle: whether to draw a new order for every epoch.
        seed: as in `Iterator`.
        data_format: 'channels_last' or 'channels_first'; by default that of the settings.
        save_to_dir: folder to write the images to, or None.
        save_prefix: beginning of the names of these files.
        save_format: their format.
        subset: 'training' or 'validation', if the generator has a `validation_split`; the first
            rows are for validation.
        interpolation: how images are brought to size, as in `load_img`.
        dtype: dtype of the images.
        validate_filenames: whether to leave out rows whose file is no image or not there.

    Attributes:
        filenames: the names of the files.
        class_indices: numbers of the classes by name, where the mode has classes.
        classes: the classes of the files, likewise.
        samples: number of files.

    Raises:
        ValueError: another word for an option, or not two classes for 'binary'.
        TypeError: values of a column are not of the kind that the mode needs.

    Example:
        >>> import pandas
        >>> image.save_img("1.png", np.zeros((8, 8, 3)))
        >>> frame = pandas.DataFrame({"file": ["1.png"], "price": [3.0]})
        >>> batches = image.ImageDataGenerator().flow_from_dataframe(
        ...     frame, x_col="file", y_col="price", class_mode="raw", target_size=(8, 8)
        ... )
        Found 1 validated image filenames.
        >>> x, y = next(batches)
        >>> x.shape, y.tolist()
        ((1, 8, 8, 3), [3.0])
    """

    allowed_class_modes: ClassVar[set[str | None]] = {
        *("binary", "categorical", "input", "multi_output", "raw", "sparse"),
        None,
    }

    def __init__(
        self,
        dataframe: Any,
        directory: Any = None,
        image_data_generator: ImageDataGenerator | None = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: list[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str = "channels_last",
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        dtype: Any = "float32",
        validate_filenames: bool = True,
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
        self.dtype = dtype
        self.directory = directory or ""
        _check_columns(dataframe, class_mode, x_col, y_col, weight_col, classes)
        frame = self._of_images(dataframe, x_col) if validate_filenames else dataframe
        if class_mode in _WITH_CLASSES:
            frame = self._of_classes(frame, y_col, classes)
        frame = self._of_part(frame)
        self.filenames: list[Any] = list(frame[x_col])
        self._filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        self._sample_weight = None if weight_col is None else np.asarray(frame[weight_col])
        self._set_targets(frame, y_col)
        self.samples: int = len(self.filenames)
        told = f" belonging to {len(self.class_indices)} classes" if self._has_classes else ""
        kind = "validated" if validate_filenames else "non-validated"
        print(f"Found {self.samples} {kind} image filenames{told}.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    @property
    def _has_classes(self) -> bool:
        return self.class_mode in _WITH_CLASSES

    def _of_images(self, frame: Any, x_col: str) -> Any:
        """The rows whose files are images."""
        paths = [os.path.join(self.directory, name) for name in frame[x_col]]
        good = [is_image(path) and os.path.isfile(path) for path in paths]
        if not all(good):
            warnings.warn(
                f"DataFrameIterator: {len(good) - sum(good)} names in column {x_col!r} are no "
                "image files, or not there; they are left out.",
                stacklevel=4,
            )
        return frame[np.array(good, dtype=bool)]

    def _of_classes(self, frame: Any, y_col: str, classes: list[str] | None) -> Any:
        """The rows of the classes, which get their numbers by name."""
        names = {name for label in frame[y_col] for name in _as_list(label)}
        if classes:
            names = set(classes)
            kept = [bool(names.intersection(_as_list(label))) for label in frame[y_col]]
            frame = frame[np.array(kept, dtype=bool)]
        self.class_indices: dict[str, int] = {
            name: number for number, name in enumerate(sorted(names))
        }
        return frame

    def _of_part(self, frame: Any) -> Any:
        if not self.split:
            return frame
        start, end = (int(fraction * len(frame)) for fraction in self.split)
        return frame.iloc[start:end]

    def _set_targets(self, frame: Any, y_col: Any) -> None:
        if self._has_classes:
            self.classes: list[Any] = self.get_classes(frame, y_col)
        elif self.class_mode == "multi_output":
            self._targets = [np.array(frame[column].tolist()) for column in y_col]
        elif self.class_mode == "raw":
            self._targets = frame[y_col].values

    def get_classes(self, df: Any, y_col: str) -> list[Any]:
        """The numbers of classes.

        Args:
            df: a data frame.
            y_col: its column of the classes' names, or of lists of them.

        Returns:
            A number for each row, or a list of those of the classes that are taken.
        """
        return [self._number_of(label) for label in df[y_col]]

    def _number_of(self, label: Any) -> Any:
        if isinstance(label, (list, tuple)):
            return [self.class_indices[name] for name in label if name in self.class_indices]
        return self.class_indices[label]

    @property
    def filepaths(self) -> list[str]:
        """The paths of the files."""
        return self._filepaths

    @property
    def labels(self) -> Any:
        """The targets of the files."""
        return self.classes if self._has_classes else self._targets

    @property
    def sample_weight(self) -> np.ndarray | None:
        """The weights of the files, or None."""
        return self._sample_weight


def _as_list(label: Any) -> Any:
    return label if isinstance(label, (list, tuple)) else [label]


def _check_columns(
    frame: Any,
    class_mode: str | None,
    x_col: str,
    y_col: Any,
    weight_col: str | None,
    classes: list[str] | None,
) -> None:
    _check_names(frame, [x_col, *(_as_list(y_col) if class_mode in _WITH_TARGETS else [])])
    _check_names(frame, [] if weight_col is None else [weight_col])
    _check_values(frame, x_col, "the names of files", (str,))
    several = isinstance(y_col, (list, tuple))
    if class_mode in ("multi_output", *_WITH_CLASSES) and several != (class_mode == "multi_output"):
        wanted = "one column" if several else "a list of columns"
        raise TypeError(
            f"DataFrameIterator: class_mode={class_mode!r} needs {wanted} as y_col, not {y_col!r}."
        )
    if class_mode in _WITH_CLASSES:
        kinds = (str, list, tuple) if class_mode == "categorical" else (str,)
        _check_values(frame, y_col, f"the classes of class_mode={class_mode!r}", kinds)
    if class_mode == "binary":
        _check_binary(len(set(classes) if classes else set(frame[y_col])))
    if weight_col is not None and np.asarray(frame[weight_col]).dtype.kind not in "biuf":
        raise TypeError(f"DataFrameIterator: weight_col={weight_col!r} must hold numbers.")


def _check_names(frame: Any, names: list[Any]) -> None:
    if not hasattr(frame, "columns"):
        raise TypeError(
            f"DataFrameIterator takes a data frame of pandas, not a {type(frame).__name__}: "
            "pandas.DataFrame makes one of it."
        )
    for name in names:
        if name not in frame.columns:
            raise NoSuchNameError(
                f"DataFrameIterator: there is no column {name!r}; the columns are "
                f"{list(frame.columns)}. x_col, y_col and weight_col say which are meant."
            )


def _check_values(frame: Any, column: str, what: str, kinds: tuple[type, ...]) -> None:
    if not all(isinstance(value, kinds) for value in frame[column]):
        named = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(
            f"DataFrameIterator: {what}, in column {column!r}, must be of type {named}. Numbers "
            "are targets as they are with class_mode='raw'."
        )


def _check_binary(number: int) -> None:
    if number != 2:
        raise ValueError(f"DataFrameIterator: class_mode='binary' needs 2 classes, not {number}.")
