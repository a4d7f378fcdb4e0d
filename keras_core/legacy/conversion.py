"""Turns the arguments of a call of Keras 1 into those of Keras 2, by the table."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from keras_core.legacy.call import OldCall, shown
from keras_core.legacy.table import Row


def converted(name: str, row: Row, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OldCall:
    """The same call in the words of Keras 2.

    Args:
        name: what is called, as messages name it.
        row: what the table says of it.
        args: positional arguments.
        kwargs: keyword arguments; not changed.

    Returns:
        The call; its `is_old` says whether anything was as in Keras 1.

    Raises:
        TypeError: too many positional arguments, or one argument under both of its names.
        ValueError: arguments that contradict each other.
    """
    call = OldCall(name, args, kwargs)
    for rule in row.rules:
        rule(call)
    _refuse_positional(call, row)
    for old, new in row.renamed.items():
        if old in call.kwargs:
            call.rename(old, new, today(row, old, call.kwargs[old]))
    return call


def today(row: Row, old: str, value: Any) -> Any:
    """A value of an old argument as it is written now."""
    known = row.values.get(old, {})
    return known.get(value, value) if isinstance(value, Hashable) else value


def _refuse_positional(call: OldCall, row: Row) -> None:
    if row.positional is not None and len(call.args) > len(row.positional):
        allowed = f"{list(row.positional)} by position" if row.positional else "none by position"
        raise TypeError(
            f"{call.name} takes {allowed}, but was given {shown(call.args)}. The order of the "
            "others has changed since Keras 1: write them by name."
        )
