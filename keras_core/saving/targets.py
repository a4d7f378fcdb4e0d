"""Where models are written to and read from: paths, streams, HDF5 groups and dicts."""

from __future__ import annotations

import errno
import functools
import io
import os
import re
import shutil
import stat
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Callable, NoReturn, TypeVar, cast

from keras_core import ranks
from keras_core.attempt import memory_limit
from keras_core.errors import ModelFileError, shown
from keras_core.unbroken import ends_heard
from keras_core.utils import hdf5_gate
from keras_core.utils.io_utils import (
    H5Dict,
    ask_to_proceed_with_overwrite,
    check_folder,
    hdf5_image,
    named,
    write_all,
)

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_UNFINISHED = re.compile(r"\.[0-9a-f]{8}-[0-9a-f]{8}\.tmp")
_LONGEST_TEXT = 2**26


Save = TypeVar("Save", bound=Callable[..., None])


def by_one_rank(save: Save) -> Save:
    """A function `save(model, filepath, ...)` that one rank calls for all that share its runs.

    What is no path is each rank's own.
    """

    @functools.wraps(save)
    def saved(model: Any, filepath: Any, *args: Any, **kwargs: Any) -> None:
        with ends_heard():
            if not is_path(filepath):
                save(model, filepath, *args, **kwargs)
            else:
                ranks.once(save.__name__, lambda: save(model, filepath, *args, **kwargs))

    return cast(Save, saved)


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
        PermissionError: if the file may not be written, though its folder may.
    """
    target = _followed(os.fsdecode(os.fspath(path)))
    check_folder(target)
    if os.path.exists(target) and not os.path.isfile(target):
        with _about(path), open(target, "wb") as file:
            yield file
        return
    if os.path.exists(target) and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
    with _about(path):
        remove_leftovers(*os.path.split(_unfinished(target)))
        with _begun(target) as file:
            yield file
            _finish(file, target)


def _followed(path: str) -> str:
    """What a path leads to.

    Raises:
        OSError: if it leads nowhere, being a link to itself.
    """
    target = os.path.realpath(path) if os.path.islink(path) else path
    if os.path.islink(target):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    return target


@contextmanager
def _about(path: Any) -> Iterator[None]:
    """Has errors of the file system name the file that was to be written."""
    try:
        yield
    except OSError as error:
        if error.errno is None or not _is_unfinished(error.filename):
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


def _is_unfinished(name: Any) -> bool:
    """Whether nothing is named, or a file that has no name of its own yet."""
    return name is None or bool(_UNFINISHED.fullmatch(os.path.basename(os.fsdecode(name))))


@contextmanager
def _begun(target: str) -> Iterator[BinaryIO]:
    """Opens an unfinished file, which is gone afterwards, unless it has become the target."""
    file = _new_file(target)
    try:
        with file:
            yield file
    finally:
        with suppress(FileNotFoundError):
            os.remove(file.name)


def _new_file(target: str) -> BinaryIO:
    """Makes a file and holds it; another one if somebody took it for a leftover before."""
    while True:
        file = open(f"{_unfinished(target)}{uuid.uuid4().hex[:8]}.tmp", "xb")  # noqa: SIM115
        # Shared, so that whoever opens it under its new name at once is not kept out.
        if _hold(file, shared=True) is not False and os.path.exists(file.name):
            return file
        file.close()


def _finish(file: BinaryIO, target: str) -> None:
    """Puts a file, of which all is written, where it belongs; it is held until then."""
    file.flush()
    os.fsync(file.fileno())
    if os.path.exists(target):
        shutil.copymode(target, file.name)
    if fcntl is None:  # Windows, where an open file cannot be moved
        file.close()
    os.replace(file.name, target)


def _unfinished(target: str) -> str:
    """How the names of unfinished files for a target begin; they are shorter than a name may be."""
    folder, name = os.path.split(target)
    return os.path.join(folder, f".{zlib.crc32(os.fsencode(name)):08x}-")


def is_leftover(name: str) -> bool:
    """Whether a file is named as unfinished ones are."""
    return bool(_UNFINISHED.fullmatch(name))


def remove_leftovers(folder: str, beginning: str = "") -> None:
    """Removes unfinished files that nobody is writing any more.

    Args:
        folder: path of the folder that they are in.
        beginning: how their names begin.
    """
    for name in _names_in(folder or "."):
        path = os.path.join(folder, name)
        # A pipe of such a name, which nobody here has made, would have whoever opens it wait.
        if name.startswith(beginning) and is_leftover(name) and os.path.isfile(path):
            with suppress(OSError):
                _remove_unless_held(path)


def _names_in(folder: str) -> list[str]:
    """The names in a folder; none where it may be written into but not be read."""
    try:
        return os.listdir(folder)
    except PermissionError:
        return []


def _remove_unless_held(leftover: str) -> None:
    if fcntl is None:  # Windows, where an open file cannot be removed
        os.remove(leftover)
        return
    with open(leftover, "rb") as file:
        if _hold(file):
            os.remove(leftover)


def _hold(file: Any, wait: bool = False, shared: bool = False) -> bool | None:
    """Holds a file until it is closed, so that others can tell.

    Args:
        file: open file, or its descriptor.
        wait: whether to wait for whoever holds it.
        shared: whether others may hold it so too.

    Returns:
        True; False if somebody else holds it; None where files cannot be held.
    """
    if fcntl is None:
        return None
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@contextmanager
def held_folder(folder: Any, writes: bool) -> Iterator[None]:
    """While it lasts, nobody who asks the same writes files of a folder; nor reads, if this writes.

    Args:
        folder: path of the folder.
        writes: whether this one writes.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # it may not be read, or Windows, where folders are not opened
        yield
        return
    try:
        _hold(descriptor, wait=True, shared=not writes)
        yield
    finally:
        _let_go(descriptor)
        os.close(descriptor)


def _let_go(descriptor: int) -> None:
    """Ends a hold, also for processes that were forked while it lasted."""
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def may_write(path: Any, overwrite: bool) -> bool:
    """Whether a path can be written to; asks before something is lost that is not to be.

    Args:
        path: path of a file or folder.
        overwrite: bool; with False, asks before an existing one is replaced.
    """
    is_there = os.path.isfile(path) or (os.path.isdir(path) and bool(os.listdir(path)))
    return overwrite or not is_there or ask_to_proceed_with_overwrite(path)


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
        if may_write(target, overwrite):
            # HDF5 does not recover from a disk that fills up, so its bytes are made in memory.
            with _image_of(save) as content, replacing(target) as file:
                file.write(content)
    elif hasattr(target, "write") and not isinstance(target, io.TextIOBase):
        with _image_of(save) as content:
            write_all(target, content)
    elif _is_store(target):
        save(_as_store(target))
    else:
        _refuse(target, what)


def _image_of(save: Callable[[H5Dict], Any]) -> memoryview:
    return hdf5_image(lambda file: save(H5Dict(file)))


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


def read_text(path: Any) -> str:
    """The text of a configuration in a file.

    Raises:
        OSError: if there is no such file.
        ModelFileError: if it is no regular file, too large for a configuration, or no UTF-8.
    """
    file = os.fsdecode(os.fspath(path))
    found = os.stat(file)
    if not stat.S_ISREG(found.st_mode):
        raise ModelFileError("it is no regular file, so it is not opened.", file)
    if found.st_size > memory_limit(_LONGEST_TEXT):
        raise ModelFileError(
            f"its {found.st_size:,} bytes are too many for a configuration. If you trust it, read "
            "it inside of keras_core.saving.safety.memory_scope(None).",
            file,
        )
    with open(file, "rb") as stream:
        content = stream.read()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelFileError(f"its text is no UTF-8 ({error}).", file) from error


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
