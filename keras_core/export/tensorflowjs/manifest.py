"""Arrays as bytes one after the other, the manifest that tells them apart, and back."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

# What TensorFlow.js names a dtype, and how its numbers lie in a file.
_STORED = {"float32": "<f4", "int32": "<i4", "bool": "|b1", "uint8": "|u1", "uint16": "<u2"}
_BLOCK = 2**20
WRITTEN = ("float32", "int32", "bool")

Entry = Mapping[str, Any]


def entries(arrays: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """What the manifest says of each array, in order."""
    return [
        {"name": name, "shape": list(array.shape), "dtype": array.dtype.name}
        for name, array in arrays.items()
    ]


def joined(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The numbers of all arrays."""
    return b"".join(
        np.ascontiguousarray(array, _STORED[array.dtype.name]).tobytes()
        for array in arrays.values()
    )


def size_of(listed: Sequence[Entry]) -> int:
    """How many bytes the arrays of a manifest take.

    Raises:
        ValueError: an entry is not of the form that manifests have.
    """
    return sum(prod(_shape(entry)) * np.dtype(_stored(entry)).itemsize for entry in listed)


def restored_size_of(listed: Sequence[Entry]) -> int:
    """How many bytes the arrays take when their numbers are restored."""
    return sum(prod(_shape(entry)) * np.dtype(entry["dtype"]).itemsize for entry in listed)


def separated(
    listed: Sequence[Entry], data: bytes, wanted: Container[str]
) -> Iterator[tuple[str, np.ndarray]]:
    """The wanted arrays of a manifest; those of fewer bits with their numbers restored."""
    start = 0
    for entry in listed:
        shape, stored = _shape(entry), np.dtype(_stored(entry))
        part = np.frombuffer(data, stored, prod(shape), start)
        start += part.nbytes
        if entry["name"] in wanted:
            yield entry["name"], _restored(part, entry).reshape(shape)


def _shape(entry: Entry) -> list[int]:
    shape = entry.get("shape")
    whole = isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape)
    if not whole or not isinstance(entry.get("name"), str):
        raise ValueError(f"an entry {str(entry)[:200]} of the manifest has no name or shape")
    return shape  # type: ignore[return-value]


def _stored(entry: Entry) -> str:
    """The dtype in the file."""
    quantized = entry.get("quantization")
    name = str((quantized if isinstance(quantized, Mapping) else entry).get("dtype"))
    allowed = ("uint8", "uint16") if quantized else WRITTEN
    if name not in allowed or entry.get("dtype") not in WRITTEN:
        raise ValueError(
            f"{entry['name']} is of dtype {name[:40]!r}; known are {', '.join(allowed)}"
        )
    return _STORED[name]


def _restored(part: np.ndarray, entry: Entry) -> np.ndarray:
    quantized = entry.get("quantization")
    if not quantized:
        return part.astype(entry["dtype"])
    try:
        scale, least = float(quantized["scale"]), float(quantized["min"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{entry['name']} has no scale and min to be restored by") from error
    made = np.empty(part.shape, entry["dtype"])
    for start in range(0, len(part), _BLOCK):  # in between they take more memory
        made[start : start + _BLOCK] = part[start : start + _BLOCK] * scale + least
    return made
