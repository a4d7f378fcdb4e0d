"""Reads the files of the data sets, which come from elsewhere: nothing in them is run."""

from __future__ import annotations

import pickle
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.lib import format as npy


def arrays_of(path: str, *names: str) -> list[np.ndarray]:
    """Arrays of an npz file; one of objects may hold lists of whole numbers.

    Args:
        path: path of the file.
        names: names of the arrays.

    Raises:
        ValueError: an array is missing, or holds other objects.
    """
    with _readable(path), zipfile.ZipFile(path) as archive:
        return [_array_of(archive, name) for name in names]


def unpickled(path: str) -> Any:
    """What a pickle of arrays, dictionaries, lists, numbers, bytes and strings holds.

    Strings that Python 2 wrote come as bytes.

    Args:
        path: path of the file.

    Raises:
        ValueError: it holds something else.
    """
    with _readable(path), open(path, "rb") as file:
        return _plain(_Unpickler(file, encoding="bytes").load())


@contextmanager
def _readable(path: str) -> Iterator[None]:
    """Tells which file cannot be read."""
    try:
        yield
    except _DAMAGES as error:
        raise ValueError(
            f"{path} is not the file it should be: {error}. Remove it, and it is downloaded again."
        ) from error


_DAMAGES = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, TypeError, ValueError),
    *(pickle.UnpicklingError, zipfile.BadZipFile, zlib.error),
)


def _array_of(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as file:
        shape, fortran_order, dtype = _header(file)
        if not dtype.hasobject:
            count = int(np.prod(shape, dtype=np.int64))
            data = np.frombuffer(file.read(count * dtype.itemsize), dtype, count)
            return _shaped(data.copy(), shape, fortran_order)
        found = _plain(_Unpickler(file, encoding="bytes").load())
    if not (isinstance(found, np.ndarray) and found.shape == shape):
        raise ValueError(f"{name!r} is no array of the size that stands in its header")
    return found


def _header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    return read(file)


class _Dtype:
    """A dtype in a pickle: numbers of one kind, or objects.

    NumPy's own would take any flags from the file, and believe them.
    """

    def __init__(self, code: Any, *_: Any) -> None:
        text = code.decode("ascii") if isinstance(code, bytes) else str(code)
        self.dtype = np.dtype(text)
        if self.dtype.kind not in "biufO":
            raise pickle.UnpicklingError(f"it holds an array of {text!r}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order: Any = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """An array in a pickle, on its way."""

    def __init__(self, *_: Any) -> None:
        self.array = np.empty(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran_order, data = state
        if dtype.dtype.hasobject:
            flat = _array_of_lists(data)
        else:
            content = data.encode("latin1") if isinstance(data, str) else data
            flat = np.frombuffer(content, dtype.dtype).copy()
        self.array = _shaped(flat, shape, fortran_order)


def _from_buffer(data: Any, dtype: _Dtype, shape: tuple[int, ...], order: str) -> _Array:
    """How NumPy writes arrays since protocol 5."""
    made = _Array()
    made.__setstate__((1, shape, dtype, order == "F", bytes(data)))
    return made


def _shaped(flat: np.ndarray, shape: tuple[int, ...], fortran_order: bool) -> np.ndarray:
    return flat.reshape(shape[::-1]).T if fortran_order else flat.reshape(shape)


def _array_of_lists(rows: list[Any]) -> np.ndarray:
    if not all(isinstance(row, list) and all(type(i) is int for i in row) for row in rows):
        raise pickle.UnpicklingError("it holds objects that are no lists of whole numbers")
    made = np.empty(len(rows), dtype=object)
    made[:] = rows
    return made


def _bytes(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes for Python 2."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it holds text in the encoding {encoding!r}")
    return text.encode("latin1")


_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.numeric", "_frombuffer"): _from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
    ("_codecs", "encode"): _bytes,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _KNOWN[module, name]


def _plain(found: Any) -> Any:
    """With arrays for what was on its way to be one."""
    if isinstance(found, dict):
        return {key: _plain(value) for key, value in found.items()}
    return found.array if isinstance(found, _Array) else found


def numbers_of_idx(file: Any) -> np.ndarray:
    """The bytes of a file of the kind IDX, without its header.

    Args:
        file: the file, open.

    Returns:
        An array of uint8 of the shape that stands in the header.

    Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", 1998.
    """
    head = file.read(4)
    if head[:3] != b"\0\0\x08":
        raise ValueError("it is no IDX file of bytes")
    shape = np.frombuffer(file.read(4 * head[3]), ">i4")
    return np.frombuffer(file.read(), np.uint8).reshape(shape)
