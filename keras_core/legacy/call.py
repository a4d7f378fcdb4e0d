"""A call on its way from Keras 1 to Keras 2: its arguments, and how it is written."""

from __future__ import annotations

from typing import Any


class OldCall:
    """The arguments of one call, which rules change in place.

    The values are those of a running program, or stand for expressions in its text; rules put them
    into tuples and compare them with plain values, and do nothing else to them.

    Args:
        name: what is called, as messages name it.
        args: positional arguments.
        kwargs: keyword arguments.

    Attributes:
        is_old: whether anything was written as in Keras 1.
        written: keyword to the value to write for the one that is passed, where they differ.
        notes: sentences on what has no place in Keras 2.
        applied: what the result is called on in its turn; None where it is not.
    """

    def __init__(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.name = name
        self.args = args
        self.kwargs = dict(kwargs)
        self.is_old = False
        self.written: dict[str, Any] = {}
        self.notes: list[str] = []
        self.applied: Any = None

    def take(self, name: str) -> Any:
        """Removes a keyword that Keras 1 had, and returns its value."""
        self.is_old = True
        return self.kwargs.pop(name)

    def put(self, old: str, new: str, value: Any) -> None:
        """Gives a keyword that stands for an old one.

        Raises:
            TypeError: it is given already.
        """
        if new in self.kwargs:
            raise both_given(self.name, old, new)
        self.is_old = True
        self.kwargs[new] = value

    def rename(self, old: str, new: str, value: Any) -> None:
        """Replaces a keyword by another in its place.

        Raises:
            TypeError: the other is given already.
        """
        if new in self.kwargs:
            raise both_given(self.name, old, new)
        self.is_old = True
        pairs = [(new, value) if name == old else (name, v) for name, v in self.kwargs.items()]
        self.kwargs = dict(pairs)

    def drop(self, name: str, note: str) -> Any:
        """Removes a keyword that has no meaning any more, says why, and returns its value."""
        self.notes.append(note)
        return self.take(name)

    def text(self) -> str:
        """The call as a program writes it."""
        given = [shown(value) for value in self.args]
        named = {**self.kwargs, **self.written}
        given += [f"{name}={shown(value)}" for name, value in named.items()]
        applied = "" if self.applied is None else f"({shown(self.applied)})"
        return f"{self.name}({', '.join(given)}){applied}"


class Written:
    """A value that is written with others in it.

    Args:
        template: the text, with `{}` for each of them.
        values: the others.
    """

    def __init__(self, template: str, *values: Any) -> None:
        self.template = template
        self.values = values


def both_given(call: str, old: str, new: str) -> TypeError:
    """The error where an argument comes by its old and by its new name."""
    return TypeError(
        f"{call} got both {old} and {new}, which are two names of one argument; write {new} alone."
    )


def shown(value: Any) -> str:
    """A value in a message: plain ones as they are written."""
    if isinstance(value, (list, tuple)):
        inner = ", ".join(map(shown, value))
        comma = "," * (isinstance(value, tuple) and len(value) == 1)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{comma})"
    if isinstance(value, Written):
        return value.template.format(*map(shown, value.values))
    if isinstance(value, OldCall):
        return value.text()
    if isinstance(value, (bool, int, float, str, type(None))):
        return _shortened(repr(value))
    return "..."


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:76]}..."
