"""Texts of any length in an HDF5 file, as their references say before the library follows them.

An attribute of such texts holds for each its length, the address of a heap and the number of an
object in it. The HDF5 library takes memory for the length that a damaged reference claims, and
copies the object into it however long that is; so both are compared here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

HEAP_SIGNATURE = b"GCOL\x01"  # three bytes follow that the library does not look at
HEAP_HEADER = 16
_SMALLEST_HEAP = 4096


class DamagedTexts(ValueError):
    """A heap or a reference to it is not what the library takes it for."""


def total_length(content: Any, base: int, data: bytes, count: int) -> int:
    """Bytes of the texts of an attribute.

    Args:
        content: bytes, or a map of the file.
        base: where its addresses are counted from.
        data: what the attribute holds.
        count: how many texts that is.

    Raises:
        DamagedTexts: if a length is another than that of the object in the heap.
    """
    if len(data) < 16 * count:
        raise DamagedTexts("its texts are kept in a way that is not read.")
    heaps: dict[int, dict[int, int]] = {}
    total = 0
    for length, address, index in struct.iter_unpack("<IQI", data[: 16 * count]):
        if not address:
            continue
        if address not in heaps:
            heaps[address] = dict(heap_objects(content, base + address))
        if heaps[address].get(index) != length:
            raise DamagedTexts("a text is not as long as its reference says.")
        total += length
    return total


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
