"""How the arrays of an HDF5 file are laid out: as a whole, or in chunks that an index lists."""

from __future__ import annotations

import math

from keras_core.utils import hdf5_indexes
from keras_core.utils.hdf5_image import UNDEFINED, DamagedStructure, Image, unpacked

_WHAT = "headers"
_CHUNKED = 2
_TREE_OF_CHUNKS = 1
_SINGLE, _FIXED, _GROWING, _TREE = 1, 3, 4, 5
_IS_PACKED = 2
_PLAIN, _PACKED = 10, 11


def check(image: Image, body: bytes, packed: bool, most: int, header: int) -> None:
    """Looks at the index of an array's chunks, if there is one.

    Args:
        image: the file.
        body: the message on its layout.
        packed: whether filters pack its chunks.
        most: how many chunks there may be in a node of a tree of the first form.
        header: address of the array's header.

    Raises:
        DamagedStructure: if the index is damaged.
    """
    version = _number("<B", body, 0, header)
    if _number("<B", body, 2 if version < 3 else 1, header) != _CHUNKED:
        return
    if version > 3:
        _check_later(image, body, packed, header)
        return
    rank = _number("<B", body, 1 if version < 3 else 2, header)
    address = _number("<Q", body, 8 if version < 3 else 3, header)
    if address == UNDEFINED:
        return
    sizes = unpacked(f"<{rank}I", body, 16 if version < 3 else 11, header, _WHAT)
    for key, chunk in hdf5_indexes.leaves(image, address, _TREE_OF_CHUNKS, 8 + 8 * rank, most):
        size = _number("<I", key, 0, address)
        # The library takes what the key says for the length of the chunk.
        if not packed and size != math.prod(sizes):
            raise DamagedStructure("its indexes are damaged.", address)
        hdf5_indexes.check_chunk(image, chunk, size)


def _check_later(image: Image, body: bytes, packed: bool, header: int) -> None:
    version, _, flags, rank, width = unpacked("<5B", body, 0, header, _WHAT)
    at = 5 + rank * width
    kind = _number("<B", body, at, header)
    further = {_SINGLE: 12 * bool(flags & _IS_PACKED), _FIXED: 1, _GROWING: 5, _TREE: 6}
    address = _number("<Q", body, at + 1 + further.get(kind, 0), header)
    if address == UNDEFINED:
        return
    sizes = [int.from_bytes(body[5 + i * width :][:width], "little") for i in range(rank)]
    stated = _width_of_sizes(version, sizes) if packed else 0
    if kind == _SINGLE and further[kind]:
        hdf5_indexes.check_chunk(image, address, _number("<Q", body, at + 1, header))
    elif kind == _FIXED:
        hdf5_indexes.fixed_array(image, address, stated)
    elif kind == _GROWING:
        hdf5_indexes.growing_array(image, address, stated)
    elif kind == _TREE:
        record = 8 + (stated + 4) * packed + 8 * (rank - 1)
        found = hdf5_indexes.records(image, address, _PACKED if packed else _PLAIN, record)
        hdf5_indexes.check_entries(image, b"".join(found), record, stated)


def _width_of_sizes(version: int, sizes: list[int]) -> int:
    """Bytes in which the size of a packed chunk is kept."""
    return 8 if version > 4 else min(1 + (math.prod(sizes).bit_length() + 7) // 8, 8)


def _number(form: str, data: bytes, at: int, header: int) -> int:
    return int(unpacked(form, data, at, header, _WHAT)[0])
