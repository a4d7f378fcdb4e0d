"""Indexes in an HDF5 file, looked at before the library follows them.

Groups of many objects, attributes that are many and arrays in chunks have trees and tables. The
library divides by the sizes that they state, takes as much memory, and goes where they lead. So
each of their parts lies in the file, belongs to one place alone, and is as long as what it counts.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from keras_core.utils.hdf5_image import UNDEFINED, DamagedStructure, Image, width_of

_WHAT = "indexes"
_DEEPEST_TREE = 32
_LARGEST_NODE = 2**20
_BITS = 64
_MANY_CHUNKS = 2**15
_BYTES_A_CHUNK = 512

# Sizes of records by the kind of a tree: objects outside of heaps, links by name and by order,
# attributes by name and by order.
_RECORDS = {1: 24, 5: 11, 6: 15, 8: 17, 9: 13}


def _damaged(address: int) -> DamagedStructure:
    return DamagedStructure(f"its {_WHAT} are damaged.", address)


# Trees of the first form


def leaves(image: Image, root: int, kind: int, width: int, most: int) -> list[tuple[bytes, int]]:
    """Keys and addresses of what a tree leads to.

    Args:
        image: the file.
        root: address of its first node.
        kind: 0 for groups, 1 for chunks.
        width: bytes of a key.
        most: how many there may be in a node.

    Raises:
        DamagedStructure: if the tree is none.
    """
    found = []
    waiting: list[tuple[int, int | None]] = [(root, None)]
    while waiting:
        address, level = waiting.pop()
        node = image.enter(address, 24, b"TREE", _WHAT)
        told, depth, count = struct.unpack_from("<BBH", node, 4)
        if told != kind or depth != (depth if level is None else level) or count > most:
            raise _damaged(address)
        # The library reads a node whole, whatever it holds.
        data = image.read(address + 24, (most + 1) * width + 8 * most, _WHAT)
        for start in range(0, count * (width + 8), width + 8):
            (inner,) = struct.unpack_from("<Q", data, start + width)
            if depth:
                waiting.append((inner, depth - 1))
            else:
                found.append((data[start : start + width], inner))
    return found


# Trees of the second form


def records(image: Image, head: int, kind: int, width: int | None = None) -> list[bytes]:
    """What the nodes of a tree hold.

    Args:
        image: the file.
        head: address of its head.
        kind: what it is an index of.
        width: bytes of a record; as this kind has by default.

    Raises:
        DamagedStructure: if the tree is none.
    """
    data = image.enter(head, 38, b"BTHD\0" + bytes([kind]), _WHAT)
    size, record, depth, _, _, root, count, total = struct.unpack_from("<IHHBBQHQ", data, 6)
    if record != (width or _RECORDS[kind]) or depth > _DEEPEST_TREE or size > _LARGEST_NODE:
        raise _damaged(head)
    found: list[bytes] = []
    if root != UNDEFINED:
        levels = _levels(size, record, depth, head)
        found = list(_nodes(image, kind, record, size, levels, (root, count)))
    if len(found) != total:
        raise _damaged(head)
    return found


def _levels(size: int, record: int, depth: int, head: int) -> list[tuple[int, int, int]]:
    """How many records a node of each level has at most, and the sizes of the counts below it."""
    most = (size - 10) // record
    if most < 2:
        raise _damaged(head)
    levels, width, total, inner = [(most, 0, 0)], width_of(most), most, 0
    for _ in range(depth):
        pointer = 8 + width + inner
        most = (size - 10 - pointer) // (record + pointer)
        if most < 2:
            raise _damaged(head)
        levels.append((most, width, inner))
        total = (most + 1) * total + most
        inner = width_of(min(total, UNDEFINED))
    return levels


def _nodes(
    image: Image,
    kind: int,
    record: int,
    size: int,
    levels: list[tuple[int, int, int]],
    root: tuple[int, int],
) -> Iterator[bytes]:
    waiting = [(*root, len(levels) - 1)]
    while waiting:
        address, count, level = waiting.pop()
        most, width, inner = levels[level]
        signature = (b"BTIN\0" if level else b"BTLF\0") + bytes([kind])
        node = image.enter(address, size, signature, _WHAT)
        if count > most:
            raise _damaged(address)
        end = 6 + count * record
        yield from (node[at : at + record] for at in range(6, end, record))
        for at in range(end, end + (count + 1) * (8 + width + inner), 8 + width + inner):
            if level:
                (below,) = struct.unpack_from("<Q", node, at)
                number = int.from_bytes(node[at + 8 : at + 8 + width], "little")
                waiting.append((below, number, level - 1))


# Tables of chunks


def check_chunk(image: Image, address: int, size: int) -> None:
    """Looks at where a packed chunk lies. Filters of the library may go on for ever with nothing.

    Raises:
        DamagedStructure: if it is empty, or not all in the file.
    """
    if not size:
        raise _damaged(address)
    if address + size > image.size:
        raise DamagedStructure(f"its {_WHAT} lead outside of the file.", address)


def check_entries(image: Image, data: bytes, width: int, packed: int) -> None:
    """Looks at the chunks that entries of a table tell of.

    Args:
        image: the file.
        data: the entries: addresses, sizes where chunks are packed, and more.
        width: bytes of an entry.
        packed: bytes of a size; 0 where chunks are not packed.

    Raises:
        DamagedStructure: if one of the chunks cannot be read.
    """
    for at in range(0, len(data) - width + 1, width) if packed else ():
        (address,) = struct.unpack_from("<Q", data, at)
        if address != UNDEFINED:
            check_chunk(image, address, int.from_bytes(data[at + 8 : at + 8 + packed], "little"))


def _check_pages(
    image: Image, data: bytes, begin: int, width: int, packed: int, page: int, written: bytes
) -> None:
    """Looks at the entries of a block that has them in pages of some bytes, each with a checksum.

    Of pages, bits say which are written; in the others may be anything, and nobody reads them.
    """
    for number, at in enumerate(range(begin, len(data), page + 4)):
        if not written or written[number // 8] & 128 >> number % 8:
            check_entries(image, data[at : min(at + page, len(data) - 4)], width, packed)


def _element(packed: int) -> tuple[int, int]:
    """Kind and bytes of an entry: an address; where chunks are packed, their size and a mask."""
    return (1, 12 + packed) if packed else (0, 8)


def fixed_array(image: Image, head: int, packed: int) -> None:
    """Looks at a table of as many chunks as an array has.

    Args:
        image: the file.
        head: address of its head.
        packed: bytes of a size in it; 0 where chunks are not packed.

    Raises:
        DamagedStructure: if it is none.
    """
    kind, element = _element(packed)
    data = image.enter(head, 28, b"FAHD\0", _WHAT)
    told, width, bits, count, block = struct.unpack_from("<BBBQQ", data, 5)
    if (told, width) != (kind, element) or not 0 < bits < 32 or count * width > image.size:
        raise _damaged(head)
    if block != UNDEFINED:
        pages = 0 if count <= 1 << bits else -(-count // (1 << bits))
        length = 14 + (pages + 7) // 8 + count * width + 4 * (pages + 1)
        data = image.enter(block, length, b"FADB\0" + bytes([kind]), _WHAT)
        written = data[14 : 14 + (pages + 7) // 8]
        begin = 14 + len(written) + 4 * bool(pages)
        page = (width << bits) if pages else count * width
        _check_pages(image, data, begin, width, packed, page, written)


class _Growing:
    """The sizes of the parts of a table that grows, as its head says them."""

    def __init__(self, image: Image, head: int, packed: int) -> None:
        self.image, self.head, self.packed = image, head, packed
        self.kind, element = _element(packed)
        data = image.enter(head, 72, b"EAHD\0", _WHAT)
        told, self.element, self.bits, self.first, self.least, self.pointers, page = (
            struct.unpack_from("<7B", data, 5)
        )
        self.most, self.block = struct.unpack_from("<Q8xQ", data, 44)
        powers = (self.least, self.pointers)
        are_powers = all(size and not size & (size - 1) for size in powers) and self.pointers > 1
        is_sound = are_powers and 0 < page < 32 and self.least.bit_length() <= self.bits <= _BITS
        if (told, self.element) != (self.kind, element) or not is_sound or not self.first:
            raise _damaged(head)
        self.page = 1 << page

    def check(self) -> None:
        """Looks at all parts."""
        if self.most > _MANY_CHUNKS + self.image.size // _BYTES_A_CHUNK:
            raise _damaged(self.head)
        if self.block == UNDEFINED:
            return
        begin, blocks, several = self._counts()
        length = begin + 8 * (blocks + several) + 4
        data = self._enter(self.block, length, b"EAIB\0")
        check_entries(self.image, data[14:begin], self.element, self.packed)
        addresses = struct.unpack_from(f"<{blocks + several}Q", data, begin)
        levels = [x for x in range(self._direct_levels) for _ in range(1 << x // 2)]
        for address, level in zip(addresses, levels):
            self._check_block(address, level)
        for address, level in zip(addresses[blocks:], range(self._direct_levels, self.bits)):
            self._check_several(address, level)

    @property
    def _direct_levels(self) -> int:
        return 2 * (self.pointers.bit_length() - 1)

    def _counts(self) -> tuple[int, int, int]:
        """Where addresses begin in the first block, and how many of them are of which kind."""
        levels = 1 + self.bits - (self.least.bit_length() - 1)
        several = max(levels - self._direct_levels, 0)
        return 14 + self.first * self.element, 2 * (self.pointers - 1), several

    def _enter(self, address: int, length: int, signature: bytes) -> bytes:
        return self.image.enter(address, length, signature + bytes([self.kind]), _WHAT)

    def _elements(self, level: int) -> int:
        return self.least << (level + 1) // 2

    def _check_block(self, address: int, level: int, written: bytes = b"") -> None:
        if address == UNDEFINED:
            return
        count = self._elements(level)
        pages = count // self.page if count > self.page else 0
        begin = 14 + (self.bits + 7) // 8
        length = begin + count * self.element + 4 * (pages + 1)
        data = self._enter(address, length, b"EADB\0")
        page = (self.page if pages else count) * self.element
        begin += 4 * bool(pages)
        _check_pages(self.image, data, begin, self.element, self.packed, page, written)

    def _check_several(self, address: int, level: int) -> None:
        if address == UNDEFINED:
            return
        count, elements = 1 << level // 2, self._elements(level)
        pages = elements // self.page if elements > self.page else 0
        first, width = 14 + (self.bits + 7) // 8, (pages + 7) // 8
        begin = first + count * width
        data = self._enter(address, begin + 8 * count + 4, b"EASB\0")
        for number, (inner,) in enumerate(struct.iter_unpack("<Q", data[begin:-4])):
            at = first + number * width
            self._check_block(inner, level, data[at : at + width])


def growing_array(image: Image, head: int, packed: int) -> None:
    """Looks at a table of the chunks of an array that grows along one axis.

    Args:
        image: the file.
        head: address of its head.
        packed: bytes of a size in it; 0 where chunks are not packed.

    Raises:
        DamagedStructure: if it is none.
    """
    _Growing(image, head, packed).check()
