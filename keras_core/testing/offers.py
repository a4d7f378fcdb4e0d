"""Hooks of the contract that have a default, so that not every backend has something there."""

from __future__ import annotations

from typing import Any

from keras_core.plugins import Backend, current_backend

# Primitives that a backend need not lower, though there is nothing else that they could become.
OPTIONAL = {"all_reduce"}


class NotOffered(Exception):
    """The backend leaves a hook as it is; its checks are counted as not offered."""


def offered(hook: str) -> Any:
    """What the backend in use has for a hook.

    Args:
        hook: name of an attribute of `Backend`.

    Raises:
        NotOffered: it is the default.
    """
    found, default = getattr(current_backend(), hook), getattr(Backend, hook)
    if getattr(found, "__func__", found) is default:
        raise NotOffered(hook)
    return found


def want_lowered(primitive: str) -> None:
    """Passes where the backend in use lowers a primitive, or has to.

    Raises:
        NotOffered: it need not, and does not.
    """
    lowerings = current_backend().lowerings
    if primitive in OPTIONAL and lowerings and primitive not in lowerings:
        raise NotOffered(primitive)
