"""Signals are taken between steps: a step in the main thread is whole when Ctrl-C is heard."""

from __future__ import annotations

# The public functions make an enumeration of every number, which costs more than all the rest.
import _signal  # type: ignore[import-not-found]
import signal
import threading
from types import FrameType
from typing import Any

# What people and systems send to end, to stop or to hurry a program.
_SIGNALS = tuple(
    int(getattr(signal, name))
    for name in ("SIGINT", "SIGTERM", "SIGALRM", "SIGHUP", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
)


class Unbroken:
    """A context in the main thread within which no signal is heard; it is heard at the end.

    This is for signals that Python code handles, which may raise, as Ctrl-C does. What the system
    does by itself, such as end the program, it does at once.
    """

    __slots__ = ("_handlers", "_heard")

    def __enter__(self) -> None:
        self._handlers: dict[int, Any] = {}
        self._heard: list[tuple[int, FrameType | None]] = []
        if threading.get_ident() != threading.main_thread().ident:
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
