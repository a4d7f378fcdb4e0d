"""Where a node came from: the layer whose call built it and the user's line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from keras_core.callers import users_frame

if TYPE_CHECKING:
    from keras_core.graph.primitive import Node

_BUILT = "built by "
_layer: ContextVar[str | None] = ContextVar("keras_core_layer", default=None)
_given: ContextVar[Origin | None] = ContextVar("keras_core_origin", default=None)


class Origin(NamedTuple):
    """The layer (or None) and the place in the user's code that built a node."""

    layer: str | None
    file: str | None
    line: int

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file else "unknown place"
        return f"layer {self.layer!r}, {place}" if self.layer else place


@contextmanager
def layer_scope(name: str) -> Iterator[None]:
    """Names the layer for all nodes built inside; scopes nest as `outer/inner`."""
    outer = _layer.get()
    token = _layer.set(f"{outer}/{name}" if outer else name)
    try:
        yield
    finally:
        _layer.reset(token)


@contextmanager
def origin_scope(origin: Origin) -> Iterator[None]:
    """Gives an origin to all nodes built inside, which derive from the node that has it."""
    token = _given.set(origin)
    try:
        yield
    finally:
        _given.reset(token)


def here() -> Origin:
    """The origin in scope, else the current layer and the nearest line of the user's."""
    given = _given.get()
    if given is not None:
        return given
    frame, _ = users_frame()
    if frame is None:
        return Origin(_layer.get(), None, 0)
    return Origin(_layer.get(), frame.f_code.co_filename, frame.f_lineno)


def named(error: Exception, node: Node) -> Exception:
    """An error, of the same type, told with the node that failed; itself where it says that."""
    if _BUILT in str(error):
        return error
    text = f"{error} ({place_of(node)})"
    try:
        return type(error)(text)
    except Exception:
        return RuntimeError(text)


def place_of(node: Node) -> str:
    """Where a node comes from, as messages tell it: its primitive, its layer and its line."""
    return f"in {node.primitive.name}, {_BUILT}{node.origin}"
