"""Arrays in memory that the caller writes to again, and that an engine may share or read late."""

from __future__ import annotations

import numpy as np

_PAGE = 4096

# Behind the begin of a page: engines take over what is aligned to 64 bytes, or to 16, or nothing.
PLACES = (0, 64, 16, 4)

OVERWRITTEN = "fed arrays are overwritten after each call: copy what is shared or is read later"


def zeros_at(place: int, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros of float32 that begin so many bytes behind the begin of a page."""
    wanted = np.empty(shape, "float32")
    raw = np.zeros(wanted.nbytes + 2 * _PAGE, np.uint8)
    begin = -raw.ctypes.data % _PAGE + place
    return raw[begin : begin + wanted.nbytes].view("float32").reshape(shape)
