"""Batches of images that are moved at random, and brought to one scale."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from keras_core import config
from keras_core.legacy.calls import refusing_old_names
from keras_core.preprocessing.image.array_iterator import NumpyArrayIterator
from keras_core.preprocessing.image.dataframe_iterator import DataFrameIterator
from keras_core.preprocessing.image.directory_iterator import DirectoryIterator
from keras_core.preprocessing.image.files import checked_format
from keras_core.preprocessing.image.transforms import (
    apply_affine_transform,
    apply_channel_shift,
    brightened,
    checked_pair,
    drawn_zoom,
)

_LEAST_STD = 1e-6
_WITHOUT_EFFECT = {"drop_duplicates", "has_ext", "sort"}


class ImageDataGenerator:
    """Makes batches of images: each is moved at random, then standardized.

    What is drawn comes from NumPy's global generator, in this order: angle, shift of rows, shift of
    columns, shear, factors of zoom, the two flips, shift of colours, brightness.

    Args:
        featurewise_center: whether to subtract the mean of a data set, channel by channel; `fit`
            learns it.
        samplewise_center: whether to subtract each image's own mean.
        featurewise_std_normalization: whether to divide by the standard deviation of a data set.
        samplewise_std_normalization: whether to divide by each image's own.
        zca_whitening: whether to whiten; `fit` learns how.
        zca_epsilon: what is added to the variances in whitening.
        rotation_range: largest angle, in degrees.
        width_shift_range: shift along the columns: a float below 1 is the largest, as a fraction of
            the width, another one in pixels; with an int n a whole number of pixels below n is
            drawn, and of a list one of its numbers, either way.
        height_shift_range: shift along the rows, likewise.
        brightness_range: least and largest factor of brightness, or None. Such images are scaled to
            values between 0 and 255.
        shear_range: largest angle of shear, in degrees.
        zoom_range: least and largest factor of zoom; a number z stands for `1 - z` and `1 + z`.
        channel_shift_range: largest number added to all values.
        fill_mode: what stands beyond the edges: 'nearest' (aaa|abc|ccc), 'constant' (cval),
            'reflect' (cba|abc|cba), 'wrap' (abc|abc|abc), or another mode of `scipy.ndimage`.
        cval: the value there with 'constant'.
        horizontal_flip: whether to mirror half of the images, left to right.
        vertical_flip: whether to mirror half of them upside down.
        rescale: factor for all values, after `preprocessing_function`; None or 0 for none.
        preprocessing_function: function of one image, after it was moved.
        data_format: 'channels_last' or 'channels_first'; None for that of the settings.
        validation_split: fraction of the samples in the subset 'validation', in (0, 1); 0 for none.
        interpolation_order: order of the splines between the pixels.
        dtype: dtype of the batches; None for `floatx`.

    Raises:
        ValueError: an option is out of its range.

    Example:
        >>> generator = image.ImageDataGenerator(rescale=1.0 / 255, horizontal_flip=True)
        >>> batches = generator.flow(np.full((10, 8, 8, 3), 255.0), np.arange(10), batch_size=4)
        >>> x, y = next(batches)
        >>> x.shape, y.shape, x.max().tolist()
        ((4, 8, 8, 3), (4,), 1.0)
    """

    @refusing_old_names("preprocessing.image.ImageDataGenerator")
    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: tuple[float, float] | None = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[np.ndarray], np.ndarray] | None = None,
        data_format: str | None = "channels_last",
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = "float32",
    ) -> None:
        self.featurewise_center = featurewise_center
        self.samplewise_center = samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.shear_range = shear_range
        self.zoom_range: Sequence[float] = _zoom_range(zoom_range)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.dtype: str | Any = config.floatx() if dtype is None else dtype
        self.interpolation_order = interpolation_order
        self.data_format: str = checked_format(data_format)
        first = self.data_format == "channels_first"
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(
                f"ImageDataGenerator: validation_split must be in (0, 1), not {validation_split}."
            )
        self._validation_split = validation_split
        self.mean: np.ndarray | None = None
        self.std: np.ndarray | None = None
        self.principal_components: np.ndarray | None = None
        if brightness_range is not None:
            checked_pair("brightness_range", brightness_range)
        self.brightness_range = brightness_range
        self._complete()

    def _complete(self) -> None:
        """Switches on what other options need, and off what they do themselves."""
        if self.zca_whitening:
            self._set("featurewise_center", True, "zca_whitening")
            self._set("featurewise_std_normalization", False, "zca_whitening")
        if self.featurewise_std_normalization:
            self._set("featurewise_center", True, "featurewise_std_normalization")
        if self.samplewise_std_normalization:
            self._set("samplewise_center", True, "samplewise_std_normalization")

    def _set(self, option: str, value: bool, reason: str) -> None:
        if bool(getattr(self, option)) != value:
            setattr(self, option, value)
            warnings.warn(
                f"ImageDataGenerator: {option} is {value} because of {reason}.", stacklevel=4
            )

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Batches of the images of an array.

        Args:
            x: images `(samples, rows, columns, channels)`, or as the data format says; or a pair of
                them and a list of further arrays, which go along as they are.
            y: targets, or None.
            batch_size: number of images in a batch.
            shuffle: whether to draw a new order for every epoch.
            sample_weight: weights of the samples, or None.
            seed: seed that NumPy's global generator gets before each batch, plus its number.
            save_to_dir: folder to write the images to, or None.
            save_prefix: beginning of the names of these files.
            save_format: their format.
            subset: 'training' or 'validation', with `validation_split`.

        Returns:
            An iterator over `(x, y)`, `(x, y, sample_weight)`, or `x` alone.

        Raises:
            ValueError: arrays do not fit together.
        """
        return NumpyArrayIterator(
            *(x, y, self),
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            dtype=self.dtype,
        )

    def flow_from_directory(
        self,
        directory: Any,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: list[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
    ) -> DirectoryIterator:
        """Batches of the images in folders, one for each class.

        Args:
            directory: the folder that has a folder for each class.
            target_size: `(rows, columns)` that images are brought to.
            color_mode: 'rgb', 'rgba' or 'grayscale'.
            classes: names of the classes' folders, in the order of their numbers; by default all.
            class_mode: 'categorical', 'binary', 'sparse', 'input' or None, as in
                `DirectoryIterator`.
            batch_size: number of images in a batch.
            shuffle: whether to draw a new order for every epoch.
            seed: seed that NumPy's global generator gets before each batch, plus its number.
            save_to_dir: folder to write the images to, or None.
            save_prefix: beginning of the names of these files.
            save_format: their format.
            follow_links: whether to look into folders behind links.
            subset: 'training' or 'validation', with `validation_split`.
            interpolation: how images are brought to size, as in `load_img`.

        Returns:
            An iterator over `(x, y)`, or `x` alone.

        Raises:
            ValueError: another word for an option.
            OSError: there is no such folder.
        """
        return DirectoryIterator(
            *(directory, self),
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
            dtype=self.dtype,
        )

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
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
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        **kwargs: Any,
    ) -> DataFrameIterator:
        """Batches of the images whose files stand in a column of a data frame.

        Args:
            dataframe: a data frame of pandas.
            directory: folder that the files' names are relative to; by default they are whole
                paths.
            x_col: column of the files' names.
            y_col: column of the targets, or a list of columns.
            weight_col: column of the samples' weights, or None.
            target_size: `(rows, columns)` that images are brought to.
            color_mode: 'rgb', 'rgba' or 'grayscale'.
            classes: names of the classes to be taken; by default all.
            class_mode: 'categorical', 'binary', 'sparse', 'raw', 'multi_output', 'input' or None,
                as in `DataFrameIterator`.
            batch_size: number of images in a batch.
            shuffle: whether to draw a new order for every epoch.
            seed: seed that NumPy's global generator gets before each batch, plus its number.
            save_to_dir: folder to write the images to, or None.
            save_prefix: beginning of the names of these files.
            save_format: their format.
            subset: 'training' or 'validation', with `validation_split`.
            interpolation: how images are brought to size, as in `load_img`.
            validate_filenames: whether to leave out rows whose file is no image or not there.
            kwargs: further arguments of `DataFrameIterator`; the former `has_ext`, `sort` and
                `drop_duplicates` have no effect.

        Returns:
            An iterator over `(x, y)`, `(x, y, sample_weight)`, or `x` alone.

        Raises:
            ValueError: another word for an option.
            TypeError: values of a column are not of the kind that the mode needs.
            KeyError: a column that the data frame lacks.
        """
        for name in _WITHOUT_EFFECT.intersection(kwargs):
            del kwargs[name]
            warnings.warn(
                f"flow_from_dataframe: {name} has no effect any more; leave it out.",
                DeprecationWarning,
                stacklevel=2,
            )
        return DataFrameIterator(
            *(dataframe, directory, self),
            x_col=x_col,
            y_col=y_col,
            weight_col=weight_col,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode="raw" if class_mode == "other" else class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            interpolation=interpolation,
            validate_filenames=validate_filenames,
            **{"dtype": self.dtype, **kwargs},
        )

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """Brings an image, or a batch of them, to one scale; changes it in place.

        Args:
            x: array of floats.

        Returns:
            The array, the same one unless `preprocessing_function` gave another.

        Raises:
            TypeError: the array is of whole numbers, in which the results have no room.
        """
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + _LEAST_STD
        if (mean := self._learnt("featurewise_center", self.mean)) is not None:
            x -= mean
        if (std := self._learnt("featurewise_std_normalization", self.std)) is not None:
            x /= std + _LEAST_STD
        if (matrix := self._learnt("zca_whitening", self.principal_components)) is not None:
            x = np.reshape(np.reshape(x, (-1, len(matrix))) @ matrix, x.shape)
        return x

    def _learnt(self, option: str, statistic: np.ndarray | None) -> np.ndarray | None:
        """What `fit` learnt for an option, if that is on."""
        if not getattr(self, option):
            return None
        if statistic is None:
            warnings.warn(
                f"ImageDataGenerator: {option} does nothing before fit(x) has learnt of a data "
                "set.",
                stacklevel=3,
            )
        return statistic

    def get_random_transform(
        self, img_shape: tuple[int, ...], seed: int | None = None
    ) -> dict[str, Any]:
        """Draws how an image is moved.

        Args:
            img_shape: shape of the image.
            seed: seed that NumPy's global generator gets first; None leaves it alone.

        Returns:
            The arguments of `apply_transform`.
        """
        rows, columns = img_shape[self.row_axis - 1], img_shape[self.col_axis - 1]
        if seed is not None:
            np.random.seed(seed)
        zoomed = ("zx", "zy")
        return {
            "theta": _drawn(self.rotation_range),
            "tx": _drawn_shift(self.height_shift_range, rows),
            "ty": _drawn_shift(self.width_shift_range, columns),
            "shear": _drawn(self.shear_range),
            **dict(zip(zoomed, drawn_zoom(self.zoom_range))),
            "flip_horizontal": (np.random.random() < 0.5) * self.horizontal_flip,
            "flip_vertical": (np.random.random() < 0.5) * self.vertical_flip,
            "channel_shift_intensity": _drawn(self.channel_shift_range, None),
            "brightness": self._drawn_brightness(),
        }

    def _drawn_brightness(self) -> float | None:
        if self.brightness_range is None:
            return None
        return np.random.uniform(self.brightness_range[0], self.brightness_range[1])

    def apply_transform(self, x: np.ndarray, transform_parameters: dict[str, Any]) -> np.ndarray:
        """Moves an image.

        Args:
            x: array of three axes, as the data format says.
            transform_parameters: 'theta', the angle in degrees; 'tx' and 'ty', the shifts of rows
                and columns in pixels; 'shear', the angle of shear in degrees; 'zx' and 'zy', the
                factors of zoom; 'flip_horizontal', 'flip_vertical'; 'channel_shift_intensity',
                the number added; 'brightness', the factor. What is not there is left as it is.

        Returns:
            An image of the same shape.
        """
        given = transform_parameters.get
        intensity, brightness = given("channel_shift_intensity"), given("brightness")
        row_axis, col_axis = self.row_axis - 1, self.col_axis - 1
        x = apply_affine_transform(
            x,
            *(given("theta", 0), given("tx", 0), given("ty", 0), given("shear", 0)),
            *(given("zx", 1), given("zy", 1)),
            *(row_axis, col_axis, self.channel_axis - 1),
            fill_mode=self.fill_mode,
            cval=self.cval,
            order=self.interpolation_order,
        )
        if intensity is not None:
            x = apply_channel_shift(x, intensity, self.channel_axis - 1)
        if given("flip_horizontal", False):
            x = np.flip(x, col_axis)
        if given("flip_vertical", False):
            x = np.flip(x, row_axis)
        if brightness is not None:
            x = brightened(x, brightness, self.data_format)
        return x

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """Moves an image at random.

        Args:
            x: array of three axes, as the data format says.
            seed: seed that NumPy's global generator gets first; None leaves it alone.

        Returns:
            An image of the same shape.
        """
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Learns the mean, the standard deviation and the whitening of a data set.

        Args:
            x: images `(samples, rows, columns, channels)`, or as the data format says.
            augment: whether to learn of images that are moved at random.
            rounds: how often each is moved.
            seed: seed that NumPy's global generator gets first; None leaves it alone.

        Raises:
            ValueError: the images have not four axes.
        """
        x = np.array(x, dtype=self.dtype)
        self._check_images(x)
        if seed is not None:
            np.random.seed(seed)
        if augment:
            moved = [self.random_transform(image) for _ in range(rounds) for image in x]
            x = np.array(moved, dtype=self.dtype)
        axes = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes, keepdims=True)[0]
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes, keepdims=True)[0]
            x /= self.std + _LEAST_STD
        if self.zca_whitening:
            self.principal_components = _whitening(x.reshape(len(x), -1), self.zca_epsilon)

    def _check_images(self, x: np.ndarray) -> None:
        if x.ndim != 4:
            raise ValueError(
                "ImageDataGenerator.fit: images have the axes samples, rows, columns and channels; "
                f"got shape {x.shape}."
            )
        if x.shape[self.channel_axis] not in (1, 3, 4):
            warnings.warn(
                f"ImageDataGenerator.fit: images with {x.shape[self.channel_axis]} channels (axis "
                f"{self.channel_axis} of shape {x.shape}, data_format {self.data_format!r}); 1, 3 "
                "or 4 are usual.",
                stacklevel=3,
            )


def _zoom_range(given: Any) -> Any:
    if np.ndim(given) == 0:
        return [1 - given, 1 + given]
    return list(checked_pair("zoom_range", given))


def _drawn(largest: float, none: Any = 0) -> Any:
    """A number between the negative and the positive one; nothing is drawn where that is 0."""
    return np.random.uniform(-largest, largest) if largest else none


def _drawn_shift(given: Any, size: int) -> Any:
    """A shift in pixels; see `width_shift_range`."""
    is_list = np.ndim(given) > 0
    if not (len(given) if is_list else given):
        return 0
    if is_list or (isinstance(given, (int, np.integer)) and given > 0):
        shift = np.random.choice(given) * np.random.choice([-1, 1])
    else:
        shift = np.random.uniform(-given, given)
    return shift * size if np.max(given) < 1 else shift


def _whitening(rows: np.ndarray, epsilon: float) -> np.ndarray:
    """The matrix that takes the correlations out of rows, and turns them as little as it can.

    Source: A. J. Bell, T. J. Sejnowski, "The 'independent components' of natural scenes are edge
    filters", Vision Research 37, 1997.
    """
    covariance = rows.T @ rows / len(rows)
    directions, variances, _ = np.linalg.svd(covariance)
    return (directions / np.sqrt(variances + epsilon)) @ directions.T
