"""Signals are taken between steps: a step in the main thread is whole when Ctrl-C is heard."""

from __future__ import annotations

# The public functions make an enumeration of every number, which costs more than all the rest.
import _signal  # type: ignore[import-not-found]
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# What people and systems send to end, to stop or to hurry a program.
_SIGNALS = tuple(
    int(getattr(signal, name))
    for name in ("SIGINT", "SIGTERM", "SIGALRM", "SIGHUP", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
)

# What handlers raised where Python throws away whatever is raised, and what ends a program so.
thrown_away: list[BaseException] = []
_ENDS = (KeyboardInterrupt, SystemExit)


class Unbroken:
    """A context in the main thread within which no signal is heard; it is heard at the end.

    This is for signals that Python code handles, which may raise, as Ctrl-C does. What the system
    does by itself, such as end the program, it does at once.
    """

    __slots__ = ("_handlers", "_heard")

    def __enter__(self) -> None:
        self._handlers: dict[int, Any] = {}
        self._heard: list[tuple[int, FrameType | None]] = []
        if not _is_main_thread():
            return
        try:
            for number in _SIGNALS:
                handler = _signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    _signal.signal(number, self._hear)
        except BaseException:
            self._restore()
            raise

    def __exit__(self, *_: object) -> None:
        handlers = dict(self._handlers) if self._heard else {}
        self._restore()
        for number, frame in self._heard:
            handlers[number](number, frame)
        if thrown_away:
            hear()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._heard.append((number, frame))

    def _restore(self) -> None:
        """Puts the handlers back, even if one of them raises while others are put back."""
        handlers = self._handlers
        try:
            while handlers:
                _signal.signal(*handlers.popitem())
        finally:
            if handlers:
                self._restore()


@contextmanager
def ends_heard() -> Iterator[None]:
    """A context in the main thread within which a Ctrl-C is not lost; a decorator of functions too.

    Python runs handlers of signals also within destructors and callbacks of its garbage collector,
    where it prints what they raise, and goes on. Here `hear` raises that again: after the next
    Unbroken, or else at the end.
    """
    if not _is_main_thread():
        yield
        return
    before = sys.unraisablehook

    def keep(unraisable: Any) -> None:
        if isinstance(unraisable.exc_value, _ENDS):
            thrown_away[:] = [unraisable.exc_value]
        else:
            before(unraisable)

    sys.unraisablehook = keep
    try:
        yield
        hear()
    finally:
        sys.unraisablehook = before
        thrown_away.clear()


def hear() -> None:
    """Raises in the main thread what was thrown away, if anything was."""
    if thrown_away and _is_main_thread():
        raise thrown_away.pop()


def _is_main_thread() -> bool:
    return threading.get_ident() == threading.main_thread().ident
