"""Errors that JAX would give too late, or without their place."""

from __future__ import annotations

from typing import Any

# Beyond any machine's memory. XLA would find out when it runs, and not say where.
_MOST_BYTES = 1 << 44


def refuse_vast(result: Any) -> None:
    """Refuses what no memory holds.

    Raises:
        MemoryError: it is such a result.
    """
    size = result.size * result.dtype.itemsize
    if size > _MOST_BYTES:
        raise MemoryError(f"an array of shape {result.shape} would take {size} bytes")
