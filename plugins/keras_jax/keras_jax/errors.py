"""Errors of a running function, with the layer and the user's line that built the failing node."""

from __future__ import annotations

from typing import Any

from keras_core.graph import Node

_BUILT = "built by "

# Beyond any machine's memory. XLA would find out when it runs, and not say where.
_MOST_BYTES = 1 << 44


def named(error: Exception, node: Node) -> Exception:
    """The error, told with the node that failed; itself where it says that already."""
    if _BUILT in str(error):
        return error
    text = f"{error} ({place_of(node)})"
    try:
        return type(error)(text)
    except Exception:
        return RuntimeError(text)


def place_of(node: Node) -> str:
    return f"in {node.primitive.name}, {_BUILT}{node.origin}"


def refuse_vast(result: Any) -> None:
    """Refuses what no memory holds.

    Raises:
        MemoryError: it is such a result.
    """
    size = result.size * result.dtype.itemsize
    if size > _MOST_BYTES:
        raise MemoryError(f"an array of shape {result.shape} would take {size} bytes")
