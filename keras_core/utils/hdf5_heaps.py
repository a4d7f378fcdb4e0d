"""Heaps of names, links and attributes in an HDF5 file, looked at before the library enters them.

A local heap holds the names of a group of the first form. A fractal heap holds links or attributes
that are too many for a header: blocks whose sizes double row by row, found through tables.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator

from keras_core.utils import hdf5_indexes
from keras_core.utils.hdf5_image import UNDEFINED, DamagedStructure, Image, unpacked, width_of

_NAMES, _HEAP = "names", "heaps"
_NOTHING_FREE = (1, UNDEFINED)
_WIDEST_TABLE = 2**10
_LARGEST_BLOCK = 2**24
_BITS = 64
_MANAGED, _HUGE, _TINY = 0, 1, 2
_HUGE_OBJECTS = 1


def local_heap(image: Image, address: int) -> bytes:
    """The names in a local heap, whose free parts are within it, each behind the one before.

    Raises:
        DamagedStructure: if they are not.
    """
    head = image.enter(address, 32, b"HEAP\0", _NAMES)
    size, free, start = struct.unpack_from("<QQQ", head, 8)
    data = image.enter(start, size, b"", _NAMES) if size else b""
    entered: set[int] = set()
    while free not in _NOTHING_FREE:
        if free in entered or free + 16 > size:
            raise DamagedStructure(f"its {_NAMES} are damaged.", address)
        entered.add(free)
        free, length = struct.unpack_from("<QQ", data, free)
        if length > size:
            raise DamagedStructure(f"its {_NAMES} are damaged.", address)
    return data


def name_at(names: bytes, offset: int, address: int) -> bytes:
    """A name in a local heap, which ends there too.

    Raises:
        DamagedStructure: if it does not.
    """
    end = names.find(b"\0", offset)
    if offset >= len(names) or end < 0:
        raise DamagedStructure(f"its {_NAMES} are damaged.", address)
    return names[offset:end]


class FractalHeap:
    """A heap, all of whose blocks are in the file, each in one place.

    Args:
        image: the file.
        address: of the heap's head.

    Raises:
        DamagedStructure: if it is damaged, or packed by filters.
    """

    def __init__(self, image: Image, address: int) -> None:
        self.image, self.address = image, address
        head = image.enter(address, 146, b"FRHP\0", _HEAP)
        self.id_length, packed, flags, self.largest = struct.unpack_from("<HHBI", head, 5)
        (huge,) = struct.unpack_from("<Q", head, 22)
        self.width, self.first, self.most, self.bits = struct.unpack_from("<HQQH", head, 110)
        root, rows = struct.unpack_from("<QH", head, 132)
        self._check_head(packed, rows)
        self.has_checksums = bool(flags & 2)
        found = [] if root == UNDEFINED else list(self._blocks(root, rows))
        self.blocks = sorted(found)
        self.huge = {} if huge == UNDEFINED else self._huge_objects(huge)

    def _check_head(self, packed: int, rows: int) -> None:
        sizes = (self.width, self.first, self.most)
        are_powers = all(size and not size & (size - 1) for size in sizes)
        are_ordered = self.first <= self.most <= _LARGEST_BLOCK and self.largest <= self.most
        are_small = self.width <= _WIDEST_TABLE and self.most.bit_length() <= self.bits <= _BITS
        if not (are_powers and are_ordered and are_small and rows <= _BITS):
            raise self._damaged()
        if packed:
            raise DamagedStructure("its texts are packed.", self.address)

    def _damaged(self) -> DamagedStructure:
        return DamagedStructure(f"its {_HEAP} are damaged.", self.address)

    @property
    def _offset_width(self) -> int:
        return (self.bits + 7) // 8

    def _blocks(self, root: int, rows: int) -> Iterator[tuple[int, int, int]]:
        """Place in the heap, size and address of each block."""
        waiting = [(root, rows, 0)]
        while waiting:
            address, rows, offset = waiting.pop()
            if not rows:
                yield self._block(address, self.first, offset)
                continue
            for inner, size, at, is_block in self._table(address, rows, offset):
                if is_block:
                    yield self._block(inner, size, at)
                else:
                    nested = size.bit_length() - (self.first * self.width).bit_length() + 1
                    waiting.append((inner, nested, at))

    def _block(self, address: int, size: int, offset: int) -> tuple[int, int, int]:
        self.image.enter(address, size, b"FHDB\0", _HEAP)
        return offset, size, address

    def _table(self, address: int, rows: int, offset: int) -> Iterator[tuple[int, int, int, bool]]:
        """Address, size, place and kind of what a table of rows refers to."""
        begin = 13 + self._offset_width
        length = begin + 8 * rows * self.width + 4
        data = self.image.enter(address, length, b"FHIB\0", _HEAP)
        for number, (inner,) in enumerate(struct.iter_unpack("<Q", data[begin:-4])):
            size = self.first << max(number // self.width - 1, 0)
            if inner != UNDEFINED:
                is_block = size <= self.most
                if not is_block and size <= self.first * self.width // 2:
                    raise self._damaged()
                yield inner, size, offset, is_block
            offset += size

    def _huge_objects(self, tree: int) -> dict[int, tuple[int, int]]:
        """Addresses and lengths of objects outside of the blocks, by their numbers."""
        records = hdf5_indexes.records(self.image, tree, _HUGE_OBJECTS)
        return {number: (at, length) for at, length, number in map(_huge_record, records)}

    def item(self, identity: bytes) -> bytes:
        """An object of the heap.

        Args:
            identity: what refers to it.

        Raises:
            DamagedStructure: if there is no such object.
        """
        kind, number = identity[0] >> 4, identity[1 : self.id_length]
        if kind == _TINY:
            return number[: (identity[0] & 15) + 1]
        if kind == _HUGE:
            at, length = self.huge.get(int.from_bytes(number[:8], "little"), (UNDEFINED, 0))
            return self.image.read(at, length, _HEAP)
        if kind != _MANAGED:
            raise self._damaged()
        return self._managed(number)

    def _managed(self, number: bytes) -> bytes:
        offset = int.from_bytes(number[: self._offset_width], "little")
        width = min((self.most.bit_length() + 6) // 8, width_of(self.largest))
        length = int.from_bytes(number[self._offset_width :][:width], "little")
        place = bisect_right(self.blocks, (offset, _LARGEST_BLOCK + 1, 0)) - 1
        start, size, address = self.blocks[place] if place >= 0 else (0, 0, 0)
        begin = 13 + self._offset_width + 4 * self.has_checksums
        if not (length and begin <= offset - start <= size - length):
            raise self._damaged()
        return self.image.read(address + offset - start, length, _HEAP)


def _huge_record(record: bytes) -> tuple[int, int, int]:
    at, length, number = unpacked("<QQQ", record, 0, 0, _HEAP)
    return at, length, number
