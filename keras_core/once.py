"""What is made at first use is made once: by one thread, while others that want it wait."""

from __future__ import annotations

from collections.abc import Hashable
from functools import update_wrapper
from threading import RLock
from typing import Callable, Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Decorates a function whose results are kept, each made once.

    `functools.cache` lets threads that ask at the same time each make a result of their own.

    Args:
        make: function of hashable arguments.
    """

    def __init__(self, make: Callable[..., T]) -> None:
        self._make = make
        self._made: dict[tuple[Hashable, ...], T] = {}
        self._making = RLock()
        update_wrapper(self, make)

    def __call__(self, *arguments: Hashable) -> T:
        # Looking takes no lock: a result is in the table as a whole or not at all.
        try:
            return self._made[arguments]
        except KeyError:
            return self._made_now(arguments)

    def _made_now(self, arguments: tuple[Hashable, ...]) -> T:
        with self._making:
            if arguments not in self._made:
                self._made[arguments] = self._make(*arguments)
            return self._made[arguments]

    def forget(self) -> None:
        """Drops all results, so that they are made anew."""
        with self._making:
            self._made.clear()
