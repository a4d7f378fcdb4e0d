"""Headers of objects in an HDF5 file: messages, in one or more blocks."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from keras_core.utils.hdf5_image import DamagedStructure, Image, unpacked

_WHAT = "headers"
_CONTINUATION = 0x10
_TRACKS_ORDER, _KEEPS_PHASE, _KEEPS_TIMES = 4, 16, 32
IS_SHARED = 2


class Message(NamedTuple):
    """A part of a header."""

    kind: int
    flags: int
    body: bytes

    @property
    def is_shared(self) -> bool:
        """Whether it stands elsewhere, and is only referred to here."""
        return bool(self.flags & IS_SHARED)


def messages(image: Image, header: int) -> list[Message]:
    """The messages in the header of an object.

    Args:
        image: the file, in which each block of the header is entered.
        header: address.

    Raises:
        DamagedStructure: if they do not lie in blocks of the file, each of which is its own.
    """
    is_later = image.read(header, 4, _WHAT) == b"OHDR"
    size, begin, has_order = (_later_head if is_later else _first_head)(image, header)
    end = 4 * is_later  # a checksum
    form = ("<BHBH" if has_order else "<BHB") if is_later else "<HHB3x"
    block = image.enter(header, begin + size + end, b"", _WHAT)
    waiting, found = [block[begin : begin + size]], []
    while waiting:
        for message in _messages_in(waiting.pop(), form, header):
            found.append(message)
            if message.kind == _CONTINUATION:
                waiting.append(_continued(image, message.body, is_later, header))
    return found


def _continued(image: Image, body: bytes, is_later: bool, header: int) -> bytes:
    address, length = unpacked("<QQ", body, 0, header, _WHAT)
    if not is_later:
        return image.enter(address, length, b"", _WHAT)
    return image.enter(address, length, b"OCHK", _WHAT)[4:-4]


def _messages_in(block: bytes, form: str, header: int) -> Iterator[Message]:
    width, at = struct.calcsize(form), 0
    while at + width <= len(block):
        kind, size, flags = struct.unpack_from(form, block, at)[:3]
        at += width
        if at + size > len(block):
            raise DamagedStructure(f"its {_WHAT} are damaged.", header)
        yield Message(kind, flags, block[at : at + size])
        at += size


def _first_head(image: Image, header: int) -> tuple[int, int, bool]:
    """Size and begin of the first block, and whether its messages are numbered."""
    (size,) = struct.unpack("<8xI4x", image.read(header, 16, _WHAT))
    return size, 16, False


def _later_head(image: Image, header: int) -> tuple[int, int, bool]:
    flags = image.read(header, 6, _WHAT)[5]
    begin = 6 + 16 * bool(flags & _KEEPS_TIMES) + 4 * bool(flags & _KEEPS_PHASE)
    width = 1 << (flags & 3)
    size = int.from_bytes(image.read(header + begin, width, _WHAT), "little")
    return size, begin + width, bool(flags & _TRACKS_ORDER)
