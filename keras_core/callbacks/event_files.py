"""Event files, which TensorBoard reads: records of protocol buffers, each with checksums."""

from __future__ import annotations

import os
import socket
import struct
import time
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_serial = count()


class EventWriter:
    """Writes to an event file of its own.

    Args:
        folder: where the file is made; made itself if need be.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}"
        self.path = path / f"{name}.{os.getpid()}.{next(_serial)}"
        self._write(_text(3, "brain.Event:2"))

    def add(self, step: int, values: Iterable[bytes]) -> None:
        """Writes values that belong to one step.

        Args:
            step: number of the epoch, or of the samples so far.
            values: results of `scalar`, `histogram` and `image`.
        """
        summary = b"".join(_message(1, value) for value in values)
        self._write(_integer(2, step) + _message(5, summary))

    def add_graph(self, nodes: Iterable[GraphNode]) -> None:
        """Writes a graph of named nodes."""
        graph = b"".join(_message(1, node.encoded()) for node in nodes)
        self._write(_message(4, graph))

    def _write(self, event: bytes) -> None:
        event = _double(1, time.time()) + event
        length = struct.pack("<Q", len(event))
        # Opened anew each time, so that all can be read at once, and is whole if training fails.
        with open(self.path, "ab") as file:
            file.write(length + _checksum(length) + event + _checksum(event))


# What is shown: entries of the message Summary.Value


def scalar(tag: str, value: Any) -> bytes:
    """A number."""
    return _text(1, tag) + _float(2, float(value))


def histogram(tag: str, values: Any, buckets: int = 30) -> bytes:
    """The distribution of an array's finite elements.

    Args:
        tag: name.
        values: array of any shape.
        buckets: number of intervals of equal width.
    """
    x = np.asarray(values, "float64").ravel()
    x = x[np.isfinite(x)]
    counts, edges = np.histogram(x, bins=buckets)
    low, high = (x.min(), x.max()) if x.size else (0.0, 0.0)
    numbers = (low, high, x.size, x.sum(), np.square(x).sum())
    encoded = b"".join(_double(i + 1, number) for i, number in enumerate(numbers))
    return _text(1, tag) + _message(5, encoded + _doubles(6, edges[1:]) + _doubles(7, counts))


def image(tag: str, values: Any) -> bytes:
    """A picture, its values stretched to the range from black to white.

    Args:
        tag: name.
        values: array `(rows, columns, channels)` with 1, 3 or 4 channels.
    """
    x = np.asarray(values, "float64")
    low, span = x.min(), np.ptp(x) or 1.0
    pixels = np.round((x - low) / span * 255).astype("uint8")
    rows, columns, channels = pixels.shape
    size = _integer(1, rows) + _integer(2, columns) + _integer(3, channels)
    return _text(1, tag) + _message(4, size + _message(4, _png(pixels)))


class GraphNode(NamedTuple):
    """A node of a graph that is shown.

    Attributes:
        name: unique name; parts between slashes are nested.
        kind: what it does.
        inputs: names of the nodes that it reads.
    """

    name: str
    kind: str
    inputs: Sequence[str] = ()

    def encoded(self) -> bytes:
        """The message NodeDef."""
        inputs = b"".join(_text(3, name) for name in self.inputs)
        return _text(1, self.name) + _text(2, self.kind) + inputs


# Fields of protocol buffers: a key of number and wire type, then the value


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _integer(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(int(value))


def _double(number: int, value: float) -> bytes:
    return _varint(number << 3 | 1) + struct.pack("<d", value)


def _float(number: int, value: float) -> bytes:
    return _varint(number << 3 | 5) + struct.pack("<f", value)


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode("utf-8"))


def _doubles(number: int, values: Any) -> bytes:
    return _message(number, np.asarray(values, "<f8").tobytes())


# Records and pictures


def _checksum(data: bytes) -> bytes:
    """CRC-32C, turned and shifted, as records have it."""
    table = _crc_table()
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


@lru_cache(maxsize=1)
def _crc_table() -> list[int]:
    """The remainders of all bytes by the Castagnoli polynomial, bits reversed."""
    table = list(range(256))
    for _ in range(8):
        table = [value >> 1 ^ (0x82F63B78 if value & 1 else 0) for value in table]
    return table


def _png(pixels: np.ndarray) -> bytes:
    rows, columns, channels = pixels.shape
    color = {1: 0, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", columns, rows, 8, color, 0, 0, 0)
    unfiltered = np.pad(pixels.reshape(rows, -1), ((0, 0), (1, 0)))
    data = zlib.compress(unfiltered.tobytes())
    chunks = [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
