"""Names: unique numbers for layers, and scopes that prefix the names of variables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from threading import Lock

from keras_core.attempt import undo_by
from keras_core.graph.compiling import templates

_uids: dict[str, int] = {}
_counting = Lock()
_scope: ContextVar[str] = ContextVar("keras_core_name_scope", default="")


def get_uid(prefix: str = "") -> int:
    """Counts the uses of a prefix.

    Args:
        prefix: what is counted, such as a layer's class in snake case.

    Returns:
        1 at the first call with this prefix, then 2, 3, …

    Example:
        >>> K.get_uid("branch"), K.get_uid("branch")
        (1, 2)
    """
    with _counting:
        number = _uids[prefix] = _uids.get(prefix, 0) + 1
    undo_by(partial(_take_back, prefix, number))
    return number


def _take_back(prefix: str, number: int) -> None:
    """Undoes a use of a prefix, unless another one came after it."""
    with _counting:
        if _uids.get(prefix) == number:
            _uids[prefix] = number - 1
            if number == 1:
                del _uids[prefix]


def reset_uids() -> None:
    """Starts all counts of `get_uid` again.

    Example:
        >>> K.reset_uids()
        >>> K.get_uid("branch")
        1
    """
    _uids.clear()


def clear_session() -> None:
    """Starts names and the learning phase again, and forgets what was compiled for later models.

    Engines let go of it as well: what runs on afterwards may be compiled anew.

    Graphs and variables are freed as soon as nobody refers to them, with or without this call.

    Example:
        >>> layers.Dense(1).name == layers.Dense(1).name  # names are counted
        False
        >>> K.clear_session()
        >>> layers.Dense(1).name
        'dense_1'
    """
    from keras_core.backend.phase import unset_learning_phase
    from keras_core.plugins.discovery import let_engines_forget

    templates.clear()
    let_engines_forget()
    reset_uids()
    unset_learning_phase()


@contextmanager
def name_scope(name: str) -> Iterator[str]:
    """Prefixes the names of variables and placeholders made inside with `name/`; scopes nest.

    Args:
        name: the prefix; `''` starts again without one.

    Example:
        >>> with K.name_scope("block"):
        ...     w = K.variable(0.0, name="w")
        >>> w.name
        'block/w:0'
    """
    token = _scope.set(f"{_scope.get()}{name}/" if name else "")
    try:
        yield _scope.get()
    finally:
        _scope.reset(token)


def open_scopes() -> list[str]:
    """The names of the scopes around, from the outermost."""
    return _scope.get().split("/")[:-1]


def scoped(name: str) -> str:
    """`name` with the prefix of the scopes around."""
    return _scope.get() + name
