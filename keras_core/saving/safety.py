"""What loading allows: code out of a file, and memory; and how it tells what it refuses.

A layer that would run code out of its configuration (a Lambda made of bytecode) asks
`in_safe_mode`. `memory_scope` is found here by those who load.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from keras_core.attempt import memory_scope
from keras_core.errors import ModelFileError, shortened

__all__ = [
    "copying",
    "functions_at_hand",
    "in_safe_mode",
    "memory_scope",
    "safe_mode_scope",
    "telling",
]

_safe: ContextVar[bool] = ContextVar("keras_core_safe_mode", default=True)

_at_hand: ContextVar[list[Any] | None] = ContextVar("keras_core_functions_at_hand", default=None)

# Faults of an installation or of a program, which are not the file's.
_OTHERS = (Warning, ImportError)


def in_safe_mode() -> bool:
    """Whether code out of a configuration must not run; it must not unless somebody allowed it."""
    return _safe.get()


@contextmanager
def safe_mode_scope(enabled: bool | None) -> Iterator[None]:
    """Sets the mode inside a `with` statement.

    Args:
        enabled: bool, True to refuse code; False to run it, which is for configurations that you
            trust as you trust a program. None leaves the mode as it is.
    """
    token = _safe.set(_safe.get() if enabled is None else enabled)
    try:
        yield
    finally:
        _safe.reset(token)


@contextmanager
def copying() -> Iterator[None]:
    """A `with` statement in which layers are made of the configurations of others that are here.

    Inside, a configuration refers to a function instead of telling what it does.
    """
    token = _at_hand.set([])
    try:
        yield
    finally:
        _at_hand.reset(token)


def functions_at_hand() -> list[Any] | None:
    """The functions that configurations refer to by their places in this list, when copying."""
    return _at_hand.get()


@contextmanager
def telling(file: str | None, place: str | None, what: str) -> Iterator[None]:
    """Turns whatever goes wrong inside into a ModelFileError; what it was is the error's cause.

    Args:
        file: name of the file that is read; None for a text or dictionary.
        place: the part of it.
        what: begin of the reason, such as `'no model can be made of it'`.
    """
    try:
        yield
    except ModelFileError as error:
        if error.file is not None or file is None:
            raise
        raise ModelFileError(error.reason, file, error.place or place) from error.__cause__
    except _OTHERS:
        raise
    except Exception as error:
        kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
        reason = f"{what} ({kind}{shortened(error)})"
        raise ModelFileError(reason, file, place) from error
