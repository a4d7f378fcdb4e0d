"""Bytecode out of a file, read as plain data so that it can be compared, and never as code."""

from __future__ import annotations

import base64
import binascii
import marshal
import struct
import sys
from types import CodeType
from typing import Any

# How `marshal` writes a code object: the numbers, the objects, a line number, further objects.
# Where the code stood (file, line, qualified name) says nothing about what it does.
if sys.version_info >= (3, 11):
    _NUMBERS = 5
    _OBJECTS = ["code", "consts", "names", "variables", "kinds", "filename", "name", "qualname"]
    _REST = ["lines", "exceptions"]
else:
    _NUMBERS = 6
    _OBJECTS = ["code", "consts", "names", "variables", "free", "cells", "filename", "name"]
    _REST = ["lines"]
_PLACES = ("filename", "qualname", "lines")

_CONSTANTS = {"0": "null", "N": "None", "F": "False", "T": "True", "S": "StopIteration"}
_CONSTANTS["."] = "Ellipsis"
_LONG_TEXTS, _SHORT_TEXTS = "tuaA", "zZ"
_SEQUENCES = {"(": "tuple", ")": "tuple", "[": "list", "<": "set", ">": "frozenset"}


def read_code(text: str) -> Any:
    """What the bytecode in a configuration does, as nested tuples that can be compared.

    Args:
        text: base64 text of a marshalled code object, as `func_dump` gives it.

    Returns:
        Nested tuples, equal for code that does the same; None where the text holds something else,
        or code of another version of Python.
    """
    try:
        value = _Reader(base64.b64decode(text)).read()
    except (binascii.Error, ValueError, LookupError, struct.error, RecursionError, TypeError):
        return None
    return value if value[0] == "code" else None


def code_of(code: CodeType) -> Any:
    """The same for a code object of this program."""
    return _Reader(marshal.dumps(code)).read()


def name_in(code: Any) -> str:
    """The name of the function in what `read_code` returned."""
    return dict(code[2])["name"][1].decode()


class _Reader:
    """Reads what `marshal` writes; its references (kind `r`) go to objects marked by a high bit."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.marked: list[Any] = []

    def read(self) -> Any:
        """The next object, as a tuple of its kind and value."""
        byte = self._bytes(1)[0]
        place = len(self.marked)
        if byte & 0x80:
            self.marked.append(None)
        value = self._value(chr(byte & 0x7F))
        if byte & 0x80:
            self.marked[place] = value
        return value

    def _value(self, kind: str) -> Any:
        if kind in _CONSTANTS:
            return (_CONSTANTS[kind],)
        if kind == "r":
            return self.marked[self._number()]
        if kind == "c":
            return self._code()
        if kind in _SEQUENCES:
            return self._sequence(kind)
        if kind in _LONG_TEXTS:
            return "text", self._bytes(self._number())
        if kind in _SHORT_TEXTS:
            return "text", self._bytes(self._bytes(1)[0])
        return self._plain(kind)

    def _plain(self, kind: str) -> Any:
        if kind == "s":
            return "bytes", self._bytes(self._number())
        if kind == "i":
            return "int", self._number()
        if kind == "l":
            return "int", self._long()
        if kind in "gy":
            return "float" if kind == "g" else "complex", self._bytes(8 if kind == "g" else 16)
        raise ValueError(f"{kind!r} is no kind of object in code")

    def _code(self) -> Any:
        numbers = tuple(self._number() for _ in range(_NUMBERS))
        parts = [(name, self.read()) for name in _OBJECTS]
        self._number()
        parts += [(name, self.read()) for name in _REST]
        return "code", numbers, tuple(part for part in parts if part[0] not in _PLACES)

    def _sequence(self, kind: str) -> Any:
        size = self._bytes(1)[0] if kind == ")" else self._number()
        items = [self.read() for _ in range(size)]
        return _SEQUENCES[kind], frozenset(items) if kind in "<>" else tuple(items)

    def _long(self) -> int:
        size = self._number()
        digits = struct.unpack(f"<{abs(size)}H", self._bytes(2 * abs(size)))
        value = sum(digit << (15 * place) for place, digit in enumerate(digits))
        return -value if size < 0 else value

    def _number(self) -> int:
        return int(struct.unpack("<i", self._bytes(4))[0])

    def _bytes(self, size: int) -> bytes:
        found = self.data[self.at : self.at + size]
        if size < 0 or len(found) < size:
            raise ValueError("the data ends too early")
        self.at += size
        return found
