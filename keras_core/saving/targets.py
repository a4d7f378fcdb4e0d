"""Where models are written to and read from: paths, streams, HDF5 groups and dicts."""

from __future__ import annotations

import os
import shutil
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Callable, NoReturn

from keras_core.errors import shown
from keras_core.utils import hdf5_gate
from keras_core.utils.io_utils import (
    H5Dict,
    ask_to_proceed_with_overwrite,
    check_folder,
    named,
    save_to_binary_h5py,
)


@contextmanager
def replacing(path: Any) -> Iterator[BinaryIO]:
    """Opens a new file that takes the place of `path` when all went well.

    Whatever happens while it is written, `path` holds either its old or its new contents whole.
    What is no regular file, such as a device or a pipe, is written to and stays what it is.

    Args:
        path: path of the file to be replaced or made.

    Raises:
        FileNotFoundError: if the folder is missing.
        IsADirectoryError: if `path` is a folder.
    """
    check_folder(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            yield file
        return
    target = os.path.realpath(os.fsdecode(path))
    _remove_leftovers(target)
    new = f"{_unfinished(target)}{uuid.uuid4().hex[:8]}.tmp"
    try:
        with open(new, "xb") as file:
            _lock(file)
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(target):
            shutil.copymode(target, new)
        os.replace(new, target)
    finally:
        if os.path.exists(new):
            os.remove(new)


def _unfinished(target: str) -> str:
    """How the names of unfinished files for a target begin; they are shorter than a name may be."""
    folder, name = os.path.split(target)
    return os.path.join(folder, f".{zlib.crc32(os.fsencode(name)):08x}-")


def _remove_leftovers(target: str) -> None:
    """Removes the unfinished files for a target that nobody is writing any more."""
    folder, beginning = os.path.split(_unfinished(target))
    names = [name for name in os.listdir(folder) if name.startswith(beginning)]
    for leftover in (os.path.join(folder, name) for name in names if name.endswith(".tmp")):
        with suppress(OSError), open(leftover, "rb") as file:
            if _lock(file):
                os.remove(leftover)


def _lock(file: BinaryIO) -> bool:
    """Whether nobody else holds a file, which is then held until it is closed."""
    try:
        import fcntl
    except ImportError:  # Windows, where an open file cannot be removed
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


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
    if is_path(target):
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
    if is_path(target):
        with H5Dict(target, "r") as store:
            return load(store)
    if hasattr(target, "read"):
        with H5Dict(hdf5_gate.opened_content(target.read(), named(target)), "r") as store:
            return load(store)
    if not _is_store(target):
        _refuse(target, what)
    return load(_as_store(target, "r"))


def is_path(target: Any) -> bool:
    """Whether a target is the path of a file."""
    return isinstance(target, (str, os.PathLike))


def _is_store(target: Any) -> bool:
    return isinstance(target, (dict, hdf5_gate.h5py_module().Group, H5Dict))


def _as_store(target: Any, mode: str = "a") -> H5Dict:
    return target if isinstance(target, H5Dict) else H5Dict(target, mode)


def _refuse(target: Any, what: str) -> NoReturn:
    raise ValueError(
        f"{what} takes a path, an open binary file, an h5py.Group or a dict, "
        f"not {shown(target)}, a {type(target).__name__}."
    )
