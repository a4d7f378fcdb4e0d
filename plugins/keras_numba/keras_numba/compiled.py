"""The decorator of what Numba compiles, and what vectors this processor has."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import numba
from llvmlite.binding import get_host_cpu_features


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function in machine code, compiled at first need and kept on disk where that can be.

    It lets go of the interpreter, so that the backend's threads run it side by side.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(function, cache=True, **options)
    except RuntimeError:  # no folder of Numba's can be written
        return numba.njit(function, **options)


def _features() -> set[str]:
    chosen = numba.config.CPU_FEATURES
    if chosen:
        return {name[1:] for name in chosen.split(",") if name.startswith("+")}
    return {name for name, there in get_host_cpu_features().items() if there}


def _vectors() -> tuple[int, int]:
    """Bytes of a vector, and how many registers there are."""
    features = _features()
    if "avx512f" in features:
        return 64, 32
    if "avx" in features:
        return 32, 16
    return 16, 32 if platform.machine() in ("aarch64", "arm64") else 16


VECTOR_BYTES, REGISTERS = _vectors()


def lanes(itemsize: int) -> int:
    """Numbers in a vector."""
    return VECTOR_BYTES // itemsize
