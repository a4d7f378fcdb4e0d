"""The objects of an HDF5 file, walked through before the library opens one.

From the superblock on, each group, array and attribute is entered by what its header says: links in
trees or heaps, attributes in heaps, chunks in any of the library's indexes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from keras_core.utils import hdf5_indexes, hdf5_layouts
from keras_core.utils.hdf5_headers import IS_SHARED, Message, messages
from keras_core.utils.hdf5_heaps import FractalHeap, local_heap, name_at
from keras_core.utils.hdf5_image import UNDEFINED, DamagedStructure, Image, unpacked

_LINK_INFO, _LINK, _FILES, _LAYOUT, _FILTERS, _ATTRIBUTE = 0x02, 0x06, 0x07, 0x08, 0x0B, 0x0C
_SHARED_TABLE, _NAMES_AND_TREE, _ENTRIES, _DRIVER = 0x0F, 0x11, 0x13, 0x14
_ATTRIBUTE_INFO, _CACHE = 0x15, 0x18
_TREE_OF_NAMES = 0
_SOFT = 2
_WHAT, _LINKS = "headers", "links"
_UNKNOWN = "it is of a kind that no model's file is."


class _Listed(NamedTuple):
    """How a heap's objects are listed: by two kinds of trees, whose records hold references."""

    by_name: int
    by_order: int
    place: int
    place_by_order: int
    length: int
    counter: int
    has_flags: bool = False


_MANY_LINKS = _Listed(5, 6, 4, 8, length=7, counter=8)
_MANY_ATTRIBUTES = _Listed(8, 9, 0, 0, length=8, counter=2, has_flags=True)


class Attribute(NamedTuple):
    """An attribute: its name, what it holds, and where its type is kept if that has a name."""

    name: bytes
    data: bytes
    type_at: int | None


class _Superblock(NamedTuple):
    """What a file says at its begin: addresses of two headers, and the sizes of trees' nodes."""

    root: int
    extension: int | None
    names: int
    groups: int
    chunks: int


def check(image: Image) -> None:
    """Walks through all objects of a file.

    Raises:
        DamagedStructure: if a part of one is not what the HDF5 library takes it for.
    """
    _Walk(image, _extended(image, _superblock(image))).run()


def attributes(image: Image, header: int) -> list[Attribute]:
    """The attributes of an object.

    Args:
        image: the file, which was not walked through.
        header: address of the object's header.

    Raises:
        DamagedStructure: if they are damaged.
    """
    return list(_attributes(image, messages(image, header), header))


def _superblock(image: Image) -> _Superblock:
    version = image.read(8, 1, _WHAT)[0]
    if version > 1:
        extension, _, root = struct.unpack("<QQQ", image.read(20, 24, _WHAT))
        return _Superblock(root, None if extension == UNDEFINED else extension, 8, 32, 64)
    names, groups = struct.unpack("<HH", image.read(16, 4, _WHAT))
    chunks = struct.unpack("<H", image.read(24, 2, _WHAT))[0] if version else 32
    driver, _, root = struct.unpack("<QQQ", image.read(48 + 4 * version, 24, _WHAT))
    if driver != UNDEFINED:
        raise DamagedStructure(_UNKNOWN, 0)
    return _Superblock(root, None, 2 * names, 2 * groups, 2 * chunks)


def _extended(image: Image, found: _Superblock) -> _Superblock:
    for message in [] if found.extension is None else messages(image, found.extension):
        if message.kind in (_SHARED_TABLE, _DRIVER, _CACHE) or message.is_shared:
            raise DamagedStructure(_UNKNOWN, 0)
        if message.kind == _ENTRIES:
            chunks, groups, names = unpacked("<HHH", message.body, 1, 0, _WHAT)
            found = found._replace(names=2 * names, groups=2 * groups, chunks=2 * chunks)
    return found


class _Walk:
    """Enters one object after the other.

    Args:
        image: the file.
        superblock: what it says of itself.
    """

    def __init__(self, image: Image, superblock: _Superblock) -> None:
        self.image = image
        self.said = superblock

    def run(self) -> None:
        """Enters all."""
        waiting, seen = [self.said.root], {self.said.root}
        while waiting:
            for inner in self._inside(waiting.pop()):
                if inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)

    def _inside(self, header: int) -> Iterator[int]:
        """Addresses of the headers that an object refers to."""
        found = messages(self.image, header)
        packed = any(message.kind == _FILTERS and message.body[1:2] > b"\0" for message in found)
        for message in found:
            if message.is_shared:
                yield _kept_at(message.body, header)
            elif message.kind == _LAYOUT:
                hdf5_layouts.check(self.image, message.body, packed, self.said.chunks, header)
            elif message.kind == _FILES:
                local_heap(self.image, unpacked("<Q", message.body, 8, header, _WHAT)[0])
            else:
                yield from self._linked(message, header)
        types = (attribute.type_at for attribute in _attributes(self.image, found, header))
        yield from (address for address in types if address is not None)

    def _linked(self, message: Message, header: int) -> Iterator[int]:
        if message.kind == _LINK:
            yield from _target(message.body, header)
        elif message.kind == _LINK_INFO:
            for link in _many(self.image, message.body, _MANY_LINKS, header):
                yield from _target(link, header)
        elif message.kind == _NAMES_AND_TREE:
            tree, heap = unpacked("<QQ", message.body, 0, header, _WHAT)
            names = local_heap(self.image, heap)
            groups = self.said.groups
            for _, node in hdf5_indexes.leaves(self.image, tree, _TREE_OF_NAMES, 8, groups):
                yield from self._in_node(node, names)

    def _in_node(self, address: int, names: bytes) -> Iterator[int]:
        """What a node of the first form links to."""
        node = self.image.enter(address, 8 + 40 * self.said.names, b"SNOD\1", _LINKS)
        (count,) = struct.unpack_from("<H", node, 6)
        if count > self.said.names:
            raise DamagedStructure(f"its {_LINKS} are damaged.", address)
        for at in range(8, 8 + 40 * count, 40):
            name, header, kind = struct.unpack_from("<QQI", node, at)
            name_at(names, name, address)
            if kind == _SOFT:
                name_at(names, struct.unpack_from("<I", node, at + 24)[0], address)
            else:
                yield header


def _target(link: bytes, header: int) -> Iterator[int]:
    """The header that a link leads to, if it is a hard link."""
    _, flags = unpacked("<BB", link, 0, header, _LINKS)
    is_other = flags & 8 and link[2:3] != b"\0"
    at = 2 + bool(flags & 8) + 8 * bool(flags & 4) + bool(flags & 16)
    width = 1 << (flags & 3)
    at += width + int.from_bytes(link[at : at + width], "little")
    if not is_other:
        yield unpacked("<Q", link, at, header, _LINKS)[0]


def _kept_at(body: bytes, header: int) -> int:
    """The header of the object that a message is kept in."""
    version, kind = unpacked("<BB", body, 0, header, _WHAT)
    if version == 3 and kind == 1:
        raise DamagedStructure(_UNKNOWN, header)
    return int(unpacked("<Q", body, 8 if version == 1 else 2, header, _WHAT)[0])


def _attributes(image: Image, found: Iterable[Message], header: int) -> Iterator[Attribute]:
    for message in found:
        if message.kind == _ATTRIBUTE and not message.is_shared:
            yield _attribute(message.body, header)
        elif message.kind == _ATTRIBUTE_INFO:
            for body in _many(image, message.body, _MANY_ATTRIBUTES, header):
                yield _attribute(body, header)


def _attribute(body: bytes, header: int) -> Attribute:
    version, flags, *sizes = unpacked("<BBHHH", body, 0, header, _WHAT)
    places, at = [], 9 if version == 3 else 8
    for size in sizes:
        places.append(at)
        at += size if version > 1 else (size + 7) // 8 * 8
    if at > len(body):
        raise DamagedStructure(f"its {_WHAT} are damaged.", header)
    name = body[places[0] : places[0] + sizes[0]].split(b"\0")[0]
    has_named_type = version > 1 and flags & 1
    return Attribute(
        name, body[at:], _kept_at(body[places[1] :], header) if has_named_type else None
    )


def _many(image: Image, body: bytes, listed: _Listed, header: int) -> list[bytes]:
    """What a heap holds that trees list by name and, maybe, by order as well."""
    _, flags = unpacked("<BB", body, 0, header, _WHAT)
    at = 2 + listed.counter * (flags & 1)
    heap_at, by_name = unpacked("<QQ", body, at, header, _WHAT)
    if heap_at == UNDEFINED:
        return []
    heap = FractalHeap(image, heap_at)
    references = _references(image, by_name, listed, listed.by_name, listed.place)
    if flags & 2:
        (tree,) = unpacked("<Q", body, at + 16, header, _WHAT)
        others = _references(image, tree, listed, listed.by_order, listed.place_by_order)
        if sorted(others) != sorted(references):
            raise DamagedStructure("its indexes are damaged.", tree)
    if heap.id_length != listed.length or len(set(references)) < len(references):
        raise DamagedStructure("its heaps are damaged.", heap_at)
    return [heap.item(reference) for reference in references]


def _references(image: Image, tree: int, listed: _Listed, kind: int, place: int) -> list[bytes]:
    """What a tree's records refer to in the heap; the bytes of flags are behind that."""
    found, end = hdf5_indexes.records(image, tree, kind), place + listed.length
    if listed.has_flags and any(record[end] & IS_SHARED for record in found):
        raise DamagedStructure(_UNKNOWN, tree)
    return [record[place:end] for record in found]
