"""One thread at a time assembles: calls layers on tensors, makes weights, objectives, functions.

Layers that threads share keep records of their calls, which must not mix. What has been assembled
is used without a lock.
"""

from __future__ import annotations

from functools import wraps
from threading import RLock
from typing import Any, Callable

# Taken again by the thread that holds it, for a layer calls other layers.
assembling = RLock()


def in_turn(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a method that one thread at a time may be in."""

    @wraps(method)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        with assembling:
            return method(*args, **kwargs)

    return guarded


def made(table: dict[Any, Any], key: Any, make: Callable[..., Any], *arguments: Any) -> Any:
    """The entry of a table, made by one thread when it is first asked for.

    Args:
        table: made entries, none of them None, each whole as soon as it is there.
        key: which one.
        make: function of `arguments` that makes it.
        *arguments: what `make` is given.
    """
    found = table.get(key)
    if found is None:
        with assembling:
            found = table.get(key)
            if found is None:
                found = table[key] = make(*arguments)
    return found
