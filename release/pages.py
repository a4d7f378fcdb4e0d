"""What a package index makes of the READMEs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from readme_renderer import markdown

from release.processes import run
from release.wheels import Wheel


class _Links(HTMLParser):
    """Notes where links and pictures of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.targets += [value or "" for name, value in attrs if name in ("href", "src")]


def faults(dist: Path, wheels: list[Wheel]) -> Iterator[str]:
    """Renders the READMEs as package indexes do, and has twine look at all files.

    Args:
        dist: folder of the sdists and wheels.
        wheels: the wheels in it.
    """
    run(sys.executable, "-m", "twine", "check", "--strict", *sorted(dist.iterdir()))
    for wheel in wheels:
        for fault in _readme_faults(wheel.readme):
            yield f"{wheel.name}: {fault}"


def _readme_faults(text: str) -> Iterator[str]:
    page = markdown.render(text) or ""
    if "<h1" not in page:
        yield "the README is not rendered"
    links = _Links()
    links.feed(page)
    for target in links.targets:
        if not target.startswith(("https://", "#")):
            yield f"the README leads to {target!r}, which is nowhere on the page of an index"
