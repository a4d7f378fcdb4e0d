"""Errors of a running program, with the layer and the user's line that built the failing node."""

from __future__ import annotations

from keras_core.graph import Node

_BUILT = "built by "


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
