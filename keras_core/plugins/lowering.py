"""A backend's lowerings: collected from the files of its families, and which nodes they serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Callable

from keras_core.graph.primitive import PRIMITIVES, Node


def collect_lowerings(families: Iterable[Any], **others: Any) -> Mapping[str, Any]:
    """Joins the tables of several modules into the one that a `Backend` gives as `lowerings`.

    Args:
        families: modules (or other objects) with an attribute `LOWERINGS`, a mapping from the name
            of a primitive to what lowers it.
        **others: what lowers further primitives, by name.

    Returns:
        A read-only mapping.

    Raises:
        ValueError: a primitive is lowered twice, or there is none of that name.
    """
    table: dict[str, Any] = {}
    for lowerings in (*(family.LOWERINGS for family in families), others):
        for name, lowering in lowerings.items():
            if name in table:
                raise ValueError(f"Primitive {name!r} is lowered twice.")
            if name not in PRIMITIVES:
                raise ValueError(f"There is no primitive {name!r} to lower.")
            table[name] = lowering
    return MappingProxyType(table)


def only_where(takes: Callable[[Node], bool]) -> Callable[[Any], Any]:
    """Marks a lowering that serves some nodes of its primitive; the others are decomposed.

    Args:
        takes: whether the lowering serves a node, by its parameters and the specs of its inputs.
    """

    def mark(lowering: Any) -> Any:
        lowering.takes = takes
        return lowering

    return mark
