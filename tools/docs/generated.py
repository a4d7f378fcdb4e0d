"""The pages of the site that are made of the code, its tests and its examples."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tools.docs import backends, reference, speed, systems, texts


@lru_cache(maxsize=1)
def pages() -> dict[str, str]:
    """Markdown by the address of the page."""
    found = reference.pages()
    return {
        "backends/lowerings.md": backends.lowerings_page(),
        "systems.md": systems.page(),
        "gallery.md": texts.gallery(),
        "changelog.md": texts.changelog(),
        "reference/index.md": reference.index(found),
        **{page.address: reference.text_of(page) for page in found},
    }


# What a page of docs/ asks for by `<!-- generated: NAME -->`.
PARTS = {
    "backends": backends.table,
    "speed": speed.of_models,
    "ranks": speed.of_ranks,
    "slow_link": speed.of_a_slow_link,
}


_GROUPS = {"layers": "Layers", "backend": "K, the backend", "preprocessing": "Preprocessing"}


def navigation() -> list[Any]:
    """The reference's entry in the navigation: pages, and groups of pages of one module."""
    entries: dict[str, Any] = {}
    for page in reference.pages():
        group = page.address.split("/")[1]
        if group in _GROUPS:
            entries.setdefault(group, {_GROUPS[group]: []})
            entries[group][_GROUPS[group]].append({page.title: page.address})
        else:
            entries[page.address] = {page.title: page.address}
    return list(entries.values())
