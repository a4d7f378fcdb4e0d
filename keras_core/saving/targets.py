"""Where models are written to and read from: paths, streams, HDF5 groups and dicts."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Callable, NoReturn

from keras_core.utils.io_utils import (
    H5Dict,
    ask_to_proceed_with_overwrite,
    load_from_binary_h5py,
    save_to_binary_h5py,
)


class ModelFileError(OSError, ValueError):
    """A file that is no model file, or a damaged one."""


@contextmanager
def replacing(path: Any) -> Iterator[BinaryIO]:
    """Opens a new file that takes the place of `path` when all went well.

    Whatever happens while it is written, `path` holds either its old or its new contents whole.

    Args:
        path: path of the file to be replaced or made.
    """
    target = os.path.realpath(path)
    new = f"{target}.{uuid.uuid4().hex[:8]}.tmp"
    try:
        with open(new, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(target):
            shutil.copymode(target, new)
        os.replace(new, target)
    finally:
        if os.path.exists(new):
            os.remove(new)


def write(target: Any, save: Callable[[H5Dict], Any], overwrite: bool, what: str) -> None:
    """Opens a target and has it filled.

    Args:
        target: path, writable binary file, `h5py.Group` or dict.
        save: function of an H5Dict.
        overwrite: bool; with False, asks before an existing file is replaced.
        what: str, the caller's name for messages.

    Raises:
        ValueError: if `target` is nothing of that.
    """
    if _is_path(target):
        if overwrite or not os.path.isfile(target) or ask_to_proceed_with_overwrite(target):
            # HDF5 does not recover from a disk that fills up, so its bytes are made in memory.
            with replacing(target) as file:
                _write_stream(file, save)
    elif hasattr(target, "write"):
        _write_stream(target, save)
    elif _is_store(target):
        save(_as_store(target))
    else:
        _refuse(target, what)


def _write_stream(stream: Any, save: Callable[[H5Dict], Any]) -> None:
    save_to_binary_h5py(lambda file: save(H5Dict(file)), stream)


def read(target: Any, load: Callable[[H5Dict], Any], what: str) -> Any:
    """Opens a target and has it read.

    Args:
        target: path, readable binary file, `h5py.Group` or dict.
        load: function of an H5Dict.
        what: str, the caller's name for messages.

    Returns:
        What `load` returns.

    Raises:
        OSError: if there is no such file.
        ModelFileError: if it is no HDF5 file; both an OSError and a ValueError.
        ValueError: if `target` is nothing of that.
    """
    if _is_path(target):
        with _opened(target) as store:
            return load(store)
    if hasattr(target, "read"):
        with _file_errors(f"stream {target!r}"):
            return load_from_binary_h5py(lambda file: load(H5Dict(file, "r")), target)
    if not _is_store(target):
        _refuse(target, what)
    return load(_as_store(target, "r"))


def _opened(path: Any) -> H5Dict:
    if not os.path.exists(path):
        raise FileNotFoundError(f"There is no file {os.fspath(path)}.")
    with _file_errors(os.fspath(path)):
        return H5Dict(path, "r")


@contextmanager
def _file_errors(where: Any) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(
            f"{where} cannot be read as an HDF5 file: it is damaged, cut off, or of another kind "
            f"({error})."
        ) from error


def _is_path(target: Any) -> bool:
    return isinstance(target, (str, os.PathLike))


def _is_store(target: Any) -> bool:
    import h5py

    return isinstance(target, (dict, h5py.Group, H5Dict))


def _as_store(target: Any, mode: str = "a") -> H5Dict:
    return target if isinstance(target, H5Dict) else H5Dict(target, mode)


def _refuse(target: Any, what: str) -> NoReturn:
    raise ValueError(
        f"{what} takes a path, an open binary file, an h5py.Group or a dict, "
        f"not {target!r}, a {type(target).__name__}."
    )
