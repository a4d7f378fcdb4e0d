"""Calls of Keras 1 in running programs: the classes and methods of the table take them as well."""

from __future__ import annotations

import functools
import sys
import warnings
from contextvars import ContextVar
from typing import Any, Callable, TypeVar, cast

from keras_core.legacy import names
from keras_core.legacy.call import OldCall, shown
from keras_core.legacy.conversion import converted, today
from keras_core.legacy.table import CLASSES, FUNCTIONS, METHODS, PARAMS, Row

Function = TypeVar("Function", bound=Callable[..., Any])

_SHOWN = {"Network": "Model"}
_told: ContextVar[bool] = ContextVar("keras_core_told", default=False)


def is_told() -> bool:
    """Whether a call is running that was warned of as one of Keras 1."""
    return _told.get()


class TakesOldCalls:
    """The base of classes that the table may name.

    Where keras_core defines one, its constructor and methods get to know the calls of Keras 1;
    subclasses of users inherit that.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith("keras_core."):
            _adapt(cls)


def _adapt(cls: type) -> None:
    row = CLASSES.get(cls.__name__)
    if row is not None:
        name = _SHOWN.get(cls.__name__, cls.__name__)
        init: Callable[..., Any] = getattr(cls, "__init__")  # noqa: B009
        setattr(cls, "__init__", taking_old_calls(name, row, init))  # noqa: B010
    for base in cls.__mro__:
        for method, row in METHODS.get(base.__name__, {}).items():
            if method in vars(cls):
                setattr(cls, method, taking_old_calls(method, row, vars(cls)[method]))


def taking_old_calls(name: str, row: Row, method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that takes calls of Keras 1 too, and says how they are written now.

    Args:
        name: what is called, as messages name it.
        row: what the table says of it.
        method: the method; it sees calls of Keras 2 alone.
    """
    marks, unlike = row.marks, row.unlike
    most = sys.maxsize if row.positional is None else len(row.positional)
    most = -1 if row.always else most

    @functools.wraps(method)
    def either(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        # What is written for Keras 2 shall cost no more than to be told.
        if (
            len(args) <= most
            and marks.isdisjoint(kwargs)
            and not (unlike and args and isinstance(args[0], unlike))
        ):
            return method(self, *args, **kwargs)
        call = converted(name, row, args, kwargs)
        if call.is_old:
            tell(call, depth=1)
        before = _told.set(call.is_old)
        try:
            return method(self, *call.args, **call.kwargs)
        finally:
            _told.reset(before)

    vars(either)["_original_function"] = method
    return either


def refusing_old_names(path: str) -> Callable[[Function], Function]:
    """Decorates what Keras 2 had take no old names, so that it says which are written now.

    A program that says `import keras` may have been written for Keras 1: it is told, and gets on.

    Args:
        path: its module and name, as in the table of functions.
    """
    row, name = FUNCTIONS[path], path.rpartition(".")[2]
    marks = row.marks

    def decorate(function: Function) -> Function:
        own = 1 if function.__name__ == "__init__" else 0

        @functools.wraps(function)
        def either(*args: Any, **kwargs: Any) -> Any:
            if marks.isdisjoint(kwargs):
                return function(*args, **kwargs)
            if not names.is_answered():
                raise _refusal(name, row, kwargs)
            call = converted(name, row, args[own:], kwargs)
            tell(call, depth=1)
            return function(*args[:own], *call.args, **call.kwargs)

        return cast(Function, either)

    return decorate


class RunParams(dict[str, Any]):
    """What callbacks are told of a run, by the names of Keras 1 too where a program may be old."""

    def __missing__(self, name: str) -> Any:
        today = PARAMS.get(name, name)
        if today == name or today not in self or not names.is_answered():
            raise KeyError(name)
        warn(f"params[{name!r}] is a name of Keras 1. Write params[{today!r}].", depth=1)
        return self[today]


def _refusal(name: str, row: Row, kwargs: dict[str, Any]) -> TypeError:
    old = next(iter(row.marks.intersection(kwargs)))
    if old not in row.renamed:
        return TypeError(f"{name} takes no {old}, as it did in Keras 1. Leave it out.")
    new = f"{row.renamed[old]}={shown(today(row, old, kwargs[old]))}"
    return TypeError(f"{name} takes no {old}, its name in Keras 1. Write {new}.")


def tell(call: OldCall, depth: int, called: str | None = None) -> None:
    """Warns of a call of Keras 1, with the one to write instead.

    Args:
        call: the call, converted.
        depth: how many frames above the caller of this function the call is.
        called: what was called, where it has another name now.
    """
    written = f"`{called or call.name}` is called as in Keras 1. Write `{call.text()}`."
    warn(" ".join([written, *call.notes]), depth + 1)


def warn(text: str, depth: int) -> None:
    """Warns of something of Keras 1.

    Args:
        text: what is old, and what to write.
        depth: how many frames above the caller of this function the program is that wrote it.
    """
    warnings.warn(text, UserWarning, stacklevel=depth + 2)
