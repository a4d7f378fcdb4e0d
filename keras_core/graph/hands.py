"""Hands: who works on variables, so that each sees whole states.

A variable goes from one backend to another while no call of a program works on it, and a call that
writes variables has them to itself. A call first announces itself, and then looks whether its
backend holds all of its variables and nobody is in the way; that takes no lock. Whoever is in the
way announces that likewise before looking, so that one of the two sees the other, whichever comes
first; then they take turns.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import takewhile
from threading import Condition, get_ident
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

if TYPE_CHECKING:
    from keras_core.graph.tensor import Variable

# One thread at a time gives a variable a value or carries it from one backend to another.
turn = Condition()


# What a call is known by, with the thread that it is in.
Call = tuple[int, object]


class Hold(NamedTuple):
    """A backend, and variables that it holds while it works on them.

    Attributes:
        backend: the backend, None where variables are read or written from outside.
        variables: the variables.
        written: those among them that get new values.
        alone: whether no other call may run meanwhile, whatever it works on.
    """

    backend: Any
    variables: Sequence[Variable]
    written: frozenset[Variable] = frozenset()
    alone: bool = False

    def excludes(self, other: Hold) -> bool:
        """Whether both want one variable in different hands."""
        return (
            self.backend is not other.backend
            and None not in (self.backend, other.backend)
            and not set(self.variables).isdisjoint(other.variables)
        )

    def disturbs(self, other: Hold) -> bool:
        """Whether one of both writes what the other one reads or writes, or wants to be alone."""
        if self.alone or other.alone:
            return True
        return bool(self.written or other.written) and not (
            self.written.isdisjoint(other.variables) and other.written.isdisjoint(self.variables)
        )


_running: dict[Call, Hold] = {}
_waiting: dict[Call, Hold] = {}

# Backends whose engines' threads a fork would wait for: those at work here, those lost by a fork.
_threaded: set[Any] = set()
_lost: set[Any] = set()


def at_work(backend: Any) -> None:
    """Notes that a backend's engine may have threads of its own from now on."""
    if not getattr(backend, "survives_fork", True):
        _threaded.add(backend)


def _forget_other_threads() -> None:
    """In a fork there is one thread, which must not wait for those that there were."""
    _lost.update(_threaded)
    _running.clear()
    _waiting.clear()
    turn.__init__()  # type: ignore[misc]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)


def run_holding(hold: Hold, run: Callable[..., Any], *arguments: Any) -> Any:
    """Calls `run` with variables in a backend's hands from the begin to the end of the call.

    Raises:
        RuntimeError: this process was forked from one in which the backend's engine had run.
    """
    if _lost:
        _refuse_lost(hold.backend)
    call = (get_ident(), object())
    try:
        _running[call] = hold
        if not _is_ready(call, hold):
            _take(call, hold, stays=True)
        return run(*arguments)
    finally:
        _leave(call)


def _refuse_lost(backend: Any) -> None:
    if backend in _lost:
        raise RuntimeError(
            f"This process was forked from one in which the backend {backend.name!r} had run; its "
            "engine's threads are missing here, and it would wait for them for ever. Start "
            "processes anew: multiprocessing.set_start_method('spawn'), or joblib's backend 'loky' "
            "instead of 'multiprocessing'."
        )


@contextmanager
def held_still(variables: Sequence[Variable], writes: bool = False) -> Iterator[None]:
    """While it lasts, no other thread writes variables; nor does one read them, if this writes."""
    with _announced(Hold(None, variables, frozenset(variables if writes else ()))):
        yield


def nothing_runs() -> AbstractContextManager[None]:
    """A context in which no other thread runs a program; libraries do not fork well within one."""
    return _announced(Hold(None, (), alone=True))


@contextmanager
def _announced(hold: Hold) -> Iterator[None]:
    call = (get_ident(), object())
    try:
        _take(call, hold, stays=True)
        yield
    finally:
        _leave(call)


def _leave(call: Call) -> None:
    _running.pop(call, None)
    if _waiting:
        with turn:
            turn.notify_all()


def _is_ready(call: Call, hold: Hold) -> bool:
    backend = hold.backend
    for variable in hold.variables:
        if variable.owner is not backend:
            return False
    return not _waiting and (len(_running) == 1 or not _is_kept_waiting(call, hold))


def take(hold: Hold) -> None:
    """Carries variables over to a backend, as soon as no call of another one works on them."""
    _take((get_ident(), object()), hold, stays=False)


def _take(call: Call, hold: Hold, stays: bool) -> None:
    """Does so; a call that `stays` is announced anew before anybody else can take them."""
    with turn:
        try:
            _waiting[call] = hold
            if _running.pop(call, None):
                turn.notify_all()
            while _is_kept_waiting(call, hold):
                turn.wait()
            for variable in hold.variables if hold.backend else ():
                variable.go_to(hold.backend)
            if stays:
                _running[call] = hold
        finally:
            _waiting.pop(call, None)
            turn.notify_all()


def _is_kept_waiting(call: Call, hold: Hold) -> bool:
    """Whether running calls, or those that wait for longer, are in the way."""
    running = list(_running.items())
    earlier = takewhile(lambda other: other[0] is not call, list(_waiting.items()))
    # A call within a call, in one thread, waits for nobody to be done writing, nor for those who
    # wait for the outer call to end.
    is_inner = any(thread == call[0] and number is not call[1] for (thread, number), _ in running)
    return any(
        hold.excludes(other) or (thread != call[0] and hold.disturbs(other))
        for (thread, number), other in (running if is_inner else [*running, *earlier])
        if number is not call[1]
    )
