"""Say what the primitives take and give, for authors of backends."""

from __future__ import annotations

import argparse
import sys
from difflib import get_close_matches


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("name", nargs="?", help="a primitive; all of them, a line each, without")
    parser.add_argument("--markdown", action="store_true", help="write docs/primitives.md")


def run(chosen: argparse.Namespace) -> int:
    """Prints the list, one primitive, or the page.

    Returns:
        1 where there is no such primitive.
    """
    from keras_core.cli.primitive_facts import listed, page, told
    from keras_core.graph import PRIMITIVES

    if chosen.name is not None and chosen.name not in PRIMITIVES:
        print(f"keras-core: {_unknown(chosen.name, list(PRIMITIVES))}", file=sys.stderr)
        return 1
    found = list(PRIMITIVES.values()) if chosen.name is None else [PRIMITIVES[chosen.name]]
    if chosen.markdown:
        print(page(found), end="")
    else:
        print("\n".join(listed(found) if chosen.name is None else told(found[0])))
    return 0


def _unknown(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names) or [known for known in names if name in known]
    hint = f"did you mean {', '.join(near)}?" if near else "`keras-core primitives` lists them."
    return f"there is no primitive {name!r}; {hint}"
