"""What not every backend has: hooks that have a default, and what later contracts ask for."""

from __future__ import annotations

from functools import wraps
from typing import Any, Callable

from keras_core.plugins import Backend, current_backend
from keras_core.plugins.discovery import backend_info, find

# Primitives that a backend need not lower, though there is nothing else that they could become.
OPTIONAL = {"all_reduce"}


class NotOffered(Exception):
    """The backend leaves a hook as it is, or is older; its checks are counted as not offered."""


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


def since(*api: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks a check of what the contract did not ask for before a version.

    Backends that were written for an older one do not offer it, and pass all the same.
    """

    def mark(check: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(check)
        def spared(*args: Any, **kwargs: Any) -> Any:
            if backend_info(find(current_backend().name)).api < api:
                raise NotOffered(f"what contract {'.'.join(map(str, api))} asks")
            return check(*args, **kwargs)

        return spared

    return mark


def want_lowered(primitive: str) -> None:
    """Passes where the backend in use lowers a primitive, or has to.

    Raises:
        NotOffered: it need not, and does not.
    """
    lowerings = current_backend().lowerings
    if primitive in OPTIONAL and lowerings and primitive not in lowerings:
        raise NotOffered(primitive)
