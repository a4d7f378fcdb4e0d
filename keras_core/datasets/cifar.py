"""Reads a batch of the CIFAR data sets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_core.datasets._files import unpickled
from keras_core.utils.data_utils import get_file


def batches_in(folder: str, names: Sequence[str], origin: str, file_hash: str) -> list[str]:
    """The paths of files of an archive that is in the cache, or comes there.

    Args:
        folder: name of the folder in the archive.
        names: names of the files in it.
        origin: address of the archive.
        file_hash: its hash.

    Raises:
        OSError: the archive is needed, but not there, and cannot be downloaded.
    """
    path = get_file(folder, origin=origin, untar=True, file_hash=file_hash)
    paths = [os.path.join(path, name) for name in names]
    if not all(map(os.path.isfile, paths)):
        # Unpacking was broken off.
        get_file(f"{folder}.tar.gz", origin=origin, file_hash=file_hash, extract=True)
    return paths


def load_batch(fpath: str, label_key: str = "labels") -> tuple[np.ndarray, list[int]]:
    """Reads one file of images and their classes.

    Args:
        fpath: path of the file, a pickle; it may hold nothing but arrays, dictionaries, lists,
            numbers and bytes.
        label_key: name of the classes in the file.

    Returns:
        The images `(samples, 3, 32, 32)` of uint8, and the list of their classes.

    Raises:
        ValueError: the file holds something else.
    """
    found: dict[Any, Any] = unpickled(fpath)
    batch = {key.decode() if isinstance(key, bytes) else key: found[key] for key in found}
    return batch["data"].reshape(-1, 3, 32, 32), batch[label_key]


def parts(train: list[tuple[Any, Any]], test: tuple[Any, Any]) -> Any:
    """Joins the batches to the parts of a data set.

    Args:
        train: batches of the training part.
        test: the batch of the test part.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images, with their channels where the settings
        have them, and classes `(samples, 1)` of uint8.
    """
    return _part(train), _part([test])


def _part(batches: list[tuple[Any, Any]]) -> tuple[np.ndarray, np.ndarray]:
    from keras_core.config import image_data_format

    x = np.concatenate([images for images, _ in batches])
    y = np.concatenate([np.array(labels, dtype=np.uint8) for _, labels in batches])
    channels_last = image_data_format() == "channels_last"
    return x.transpose(0, 2, 3, 1) if channels_last else x, y.reshape(-1, 1)
