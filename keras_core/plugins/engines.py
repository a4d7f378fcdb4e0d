"""What plugins ask of an engine without importing it: whether it is there, and in which version."""

from __future__ import annotations

import re
from importlib import metadata
from typing import NamedTuple


class Release(NamedTuple):
    """An installed distribution and its version."""

    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"


def installed_release(*distributions: str) -> Release | None:
    """Finds the first of several distributions that is installed; None where none is."""
    for name in distributions:
        try:
            return Release(name, metadata.version(name))
        except metadata.PackageNotFoundError:
            continue
    return None


def is_within(version: str, least: str, below: str) -> bool:
    """Whether a version is at least one and below another; that is so where it is not known."""
    return not version or _numbers(least) <= _numbers(version) < _numbers(below)


def _numbers(version: str) -> tuple[int, ...]:
    """The release in a version, so that '2.16.0rc1' counts as 2.16."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, found.group().split("."))) if found else ()
