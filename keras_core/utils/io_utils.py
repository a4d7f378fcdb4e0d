"""HDF5 files as data, and as nested dictionaries."""

from __future__ import annotations

import errno
import io
import os
import pickle
from collections import defaultdict
from threading import Lock
from typing import Any, Callable

import numpy as np

from keras_core import missing
from keras_core.errors import ModelFileError
from keras_core.unbroken import Unbroken
from keras_core.utils import hdf5_gate

__all__ = [
    "H5Dict",
    "HDF5Matrix",
    "HDF5_OBJECT_HEADER_LIMIT",
    "ask_to_proceed_with_overwrite",
    "h5dict",
    "load_from_binary_h5py",
    "save_to_binary_h5py",
]

missing.explain_attributes(globals())

# Bytes that the header of an HDF5 object, where attributes are kept, can hold.
HDF5_OBJECT_HEADER_LIMIT = 64512


def check_folder(path: Any) -> None:
    """Refuses a path of a file to be written whose folder is missing.

    Args:
        path: str or path object.

    Raises:
        FileNotFoundError: if there is no such folder.
    """
    folder = os.path.dirname(os.fspath(path))
    if folder and not os.path.isdir(folder):
        raise FileNotFoundError(
            f"There is no folder {folder!r} for {os.path.basename(path)}; make it first, by "
            f"os.makedirs({folder!r})."
        )


def ask_to_proceed_with_overwrite(filepath: Any) -> bool:
    """Asks on the terminal whether a file may be replaced.

    Args:
        filepath: path of an existing file.

    Returns:
        bool, the answer.
    """
    answer = input(f"[WARNING] {filepath} already exists - overwrite? [y/n]").strip().lower()
    while answer not in ("y", "n"):
        answer = input('Enter "y" (overwrite) or "n" (cancel).').strip().lower()
    return answer == "y"


class H5Dict:
    """A nested dictionary of texts, lists of texts and arrays, kept in HDF5 or in a dict.

    Texts become attributes, lists of texts attributes that are split where they are too long for
    HDF5, arrays datasets. Reading a name that is not there makes an inner dictionary.

    Args:
        path: path of an HDF5 file, `h5py.Group`, or dict.
        mode: 'r' to read, 'w' to write a new file, 'a' to add to one.

    Raises:
        TypeError: for another kind of `path`.
        ValueError: for a dict with contents that no H5Dict wrote.

    Example:
        >>> with utils.H5Dict("values.h5", mode="w") as values:
        ...     values["layer"]["kernel"] = np.array([1.0, 2.0])
        >>> with utils.H5Dict("values.h5", mode="r") as values:
        ...     print(values["layer"]["kernel"].tolist())
        [1.0, 2.0]
    """

    def __init__(self, path: Any, mode: str = "a") -> None:
        self.data: Any
        self.read_only: bool = mode == "r"
        self._is_file = isinstance(path, (str, os.PathLike))
        if self._is_file:
            self._open(hdf5_gate.opened(path, mode))
        elif isinstance(path, hdf5_gate.Gate):
            self._open(path)
        elif isinstance(path, hdf5_gate.h5py_module().Group):
            self._open(hdf5_gate.Gate(path))
        elif isinstance(path, dict):
            self.data = path
            self._mark_group(path)
        else:
            raise TypeError(
                "H5Dict takes a path, an h5py.Group or a dict, "
                f"not {path!r}, a {type(path).__name__}."
            )

    def _open(self, gate: hdf5_gate.Gate) -> None:
        self.gate = gate
        self.data = gate.node

    @staticmethod
    def _mark_group(data: Any) -> None:
        if data and "_is_group" not in data:
            raise ValueError("H5Dict takes an empty dict, or one that it has written before.")
        data["_is_group"] = True

    @property
    def _in_memory(self) -> bool:
        return isinstance(self.data, dict)

    @property
    def where(self) -> str:
        """Names the place in messages."""
        return "dict" if self._in_memory else f"{self.gate.file}:{self.gate.place}"

    @property
    def file(self) -> str | None:
        """The name of the file; None for a dict."""
        return None if self._in_memory else self.gate.file

    def wrong(self, reason: str, name: str | None = None) -> ModelFileError:
        """The error of something in here that cannot be read.

        Args:
            reason: what is wrong.
            name: name of the entry; the dictionary itself by default.
        """
        file, place = (None, "/") if self._in_memory else (self.gate.file, self.gate.place)
        inner = place if name is None else f"{place.rstrip('/')}/{name}"
        return ModelFileError(reason, file, None if file is None and name is None else inner)

    def __setitem__(self, attr: Any, val: Any) -> None:
        if self.read_only:
            raise ValueError(f"{self.where} is opened for reading, {attr!r} cannot be set.")
        key = _text(attr)
        if self._in_memory:
            self._set_in_memory(key, val)
        elif isinstance(val, (str, bytes)):
            self.data.attrs[key] = val
        elif isinstance(val, list):
            self._set_names(key, val)
        else:
            self._set_array(key, np.asarray(val))

    def _set_in_memory(self, key: str, value: Any) -> None:
        if isinstance(value, np.ndarray):
            self.data[key] = pickle.dumps(value)
            self.data[f"_{key}_pickled"] = True
        else:
            self.data[key] = value

    def _set_names(self, key: str, names: Any) -> None:
        array = np.asarray(names)
        if array.itemsize > HDF5_OBJECT_HEADER_LIMIT:
            longest = max(names, key=len)
            raise RuntimeError(
                f"The name {longest[:50]!r}... of {len(longest)} bytes is too long for an HDF5 "
                f"attribute, which holds {HDF5_OBJECT_HEADER_LIMIT} bytes. Give a shorter name."
            )
        count = 1
        while any(x.nbytes > HDF5_OBJECT_HEADER_LIMIT for x in np.array_split(array, count)):
            count += 1
        if count == 1:
            self.data.attrs[key] = array
        else:
            for index, part in enumerate(np.array_split(array, count)):
                self.data.attrs[f"{key}{index}"] = part

    def _set_array(self, key: str, array: Any) -> None:
        if key in self:
            raise KeyError(f"{self.where} has an entry {key!r} already.")
        self.data.create_dataset(key, data=array)

    def __getitem__(self, attr: Any) -> Any:
        key = _text(attr)
        return self._get_in_memory(key) if self._in_memory else self._get_stored(key)

    def _get_in_memory(self, key: str) -> Any:
        if key not in self.data:
            self._refuse_reading(key)
            self.data[key] = {"_is_group": True}
        value = self.data[key]
        if self.data.get(f"_{key}_pickled"):
            return _ArrayUnpickler(io.BytesIO(value)).load()
        return H5Dict(value, self._inner_mode) if isinstance(value, dict) else value

    def _get_stored(self, key: str) -> Any:
        if self.gate.has_attribute(key):
            return self.gate.attribute(key)
        if self.gate.has_attribute(f"{key}0"):
            return self._joined_names(key)
        if not self.gate.has_object(key):
            self._refuse_reading(key)
            self.data.create_group(key)
        if self.gate.is_array(key):
            return self.gate.array(key)
        return H5Dict(self.gate.group(key), self._inner_mode)

    @property
    def _inner_mode(self) -> str:
        return "r" if self.read_only else "a"

    def _joined_names(self, key: str) -> np.ndarray:
        parts: list[np.ndarray] = []
        while self.gate.has_attribute(f"{key}{len(parts)}"):
            parts.append(np.atleast_1d(self.gate.attribute(f"{key}{len(parts)}")))
        return np.concatenate(parts)

    def _refuse_reading(self, key: str) -> None:
        if self.read_only:
            raise KeyError(f"{self.where} has no entry {key!r}.")

    def names(self, key: str) -> list[str]:
        """A list of texts, each once.

        Raises:
            ModelFileError: if it is missing or something else.
        """
        found = np.atleast_1d(self._described(key))
        if found.size and found.dtype.kind not in "SUO":
            raise self.wrong("a list of texts was expected.", key)
        names = [self._decoded(name, key) for name in found.tolist()]
        if len(set(names)) < len(names):
            raise self.wrong("a name stands there twice.", key)
        return names

    def text(self, key: str) -> str:
        """A text.

        Raises:
            ModelFileError: if it is missing or something else.
        """
        return self._decoded(self._described(key), key)

    def _described(self, key: str) -> Any:
        """What a text or a list of texts is kept as: an attribute, or an entry of a dict."""
        if self._in_memory and key in self.data:
            return self.data[key]
        if not self._in_memory and self.gate.has_attribute(key):
            return self.gate.attribute(key)
        if not self._in_memory and self.gate.has_attribute(f"{key}0"):
            return self._joined_names(key)
        raise self.wrong("it is missing.", key)

    def _decoded(self, value: Any, key: str) -> str:
        try:
            text = value.decode("utf-8") if isinstance(value, bytes) else value
            if isinstance(text, str):
                text.encode("utf-8")
                return str(text)
        except UnicodeError as error:
            raise self.wrong(f"its text is no UTF-8 ({error})."[:300], key) from error
        raise self.wrong(f"a text was expected, not {type(value).__name__}.", key)

    def group(self, key: str) -> H5Dict:
        """An inner dictionary, whatever text has its name; made where it is missing in a file that
        is written.

        Raises:
            ModelFileError: if it is missing in a file that is read, or something else.
        """
        if not self._in_memory:
            if not self.read_only and not self.gate.has_object(key):
                self.data.create_group(key)
            return H5Dict(self.gate.group(key), self._inner_mode)
        found = self.get(key) if self.read_only else self[key]
        if not isinstance(found, H5Dict):
            raise self.wrong("a group was expected.", key)
        return found

    def array_shape(self, key: str) -> tuple[int, ...]:
        """The shape of an array, known before it is read.

        Raises:
            ModelFileError: if the entry is no array of numbers kept in this file.
        """
        return self.gate.array_shape(key) if not self._in_memory else self.array(key).shape

    def check_size(self, numbers: int) -> None:
        """Refuses to read more numbers than a file of this size stands for, of a byte at least.

        Raises:
            ModelFileError: if they are too many.
        """
        if not self._in_memory:
            self.gate.limits.check(numbers, self.gate.place)

    def array(self, key: str) -> np.ndarray:
        """An array of numbers.

        Raises:
            ModelFileError: if it is missing or something else.
        """
        if not self._in_memory:
            return self.gate.array(key)
        found = np.asarray(self._stored_array(key))
        if found.dtype.kind not in "biuf":
            raise self.wrong("it is no array of numbers.", key)
        return found

    def _stored_array(self, key: str) -> Any:
        try:
            return self._get_in_memory(key)
        except Exception as error:
            raise self.wrong(f"it cannot be read ({error})."[:300], key) from error

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Any:
        return iter(self.data)

    def iter(self) -> Any:
        """Iterates over the names of the inner dictionaries and arrays."""
        return iter(self.data)

    def __getattr__(self, attr: str) -> Any:
        """Passes on what only the dict or the HDF5 group has, such as `keys`."""
        if attr == "data":
            raise AttributeError("this H5Dict was not opened")
        return getattr(self.data, attr)

    def __contains__(self, key: Any) -> bool:
        key = _text(key)
        if self._in_memory:
            return key in self.data
        attribute = self.gate.has_attribute(key) or self.gate.has_attribute(f"{key}0")
        return attribute or self.gate.has_object(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """The entry of a name, or `default` where there is none."""
        if key not in self:
            return default
        return self[key]

    def update(self, *others: Any, **kwargs: Any) -> None:
        """Sets the entries of dictionaries and of keywords."""
        for entries in (*others, kwargs):
            for key, value in entries.items():
                self[key] = value

    def close(self) -> None:
        """Writes everything to the file, and closes it if this object opened it."""
        if not self._in_memory:
            self.data.file.flush()
        if self._is_file:
            self.data.close()

    def __enter__(self) -> H5Dict:
        return self

    def __exit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        self.close()

    @staticmethod
    def is_supported_type(path: Any) -> bool:
        """Whether an H5Dict can be made of this: a path, an HDF5 group or a dict.

        Args:
            path: anything.
        """
        return isinstance(path, (str, os.PathLike, dict, hdf5_gate.h5py_module().Group))


h5dict = H5Dict


class _ArrayUnpickler(pickle.Unpickler):
    """Reads pickled NumPy arrays of numbers and refuses everything else."""

    _modules = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")
    _names = ("_reconstruct", "ndarray", "dtype", "scalar")
    _numeric = ("numpy.core.numeric", "numpy._core.numeric")

    def find_class(self, module, name):
        array_part = module in self._modules and name in self._names
        if array_part or (module in self._numeric and name == "_frombuffer"):
            return super().find_class(module, name)
        raise ValueError(f"A saved array must hold numbers only, but refers to {module}.{name}.")


def _text(key: Any) -> str:
    return key.decode("utf-8") if isinstance(key, bytes) else str(key)


def save_to_binary_h5py(save_function: Callable[[Any], Any], stream: Any) -> None:
    """Makes an HDF5 file in memory and writes it to a stream.

    Args:
        save_function: function of an open `h5py.File`.
        stream: writable binary file.
    """
    # Given back also where writing fails, for what is lent cannot be freed.
    with hdf5_image(save_function) as content:
        write_all(stream, content)


def hdf5_image(save_function: Callable[[Any], Any]) -> memoryview:
    """The bytes of an HDF5 file.

    Args:
        save_function: function of an open `h5py.File`, which it fills.
    """
    h5py, image = hdf5_gate.h5py_module(), io.BytesIO()
    # Ctrl-C is lost where it is heard in what h5py has called by its C library.
    with Unbroken(), h5py.File(image, "w") as file:
        save_function(file)
    return image.getbuffer()


def write_all(stream: Any, content: Any) -> None:
    """Writes bytes to a stream; a raw one may take a part of them at a time.

    Args:
        stream: writable binary file.
        content: bytes, or what can be seen as bytes.

    Raises:
        BlockingIOError: if the stream takes nothing now, and does not wait.
    """
    if not isinstance(stream, io.RawIOBase):
        stream.write(content)
        return
    rest = memoryview(content)
    while rest:
        taken = stream.write(rest)
        if taken is None:
            raise BlockingIOError(errno.EAGAIN, "The stream takes no more bytes now.")
        rest = rest[taken:]


def load_from_binary_h5py(load_function: Callable[[Any], Any], stream: Any) -> Any:
    """Reads an HDF5 file out of a stream.

    Args:
        load_function: function of an open `h5py.File`.
        stream: readable binary file.

    Returns:
        What `load_function` returns.
    """
    with hdf5_gate.opened_content(stream.read(), named(stream)).node as file:
        return load_function(file)


def named(stream: Any) -> str:
    """What a stream is called in messages: by its name if it has one."""
    name = getattr(stream, "name", None)
    return name if isinstance(name, str) else f"stream {type(stream).__name__}"


class HDF5Matrix:
    """A range of rows of an HDF5 dataset, to be used like an array without reading it whole.

    Args:
        datapath: path of the file.
        dataset: name of the dataset.
        start: int, the first row.
        end: int, the row after the last one; the end of the dataset by default.
        normalizer: function of the rows that are read, such as a scaling, or None.

    Raises:
        KeyError: if the file has no such dataset.

    Example:
        >>> import h5py
        >>> with h5py.File("data.h5", "w") as file:
        ...     file["x"] = np.arange(6.0).reshape(3, 2)
        >>> x = utils.HDF5Matrix("data.h5", "x", start=1)
        >>> x.shape, x[0].tolist()
        ((2, 2), [2.0, 3.0])
    """

    refs: dict[Any, int] = defaultdict(int)
    _files: dict = {}
    _opening = Lock()

    def __init__(
        self,
        datapath: str,
        dataset: str,
        start: int = 0,
        end: int | None = None,
        normalizer: Callable[[Any], Any] | None = None,
    ) -> None:
        with self._opening:
            if datapath not in self._files:
                self._files[datapath] = hdf5_gate.h5py_module().File(datapath, "r")
            self.refs[datapath] += 1
        self.data: Any = self._files[datapath][dataset]
        self.start = start
        self.end: int = self.data.shape[0] if end is None else end
        self.normalizer = normalizer
        self._base_shape = self._read(slice(0, 1)).shape[1:]
        self._base_dtype = self._read(slice(0, 1)).dtype

    def __len__(self) -> int:
        return self.end - self.start

    def __getitem__(self, key: Any) -> np.ndarray:
        """Reads rows.

        Args:
            key: int, slice, or list or array of ints, counted from `start`.

        Raises:
            IndexError: if a row lies outside of the range.
        """
        if isinstance(key, slice):
            first, last, _ = key.indices(len(self))
            return self._read(slice(first, last))
        if isinstance(key, (int, np.integer)):
            return self._read(self._inside(int(key)))
        return self._read_several(np.asarray(key))

    def _inside(self, row: Any) -> Any:
        if not 0 <= row < len(self):
            raise IndexError(f"Row {row} is outside of the {len(self)} rows of this HDF5Matrix.")
        return row

    def _read_several(self, rows: Any) -> np.ndarray:
        # h5py wants rows in increasing order, each once.
        distinct, places = np.unique(rows, return_inverse=True)
        for row in distinct:
            self._inside(int(row))
        return self._normalized(self._values((distinct + self.start).tolist())[places])

    def _read(self, rows: Any) -> Any:
        if isinstance(rows, slice):
            rows = slice(rows.start + self.start, rows.stop + self.start)
        else:
            rows += self.start
        return self._normalized(self._values(rows))

    def _values(self, rows: Any) -> Any:
        with Unbroken():
            return self.data[rows]

    def _normalized(self, values: Any) -> Any:
        return values if self.normalizer is None else self.normalizer(values)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, with the normalizer applied."""
        return (len(self), *self._base_shape)

    @property
    def dtype(self) -> Any:
        """The dtype, with the normalizer applied."""
        return self._base_dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape))
