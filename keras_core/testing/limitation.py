"""A backend's limitations, applied strictly to the checks of the kit."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Callable

from keras_core.plugins.contract import Limitation


def limitation_of(name: str, limitations: Iterable[Limitation]) -> Limitation | None:
    """The first limitation whose pattern covers a check, named `case/check`."""
    return next((known for known in limitations if fnmatchcase(name, known.cases)), None)


def run_strictly(name: str, check: Callable[[], None], limitations: Iterable[Limitation]) -> None:
    """Runs a check that must pass, or must fail where a limitation covers it.

    Raises:
        AssertionError: it fails; or it passes although a limitation says that it cannot.
    """
    known = limitation_of(name, limitations)
    if known is None:
        check()
        return
    try:
        check()
    except Exception:
        return
    raise AssertionError(
        f"{name} passes, although the limitation {known.cases!r} says it cannot "
        f"({known.reason}); narrow or remove it."
    )
