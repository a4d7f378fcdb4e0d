"""Plans buffers: a few blocks of memory, each used by several arrays one after the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class _Array(NamedTuple):
    slot: int
    shape: tuple[int, ...]
    dtype: str


class Memory:
    """Hands out names of buffers while code is generated; makes the arrays when it runs."""

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._free: list[int] = []
        self._arrays: list[_Array] = []
        self._slot_of: dict[str, int] = {}

    @property
    def names(self) -> list[str]:
        return list(self._slot_of)

    @property
    def nbytes(self) -> int:
        """Bytes that one set of buffers takes."""
        return sum(self._sizes)

    def take(self, shape: tuple[int, ...], dtype: str) -> str:
        """The name of a buffer; its memory may have held something else before."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        slot = self._fitting_slot(size)
        name = f"b{len(self._arrays)}"
        self._arrays.append(_Array(slot, tuple(shape), dtype))
        self._slot_of[name] = slot
        return name

    def give_back(self, name: str) -> None:
        self._free.append(self._slot_of[name])

    def allocate(self) -> list[np.ndarray]:
        """One set of buffers, in the order of `names`."""
        blocks = [np.empty(max(size, 1), np.uint8) for size in self._sizes]
        return [_array_in(blocks[a.slot], a) for a in self._arrays]

    def _fitting_slot(self, size: int) -> int:
        """The smallest free block that is large enough but not more than twice as large."""
        fitting = [s for s in self._free if size <= self._sizes[s] <= max(2 * size, 1024)]
        if fitting:
            slot = min(fitting, key=lambda s: self._sizes[s])
            self._free.remove(slot)
            return slot
        self._sizes.append(max(size, 64))
        return len(self._sizes) - 1


def _array_in(block: np.ndarray, array: _Array) -> np.ndarray:
    count = int(np.prod(array.shape)) * np.dtype(array.dtype).itemsize
    return block[:count].view(array.dtype).reshape(array.shape)
