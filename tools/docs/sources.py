"""All pages of the site as Markdown: those that people wrote, and those that are made."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from tools.docs import generated

# A block of the shell, without a title, all of whose lines install something.
_COMMAND = r" *(?:pip install|git clone|npm install) [^\n]*\n"
_INSTALLING = re.compile(rf"(^ *```sh)(\n(?:{_COMMAND})+ *```$)", re.MULTILINE)

DOCS = Path(__file__).parents[2] / "docs"


@lru_cache(maxsize=1)
def pages() -> dict[str, str]:
    """Markdown by the address of the page, as MkDocs gets it."""
    written = {
        path.relative_to(DOCS).as_posix(): with_parts(path.read_text(encoding="utf-8"))
        for path in sorted(DOCS.rglob("*.md"))
    }
    return {**written, **generated.pages()}


def with_parts(markdown: str) -> str:
    """Puts in what a page asks for by `<!-- generated: NAME -->`, and marks what installs."""
    whole = re.sub(
        r"<!-- generated: (\w+) -->", lambda found: generated.PARTS[found[1]](), markdown
    )
    return _INSTALLING.sub(r'\1 title="not run here: it installs"\2', whole)
