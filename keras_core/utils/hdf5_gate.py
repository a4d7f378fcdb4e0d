"""The gate: through it everything in an HDF5 file is opened, after it was looked at.

A file may name other files, in links and as storage; it may claim sizes that it does not hold; and
a damaged one can have the HDF5 library search without end. All of this is told from what the file
says of itself, before a value is read:

- links are hard links, within the file;
- an array is a dataset of plain numbers, kept in the file as such or by known filters, in chunks of
  sensible number and size;
- a text, or a list of texts, is an attribute;
- what is read fits the file: at most twice its size and 32 MB, which, with the weights that are
  made of it, is at most four times its size and 64 MB;
- the heaps of texts are whole, texts are as long as their references say, and headers, links and
  indexes are such as the library follows without harm.
"""

from __future__ import annotations

import io
import math
import mmap
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, Callable, NoReturn

import numpy as np

from keras_core.attempt import memory_limit
from keras_core.errors import ModelFileError
from keras_core.once import Once
from keras_core.unbroken import Unbroken
from keras_core.utils import hdf5_objects, hdf5_texts
from keras_core.utils.hdf5_image import DamagedStructure, Image

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_FREE_MEMORY = 2**25
_SMALL_CHUNK = 2**20
_SMALL_NUMBER_OF_CHUNKS = 1024
_LARGEST_TRANSIENT = 2**26
_LZF = 32000
_DEEPEST_GROUP = 100
# Of them all those of a stream that is read at a place that it cannot have.
_LIBRARY_ERRORS = (OSError, RuntimeError, ValueError, ArithmeticError, MemoryError)
_LZF_RATIO = 128


Content = Callable[[], AbstractContextManager[Any]]


class Limits:
    """What may be read of one file.

    Args:
        file: its name, for messages.
        size: its bytes.
        content: opens its bytes; None for a file without limits.
        base: where its addresses are counted from.
        identity: what tells it from another file of its name.
    """

    def __init__(
        self,
        file: str,
        size: float,
        content: Content | None = None,
        base: int = 0,
        identity: tuple[int, int] | None = None,
    ):
        self.file = file
        self.left = memory_limit(2 * size + _FREE_MEMORY)
        self.content = content
        self.base = base
        self.identity = identity

    def take(self, count: int, place: str) -> None:
        """Takes memory for an array that is kept.

        Raises:
            ModelFileError: if that is more than is left.
        """
        self.check(count, place)
        self.left -= count

    def check(self, count: int, place: str) -> None:
        """Refuses what is more than is left.

        Raises:
            ModelFileError: if it is.
        """
        if count > self.left:
            raise ModelFileError(
                f"{count:,} bytes were to be read there, but of a file of this size no more than "
                f"{int(self.left):,} further bytes are read. If you trust the file, read it inside "
                "of keras_core.saving.safety.memory_scope(None).",
                self.file,
                place,
            )


def opened(path: Any, mode: str = "r") -> Gate:
    """Opens a file, after its kind and its heaps were checked.

    Args:
        path: path.
        mode: as `h5py.File` takes it.

    Raises:
        FileNotFoundError: if there is no such file to be read.
        ModelFileError: if it is no HDF5 file, or a damaged one.
    """
    file = os.fsdecode(os.fspath(path))
    limits = None
    if mode == "r" and not os.path.exists(file):
        raise FileNotFoundError(f"There is no file {file}.")
    if mode in ("r", "a", "r+") and os.path.exists(file):
        limits = _checked_file(file)
    with library_errors(file):
        node = h5py_module().File(path, mode)
    if mode == "r" and limits and limits.identity != _identity(os.stat(file)):
        # Another file took its place meanwhile, as one does that is saved.
        node.close()
        return opened(path, mode)
    return Gate(node, limits)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def opened_content(content: bytes, file: str) -> Gate:
    """Opens what a stream held, for reading, after its heaps were checked.

    Args:
        content: bytes of an HDF5 file.
        file: what it is called in messages.

    Raises:
        ModelFileError: if it is no HDF5 file, or a damaged one.
    """
    limits = Limits(file, len(content), lambda: nullcontext(content), checked_base(content, file))
    with library_errors(file):
        return Gate(h5py_module().File(io.BytesIO(content), "r"), limits)


def _checked_file(file: str) -> Limits:
    if not stat.S_ISREG(os.stat(file).st_mode):
        raise ModelFileError("it is no regular file, so it is not opened.", file)
    with library_errors(file), open(file, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not found.st_size:
            raise ModelFileError("it is empty.", file)
        with _map_of(stream) as content:
            base = checked_base(content, file)
    return Limits(file, found.st_size, partial(_mapped, file), base, _identity(found))


@contextmanager
def _mapped(file: str) -> Iterator[Any]:
    with open(file, "rb") as stream, _map_of(stream) as content:
        yield content


def _map_of(stream: Any) -> mmap.mmap:
    return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


@Once
def h5py_module() -> Any:
    """The package h5py, which takes a Ctrl-C amid its import for an error of its own."""
    # Also where it is being imported by another thread, which this waits for.
    with Unbroken():
        import h5py
    return h5py


@contextmanager
def library_errors(file: str) -> Iterator[None]:
    """Turns what the HDF5 library makes of a damaged file into a ModelFileError."""
    try:
        with Unbroken():
            yield
    except ModelFileError:
        raise
    except _LIBRARY_ERRORS as error:
        raise ModelFileError(
            "it cannot be read as an HDF5 file: it is damaged, cut off, or of another kind "
            f"({error}).",
            file,
        ) from error


# Heaps: collections of texts, each a header and objects one after the other. The HDF5 library
# follows their sizes without a look at where they lead.


def checked_base(content: Any, file: str) -> int:
    """Looks through the bytes of a file for heaps, and through its objects.

    Args:
        content: bytes, or a map of the file.
        file: name, for messages.

    Returns:
        Where its addresses are counted from.

    Raises:
        ModelFileError: if it is no HDF5 file, or a part of it is damaged.
    """
    base = _base_of(content, file)
    at = content.find(hdf5_texts.HEAP_SIGNATURE)
    while at >= 0:
        _check_heap(content, at, file)
        at = content.find(hdf5_texts.HEAP_SIGNATURE, at + 1)
    _check_objects(content, base, file)
    return base


def _check_objects(content: Any, base: int, file: str) -> None:
    try:
        hdf5_objects.check(Image(content, base))
    except DamagedStructure as error:
        place = f"byte {base + error.address}"
        raise ModelFileError(str(error), file, place) from error


def _base_of(content: Any, file: str) -> int:
    start, at = -1, 0
    while start < 0 and at < len(content):
        if content[at : at + 8] == _SIGNATURE:
            start = at
        at = 2 * at or 512
    if start < 0:
        raise ModelFileError("it is no HDF5 file.", file)
    head = content[start + 8 : start + 16]
    widths = head[5:7] if head[:1] < b"\x02" else head[1:3]
    if widths != b"\x08\x08":
        raise ModelFileError("it is damaged: its addresses have no 8 bytes.", file)
    return start


def _check_heap(content: Any, start: int, file: str) -> None:
    try:
        for _ in hdf5_texts.heap_objects(content, start):
            continue
    except hdf5_texts.DamagedTexts as error:
        raise ModelFileError(str(error), file, f"heap at byte {start}") from error


# Groups, arrays and attributes


class Gate:
    """A group of an HDF5 file, whose contents are opened after they were checked.

    Args:
        group: `h5py.Group`.
        limits: Limits of its file.

    Attributes:
        file: name of the file.
        place: name of the group.
    """

    def __init__(self, group: Any, limits: Limits | None = None) -> None:
        self.node = group
        self.limits = limits or _limits_of(group, _text(group.file.filename))
        self.file = self.limits.file
        self.place = group.name or "/"
        self._held: dict[bytes, bytes] | None = None

    def refuse(self, name: str, reason: str) -> NoReturn:
        """Raises a ModelFileError about something in this group."""
        raise ModelFileError(reason, self.file, f"{self.place.rstrip('/')}/{name}"[:300])

    # What there is

    def has_attribute(self, name: str) -> bool:
        """Whether there is an attribute of that name."""
        with self._reading(name):
            return bool(h5py_module().h5a.exists(self.node.id, _bytes(name)))

    def has_object(self, name: str) -> bool:
        """Whether there is a group or an array of that name, whatever it is linked by."""
        parent = self.node.id
        *outer, last = self._parts(name)
        with self._reading(name):
            for part in outer:
                if not parent.links.exists(part):
                    return False
                parent = self._opened(parent, part, name)
                if not hasattr(parent, "links"):
                    return False
            return bool(parent.links.exists(last))

    # Opening

    def group(self, name: str) -> Gate:
        """The group of a name.

        Raises:
            ModelFileError: if it is missing or something else.
        """
        found = self._object(name)
        if not isinstance(found, h5py_module().h5g.GroupID):
            self.refuse(name, "a group was expected.")
        return Gate(h5py_module().Group(found), self.limits)

    def is_array(self, name: str) -> bool:
        """Whether an object is a dataset."""
        return isinstance(self._object(name), h5py_module().h5d.DatasetID)

    def walk(self) -> Iterator[tuple[str, Gate, str]]:
        """Path, group and name of each object inside; a group of several names is entered once.

        Raises:
            ModelFileError: if a group cannot be read, or lies too deep.
        """
        entered, waiting = {self._address}, [("", self, 0)]
        while waiting:
            prefix, gate, depth = waiting.pop()
            for name in gate.names():
                path = f"{prefix}{name}"
                yield path, gate, name
                inner = gate._inner_group(name)
                if inner is None or inner._address in entered:
                    continue
                if depth == _DEEPEST_GROUP:
                    gate.refuse(name, "groups in groups are nested too deeply.")
                entered.add(inner._address)
                waiting.append((f"{path}/", inner, depth + 1))

    def names(self) -> list[str]:
        """What the objects in this group are named."""
        with self._reading(""):
            return list(self.node)

    @property
    def _address(self) -> int:
        with self._reading(""):
            return int(h5py_module().h5o.get_info(self.node.id).addr)

    def _inner_group(self, name: str) -> Gate | None:
        """The group of a name, if it is one that can be opened."""
        try:
            return None if self.is_array(name) else self.group(name)
        except ModelFileError:
            return None

    def array(self, name: str) -> np.ndarray:
        """Reads an array, which takes its part of the memory for this file.

        Raises:
            ModelFileError: if it is missing, no array of numbers, or too large.
        """
        dataset = self._checked_array(name)
        self.limits.take(dataset.nbytes, f"{self.place.rstrip('/')}/{name}")
        _check_compressed(self, name, dataset)
        with self._reading(name):
            return np.asarray(dataset[()])

    def array_shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array, known before it is read.

        Raises:
            ModelFileError: if it is missing, or no array of numbers that may be read.
        """
        return tuple(self._checked_array(name).shape)

    def array_bytes(self, name: str) -> int:
        """The bytes that an array takes, known before it is read."""
        return int(self._checked_array(name).nbytes)

    def attribute(self, name: str) -> Any:
        """Reads an attribute: a text, texts, or numbers.

        Raises:
            ModelFileError: if it is something else, or too large.
        """
        with self._reading(name):
            found = h5py_module().h5a.open(self.node.id, _bytes(name))
            self._check_attribute(name, found)
            return self.node.attrs[name]

    # Checks

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        try:
            with Unbroken():
                yield
        except ModelFileError:
            raise
        except Exception as error:
            raise ModelFileError(
                f"it cannot be read ({str(error)[:300]}).",
                self.file,
                f"{self.place.rstrip('/')}/{name}"[:300],
            ) from error

    def _parts(self, name: str) -> list[bytes]:
        parts = [part for part in _bytes(name).split(b"/") if part]
        if not parts or name.startswith("/") or "\0" in name or b"." in parts:
            self.refuse(name, "it is no name within this group.")
        return parts

    def _object(self, name: str) -> Any:
        """Opens what hard links lead to, step by step."""
        if self.has_attribute(name):
            self.refuse(name, "an attribute stands where a group or an array is looked for.")
        found = self.node.id
        for part in self._parts(name):
            if not hasattr(found, "links"):
                self.refuse(name, "it lies in something that is no group.")
            found = self._opened(found, part, name)
        return found

    def _opened(self, parent: Any, part: bytes, name: str) -> Any:
        with self._reading(name):
            if not parent.links.exists(part):
                self.refuse(name, "it is missing.")
            if parent.links.get_info(part).type != h5py_module().h5l.TYPE_HARD:
                self.refuse(name, "it is a link to another place, which is not followed.")
            return h5py_module().h5o.open(parent, part)

    def _checked_array(self, name: str) -> Any:
        h5py = h5py_module()
        found = self._object(name)
        if not isinstance(found, h5py.h5d.DatasetID):
            self.refuse(name, "it is no array of numbers, but a group.")
        with self._reading(name):
            _check_numbers(self, name, found.get_type())
            _check_storage(self, name, found.get_create_plist())
            dataset = h5py.Dataset(found)
            if dataset.shape is None:
                self.refuse(name, "it is no array of numbers, but empty.")
            self.limits.check(int(dataset.nbytes), f"{self.place.rstrip('/')}/{name}")
            _check_chunks(self, name, dataset)
        return dataset

    def _check_attribute(self, name: str, found: Any) -> None:
        h5t = h5py_module().h5t
        kind, shape = found.get_type(), found.shape
        if shape is None or len(shape) > 1:
            self.refuse(name, "it is neither a text nor a list of texts.")
        count, width = math.prod(shape), kind.get_size()
        if kind.get_class() == h5t.STRING:
            if kind.is_variable_str():
                width, count = self._text_bytes(name, count), 1
        else:
            _check_numbers(self, name, kind)
        self.limits.check(count * width, f"{self.place.rstrip('/')}/{name}")

    def _text_bytes(self, name: str, count: int) -> int:
        if self.limits.content is None:
            return 0
        try:
            with self.limits.content() as content:
                data = self._attributes(content).get(_bytes(name), b"")
                return hdf5_texts.total_length(content, self.limits.base, data, count)
        except (hdf5_texts.DamagedTexts, DamagedStructure) as error:
            self.refuse(name, str(error))

    def _attributes(self, content: Any) -> dict[bytes, bytes]:
        """What the attributes of this group hold, by their names."""
        if self._held is None:
            found = hdf5_objects.attributes(Image(content, self.limits.base), self._address)
            self._held = {attribute.name: attribute.data for attribute in found}
        return self._held


def _filters(plan: Any) -> list[int]:
    return [plan.get_filter(i)[0] for i in range(plan.get_nfilters())]


def _check_storage(gate: Gate, name: str, plan: Any) -> None:
    h5d, h5z = h5py_module().h5d, h5py_module().h5z
    known = {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32, _LZF}
    if plan.get_external_count():
        gate.refuse(name, "it is kept in another file, which is not opened.")
    if plan.get_layout() not in (h5d.COMPACT, h5d.CONTIGUOUS, h5d.CHUNKED):
        gate.refuse(name, "it is put together from other places, which are not opened.")
    filters = _filters(plan)
    if filters and plan.get_layout() != h5d.CHUNKED:
        gate.refuse(name, "it is packed, but not in chunks.")
    unknown = [number for number in filters if number not in known]
    packs_twice = len({_LZF, h5z.FILTER_DEFLATE} & set(filters)) == 2
    if unknown or packs_twice or len(set(filters)) < len(filters):
        gate.refuse(
            name, f"it is packed by filters {filters[:8]}, of which some are unknown or too many."
        )


def _check_numbers(gate: Gate, name: str, kind: Any) -> None:
    h5t = h5py_module().h5t
    plain = kind.get_class() in (h5t.INTEGER, h5t.FLOAT) and kind.get_size() <= 8
    if not plain and not (kind.get_class() == h5t.ENUM and kind.dtype == np.dtype(bool)):
        gate.refuse(name, "it is no array of numbers.")


def _check_chunks(gate: Gate, name: str, dataset: Any) -> None:
    chunk, size = dataset.chunks, int(dataset.nbytes)
    if not chunk:
        return
    width = math.prod(chunk) * dataset.dtype.itemsize
    if width > max(2 * size, _SMALL_CHUNK):
        gate.refuse(name, f"{width:,} bytes a chunk are too many for {size:,} bytes in all.")
    number = math.prod(-(-total // part) for total, part in zip(dataset.shape, chunk))
    if number > _SMALL_NUMBER_OF_CHUNKS + size // 1024:
        gate.refuse(name, f"{number:,} chunks are too many for {size:,} bytes.")


def _check_compressed(gate: Gate, name: str, dataset: Any) -> None:
    """Refuses chunks that become larger than a chunk is when they are unpacked."""
    filters = _filters(dataset.id.get_create_plist())
    if not filters:
        return
    with gate._reading(name):
        width = math.prod(dataset.chunks) * dataset.dtype.itemsize
        for index in range(dataset.id.get_num_chunks()):
            info = dataset.id.get_chunk_info(index)
            gate.limits.check(info.size, f"{gate.place.rstrip('/')}/{name}")
            if _LZF in filters and info.size * _LZF_RATIO > max(_LARGEST_TRANSIENT, 2 * width):
                gate.refuse(name, "a chunk packed by lzf is too large.")
            if h5py_module().h5z.FILTER_DEFLATE in filters and not info.filter_mask:
                _check_inflated(gate, name, dataset, info, width)


def _check_inflated(gate: Gate, name: str, dataset: Any, info: Any, width: int) -> None:
    _, packed = dataset.id.read_direct_chunk(info.chunk_offset)
    # A checksum may stand before or behind what is packed.
    unpacked = zlib.decompressobj().decompress(packed, width + 64)
    if len(unpacked) > width + 8:
        gate.refuse(name, f"a chunk unpacks to more than its {width:,} bytes.")


def _limits_of(group: Any, file: str) -> Limits:
    """Limits for a group that somebody else opened; none for one that is being written."""
    store = group.file
    if store.mode != "r":
        return Limits(file, math.inf)
    if store.driver == "sec2" and os.path.isfile(file):
        return _checked_file(file)
    with library_errors(file):
        content = store.id.get_file_image()
    image = store.id.get_file_image
    return Limits(file, len(content), lambda: nullcontext(image()), checked_base(content, file))


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
