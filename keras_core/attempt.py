"""Reading a model is an attempt: what it may take, and how it is undone when it fails.

What is read tells sizes, and anybody may have written them. So whoever makes something of such a
size asks here first, and whoever changes a table of the whole process says how to change it back.
Outside of an attempt both cost nothing: programs take what they like.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Callable

# What a configuration alone gets at once; so much is taken before its sum is known.
_SMALL_NUMBER_OF_NUMBERS = 2**22

_current: ContextVar[Attempt | None] = ContextVar("keras_core_attempt", default=None)
_memory: ContextVar[float | None] = ContextVar("keras_core_memory_limit", default=None)


class Attempt:
    """What is left of what one reading may take.

    Args:
        numbers: how many numbers the weights may have together.
        calls: how many calls of layers, and steps of unrolled loops, may be made.
        source: what the limits come from, for messages.
        defers: whether first values of weights are left out, since they are read afterwards;
            otherwise those of many numbers wait until it is known that all may be made.
    """

    def __init__(self, numbers: float, calls: float, source: str, defers: bool = False) -> None:
        self.left = {"numbers": numbers, "calls": calls}
        self.source = source
        self._defers_all = defers
        self._most = numbers
        self.undoing: list[Callable[[], Any]] = []
        self._deferred: dict[Any, Any] = {}

    def take(self, what: str, count: float, who: str) -> None:
        """Takes some of what is left.

        Raises:
            ValueError: if that is more than is left.
        """
        if count > self.left[what]:
            raise ValueError(
                f"{who} asks for {count:,} {what}, but {self.source} stands for no more than "
                f"{self.left[what]:,} of them. If you trust it, read it inside of "
                "keras_core.saving.safety.memory_scope(None)."
            )
        self.left[what] -= count

    @property
    def defers(self) -> bool:
        """Whether the next weight gets its first value later."""
        return self._defers_all or self._most - self.left["numbers"] > _SMALL_NUMBER_OF_NUMBERS

    def defer(self, variable: Any, value: Any) -> None:
        """Notes a variable whose first value is drawn if nothing else gives it one."""
        self._deferred[variable] = value

    def settle(self, given: Iterable[Any]) -> None:
        """Draws the values of the variables that the file gave none; from now on none waits."""
        self._defers_all, self._most = False, -math.inf
        for variable in given:
            self._deferred.pop(variable, None)
        for variable, value in self._deferred.items():
            if variable.storage is value:
                variable.set_value(value.copy())
        self._deferred = {}


def current() -> Attempt | None:
    """The attempt that is being made in this context, if any."""
    return _current.get()


@contextmanager
def attempted(attempt: Attempt) -> Iterator[Attempt]:
    """Makes an attempt inside a `with` statement; what it changed is undone if that fails."""
    outer = _current.get()
    token = _current.set(attempt)
    try:
        yield attempt
    except BaseException:
        while attempt.undoing:
            attempt.undoing.pop()()
        raise
    finally:
        _current.reset(token)
        if outer is not None:
            outer.undoing += attempt.undoing


def take_numbers(shape: Sequence[Any], who: Callable[[], str]) -> None:
    """Asks for a weight of a shape; what is no shape is left to whoever makes the weight."""
    attempt = _current.get()
    if attempt is not None and all(isinstance(size, int) for size in shape):
        attempt.take("numbers", math.prod(shape), who())


def take_calls(count: int, who: Callable[[], str]) -> None:
    """Asks for calls of a layer, or for steps of a loop that is written out."""
    attempt = _current.get()
    if attempt is not None:
        attempt.take("calls", count, who())


def defers() -> bool:
    """Whether the next weight gets its first value later."""
    attempt = _current.get()
    return attempt is not None and attempt.defers


def defer(variable: Any, value: Any) -> None:
    """Notes a variable whose first value is drawn if nothing else gives it one."""
    attempt = _current.get()
    if attempt is not None:
        attempt.defer(variable, value)


def undo_by(change_back: Callable[[], Any]) -> None:
    """Says how a change that was just made is undone if the attempt fails."""
    attempt = _current.get()
    if attempt is not None:
        attempt.undoing.append(change_back)


@contextmanager
def memory_scope(limit: float | None) -> Iterator[None]:
    """Sets, inside a `with` statement, how much memory what is read may take.

    Args:
        limit: bytes; None for as much as the machine has.
    """
    token = _memory.set(math.inf if limit is None else limit)
    try:
        yield
    finally:
        _memory.reset(token)


def memory_limit(default: float) -> float:
    """Bytes that what is read may take: those of the scope around, otherwise the default."""
    limit = _memory.get()
    return default if limit is None else limit
