"""Whether code that a file holds may run.

Loading sets the mode for its duration; a layer that would run code out of its configuration (a
Lambda made of bytecode) asks `in_safe_mode`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_safe: ContextVar[bool] = ContextVar("keras_core_safe_mode", default=False)


def in_safe_mode() -> bool:
    """Whether a file is being loaded whose code must not run."""
    return _safe.get()


@contextmanager
def safe_mode_scope(enabled: bool) -> Iterator[None]:
    """Sets the mode inside a `with` statement.

    Args:
        enabled: bool, True to refuse code.
    """
    token = _safe.set(enabled)
    try:
        yield
    finally:
        _safe.reset(token)
