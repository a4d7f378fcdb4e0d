"""What a module shows of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def listing(names: Iterable[str]) -> Callable[[], list[str]]:
    """A `__dir__` that lists these names of a module, and not what the module imports.

    Other names can still be asked for.

    Args:
        names: the module's `__all__`.
    """
    shown = sorted(names)
    return lambda: list(shown)
