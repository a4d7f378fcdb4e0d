"""Where a node came from: the layer whose call built it and the user's line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_layer: ContextVar[str | None] = ContextVar("keras_core_layer", default=None)


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


def here() -> Origin:
    """The current layer and the nearest stack frame outside of this package."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back  # type: ignore[assignment]
    if frame is None:
        return Origin(_layer.get(), None, 0)
    return Origin(_layer.get(), frame.f_code.co_filename, frame.f_lineno)
