"""Heads of the indexes in an HDF5 file, looked at before the library takes memory for them.

Groups of many objects, and arrays that grow, have trees and heaps whose heads say how large their
parts are. The HDF5 library divides by what they say, and copies as much.
"""

from __future__ import annotations

import re
import struct
from typing import Any

_HEADS = re.compile(rb"BTHD\0|FRHP\0")
_NODE_HEAD = 10
_LARGEST_NODE = 2**20
_WIDEST_TABLE = 2**10
_LARGEST_BLOCK = 2**24
_BITS = 64


def first_damaged(content: Any) -> int | None:
    """The place of the first head that cannot be right, or None.

    Args:
        content: bytes, or a map of the file.
    """
    for match in _HEADS.finditer(content):
        start = match.start()
        check, size = (_is_tree, 38) if match[0][:1] == b"B" else (_is_heap, 146)
        head = bytes(content[start : start + size])
        if len(head) == size and not check(head):
            return start
    return None


def _is_tree(head: bytes) -> bool:
    node, record, _, _, _, _, number = struct.unpack_from("<IHHBBQH", head, 6)
    is_sound = _NODE_HEAD + 2 * record <= node <= _LARGEST_NODE and record > 0
    return is_sound and _NODE_HEAD + number * record <= node


def _is_heap(head: bytes) -> bool:
    width, first, largest, bits, _, _, rows = struct.unpack_from("<HQQHHQH", head, 110)
    are_powers = all(size and not size & (size - 1) for size in (width, first, largest))
    is_sound = width <= _WIDEST_TABLE and first <= largest <= _LARGEST_BLOCK
    return are_powers and is_sound and largest.bit_length() <= bits <= _BITS and rows <= _BITS
