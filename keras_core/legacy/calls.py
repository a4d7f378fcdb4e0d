"""Calls of Keras 1 in running programs: the classes and methods of the table take them as well."""

from __future__ import annotations

import functools
import sys
import warnings
from typing import Any, Callable

from keras_core.legacy.call import OldCall
from keras_core.legacy.conversion import converted
from keras_core.legacy.table import CLASSES, METHODS, Row

_SHOWN = {"Network": "Model"}


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
        return method(self, *call.args, **call.kwargs)

    vars(either)["_original_function"] = method
    return either


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
