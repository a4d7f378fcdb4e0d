"""The bytes of an HDF5 file by address, each of whose structures is entered once."""

from __future__ import annotations

import struct
from typing import Any

UNDEFINED = 2**64 - 1


class DamagedStructure(ValueError):
    """A structure is not what the HDF5 library takes it for.

    Args:
        reason: in words.
        address: where it begins.
    """

    def __init__(self, reason: str, address: int) -> None:
        super().__init__(reason)
        self.address = address


class Image:
    """What a file holds.

    Args:
        content: bytes, or a map of the file.
        base: where its addresses are counted from.
    """

    def __init__(self, content: Any, base: int) -> None:
        self.content = content
        self.base = base
        self.size = len(content) - base
        self._entered: set[int] = set()

    def read(self, address: int, length: int, what: str) -> bytes:
        """Bytes at an address.

        Raises:
            DamagedStructure: if they are not all in the file.
        """
        if address + length > self.size:
            raise DamagedStructure(f"its {what} lie outside of the file.", address)
        start = self.base + address
        return bytes(self.content[start : start + length])

    def enter(self, address: int, length: int, signature: bytes, what: str) -> bytes:
        """Bytes of a structure that nothing else refers to.

        Raises:
            DamagedStructure: if they are not there, or were entered before.
        """
        found = self.read(address, length, what)
        if not found.startswith(signature) or address in self._entered:
            raise DamagedStructure(f"its {what} are damaged.", address)
        self._entered.add(address)
        return found


def unpacked(form: str, data: bytes, at: int, address: int, what: str) -> tuple[Any, ...]:
    """Numbers in a structure.

    Raises:
        DamagedStructure: if it ends before them.
    """
    try:
        return struct.unpack_from(form, data, at)
    except struct.error as error:
        raise DamagedStructure(f"its {what} are damaged.", address) from error


def width_of(limit: int) -> int:
    """Bytes of a number up to a limit, as HDF5 counts them."""
    return max(limit.bit_length() - 1, 0) // 8 + 1
