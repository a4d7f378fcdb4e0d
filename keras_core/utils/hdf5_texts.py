"""Texts of any length in an HDF5 file, as their references say before the library follows them.

An attribute of such texts holds for each its length, the address of a heap and the number of an
object in it. The HDF5 library takes memory for the length that a damaged reference claims, and
copies the object into it however long that is; so both are compared here.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import chain
from typing import Any

HEAP_SIGNATURE = b"GCOL\x01"  # three bytes follow that the library does not look at
HEAP_HEADER = 16
_SMALLEST_HEAP = 4096

# Where attributes lie that are too many for a header, if it has filters.
_PACKED_HEAP = rb"FRHP\0..(?!\0\0)"
_LARGEST_MESSAGE = 2**17
_ATTRIBUTE, _CONTINUATION = 0x0C, 0x10
_IS_SHARED = 2
_TRACKS_ORDER, _KEEPS_PHASE, _KEEPS_TIMES = 4, 16, 32


class DamagedTexts(ValueError):
    """A heap or a reference to it is not what the library takes it for."""


def total_length(content: Any, base: int, header: int, name: bytes, count: int) -> int:
    """Bytes of the texts of an attribute.

    Args:
        content: bytes, or a map of the file.
        base: where its addresses are counted from.
        header: address of the header of the object that has the attribute.
        name: of the attribute.
        count: how many texts it holds.

    Raises:
        DamagedTexts: if a length is another than that of the object in the heap.
    """
    heaps: dict[int, dict[int, int]] = {}
    total = 0
    for length, address, index in _references(content, base, header, name, count):
        if not address:
            continue
        if address not in heaps:
            heaps[address] = dict(heap_objects(content, base + address))
        if heaps[address].get(index) != length:
            raise DamagedTexts("a text is not as long as its reference says.")
        total += length
    return total


def _references(
    content: Any, base: int, header: int, name: bytes, count: int
) -> Iterator[tuple[int, int, int]]:
    found = list(_attributes(content, base, header, name)) or list(_elsewhere(content, name))
    if not found or any(len(data) < 16 * count for data in found):
        raise DamagedTexts("its texts are kept in a way that is not read.")
    return chain(*(struct.iter_unpack("<IQI", data[: 16 * count]) for data in found))


def heap_objects(content: Any, start: int) -> Iterator[tuple[int, int]]:
    """Numbers and lengths of the objects in a heap; none where there is no heap.

    Raises:
        DamagedTexts: if they do not fill the heap one after the other.
    """
    head = bytes(content[start : start + HEAP_HEADER]).ljust(HEAP_HEADER, b"\0")
    (size,) = struct.unpack("<Q", head[8:])
    if not (head.startswith(HEAP_SIGNATURE) and _SMALLEST_HEAP <= size <= len(content) - start):
        return  # the library refuses it
    at, end = start + HEAP_HEADER, start + size
    while at + HEAP_HEADER <= end:
        index, length = struct.unpack("<H6xQ", content[at : at + HEAP_HEADER])
        # The free space that ends a heap counts its own header.
        step = HEAP_HEADER + (length + 7) // 8 * 8 if index else length
        if not HEAP_HEADER <= step <= end - at:
            raise DamagedTexts("its texts are damaged.")
        if index:
            yield index, length
        at += step


# Headers of objects: messages in one or more blocks, of which some are attributes.


def _attributes(content: Any, base: int, header: int, name: bytes) -> Iterator[bytes]:
    """What the attributes of a name hold."""
    try:
        for kind, flags, body in _messages(content, base, base + header):
            if kind == _ATTRIBUTE and not flags & _IS_SHARED:
                found, data = _attribute(body)
                if found == name:
                    yield data
    except struct.error as error:
        raise DamagedTexts("its header is damaged.") from error


def _elsewhere(content: Any, name: bytes) -> Iterator[bytes]:
    """What attributes of a name hold wherever they are: many of them lie outside of headers."""
    if _holds(content, _PACKED_HEAP):
        raise DamagedTexts("its texts are packed.")
    for match in re.finditer(re.escape(name) + b"\0", content):
        for start, versions in ((match.start() - 8, b"\1\2"), (match.start() - 9, b"\3")):
            body = bytes(content[max(start, 0) : start + _LARGEST_MESSAGE])
            if body[:1] in versions and body[2:4] == struct.pack("<H", len(name) + 1):
                yield _attribute(body)[1]


def _holds(content: Any, pattern: bytes) -> bool:
    return re.search(pattern, content, re.DOTALL) is not None


def _attribute(body: bytes) -> tuple[bytes, bytes]:
    version, _, *sizes = struct.unpack_from("<BBHHH", body)
    places, at = [], 9 if version == 3 else 8
    for size in sizes:
        places.append(at)
        at += size if version > 1 else (size + 7) // 8 * 8
    name = body[places[0] : places[0] + sizes[0]]
    return name.split(b"\0")[0], body[at:]


def _messages(content: Any, base: int, header: int) -> Iterator[tuple[int, int, bytes]]:
    """Kind, flags and contents of the messages in a header."""
    is_later = bytes(content[header : header + 4]) == b"OHDR"
    start, size, has_order = (_later_block if is_later else _first_block)(content, header)
    around = 4 if is_later else 0  # a signature, and a checksum
    head = "<BHB" + "2x" * has_order if is_later else "<HHB3x"
    blocks, left = [(start, size)], len(content)
    while blocks:
        start, size = blocks.pop()
        left -= size
        if left < 0:
            raise DamagedTexts("its header is damaged.")
        for kind, flags, body in _messages_in(bytes(content[start : start + size]), head):
            yield kind, flags, body
            if kind == _CONTINUATION:
                address, length = struct.unpack_from("<QQ", body)
                blocks.append((base + address + around, max(length - 2 * around, 1)))


def _messages_in(block: bytes, head: str) -> Iterator[tuple[int, int, bytes]]:
    width, at = struct.calcsize(head), 0
    while at + width <= len(block):
        kind, size, flags = struct.unpack_from(head, block, at)
        at += width
        yield kind, flags, block[at : at + size]
        at += size


def _first_block(content: Any, header: int) -> tuple[int, int, bool]:
    (size,) = struct.unpack("<8xI4x", content[header : header + 16])
    return header + 16, size, False


def _later_block(content: Any, header: int) -> tuple[int, int, bool]:
    """Begin and size of the first block, and whether its messages are numbered."""
    flags = content[header + 5]
    at = header + 6 + 16 * bool(flags & _KEEPS_TIMES) + 4 * bool(flags & _KEEPS_PHASE)
    width = 1 << (flags & 3)
    return (
        at + width,
        int.from_bytes(content[at : at + width], "little"),
        bool(flags & _TRACKS_ORDER),
    )
