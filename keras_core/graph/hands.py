"""Hands: a variable goes from one backend to another while no call of a program works on it.

A call first announces itself, and then looks whether its backend holds all of its variables and
nobody waits; that takes no lock. Whoever takes variables first announces that, and then looks at
the running calls. So one of the two sees the other, whichever comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from threading import Condition
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

if TYPE_CHECKING:
    from keras_core.graph.tensor import Variable

# One thread at a time gives a variable a value or carries it from one backend to another.
turn = Condition()


class Hold(NamedTuple):
    """A backend, and variables that it holds while it works on them."""

    backend: Any
    variables: Sequence[Variable]

    def excludes(self, other: Hold) -> bool:
        """Whether both want one variable in different hands."""
        return self.backend is not other.backend and not set(self.variables).isdisjoint(
            other.variables
        )


_running: dict[object, Hold] = {}
_waiting: dict[object, Hold] = {}


def run_holding(hold: Hold, run: Callable[..., Any], *arguments: Any) -> Any:
    """Calls `run` with variables in a backend's hands from the begin to the end of the call."""
    call = object()
    _running[call] = hold
    try:
        if not _is_ready(hold):
            _take(call, hold, stays=True)
        return run(*arguments)
    finally:
        _running.pop(call, None)
        if _waiting:
            with turn:
                turn.notify_all()


def _is_ready(hold: Hold) -> bool:
    backend = hold.backend
    for variable in hold.variables:
        if variable.owner is not backend:
            return False
    return not _waiting


def take(hold: Hold) -> None:
    """Carries variables over to a backend, as soon as no call of another one works on them."""
    _take(object(), hold, stays=False)


def _take(call: object, hold: Hold, stays: bool) -> None:
    """Does so; a call that `stays` is announced anew before anybody else can take them."""
    with turn:
        _waiting[call] = hold
        if _running.pop(call, None):
            turn.notify_all()
        try:
            while _is_kept_waiting(call, hold):
                turn.wait()
            for variable in hold.variables:
                variable.go_to(hold.backend)
            if stays:
                _running[call] = hold
        finally:
            del _waiting[call]
            turn.notify_all()


def _is_kept_waiting(call: object, hold: Hold) -> bool:
    """Whether running calls, or those that wait for longer, want the variables elsewhere."""
    earlier = takewhile(lambda other: other is not call, _waiting)
    others = [*list(_running.values()), *(_waiting[other] for other in earlier)]
    return any(hold.excludes(other) for other in others)
