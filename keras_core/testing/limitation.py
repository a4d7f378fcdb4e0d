"""A backend's limitations, applied strictly to the checks of the kit."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from keras_core.plugins.contract import Limitation


def limitation_of(name: str, limitations: Iterable[Limitation]) -> Limitation | None:
    """The first limitation whose pattern covers a check."""
    return next((known for known in limitations if fnmatchcase(name, known.cases)), None)


def refuse_passing(name: str, known: Limitation) -> None:
    """Refuses a limitation that is none.

    Raises:
        AssertionError: always.
    """
    raise AssertionError(
        f"{name} passes, although the limitation {known.cases!r} says it cannot "
        f"({known.reason}); narrow or remove it."
    )


def unused(limitations: Iterable[Limitation], names: Iterable[str]) -> list[str]:
    """The patterns that cover no check of those with these names."""
    names = list(names)
    return [x.cases for x in limitations if not any(fnmatchcase(name, x.cases) for name in names)]
