"""Plans buffers: a few blocks of memory, each used by several arrays one after the other."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
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
        self._free = _FreeBlocks()
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
        slot = self._slot_of[name]
        self._free.add(slot, self._sizes[slot])

    def allocate(self) -> list[np.ndarray]:
        """One set of buffers, in the order of `names`."""
        blocks = [np.empty(max(size, 1), np.uint8) for size in self._sizes]
        return [_array_in(blocks[a.slot], a) for a in self._arrays]

    def _fitting_slot(self, size: int) -> int:
        slot = self._free.take(size, max(2 * size, 1024))
        if slot is None:
            slot = len(self._sizes)
            self._sizes.append(max(size, 64))
        return slot


class _FreeBlocks:
    """Slots whose block nobody uses, found by size without a look at each."""

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._slots: dict[int, deque[int]] = {}

    def add(self, slot: int, size: int) -> None:
        slots = self._slots.setdefault(size, deque())
        if not slots:
            insort(self._sizes, size)
        slots.append(slot)

    def take(self, least: int, most: int) -> int | None:
        """The slot of the smallest block of a size within the two; None where there is none.

        Of several it is the one that has been free for longest: to write into what was read just
        now makes the processor wait.
        """
        place = bisect_left(self._sizes, least)
        if place == len(self._sizes) or self._sizes[place] > most:
            return None
        slots = self._slots[self._sizes[place]]
        slot = slots.popleft()
        if not slots:
            del self._sizes[place]
        return slot


def _array_in(block: np.ndarray, array: _Array) -> np.ndarray:
    count = int(np.prod(array.shape)) * np.dtype(array.dtype).itemsize
    return block[:count].view(array.dtype).reshape(array.shape)
