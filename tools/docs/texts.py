"""Pages that are texts of the repository: the examples' list and the changelog."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
_CODE = "https://github.com/keras-core/keras-core/blob/main/examples"


def changelog() -> str:
    """The changelog as it is."""
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def gallery() -> str:
    """The examples in the order of their list, each with its picture and what it teaches."""
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    head, _, _ = readme.partition("\n| | |")
    intro = head.partition("\n\n")[2].replace(
        "```sh", '```sh title="not run here: the examples have a test of their own"'
    )
    intro = intro.replace("](notebooks/", f"]({_CODE}/notebooks/")
    found = re.findall(r"\[`(\w+)\.py`\]\(\w+\.py\): (.*?) \|", readme)
    parts = ["# Gallery", intro.strip(), *(_card(name, text) for name, text in found)]
    return "\n\n".join(parts) + "\n"


def _card(name: str, text: str) -> str:
    about = ast.get_docstring(ast.parse((EXAMPLES / f"{name}.py").read_text("utf-8"))) or ""
    more = about.partition("\n\n")[2].strip()
    picture = f"![What {name}.py draws](pictures/{name}.png)"
    title = f"## {text[0].upper()}{text[1:]} {{ #{name} }}"
    return "\n\n".join(
        part for part in (title, f"[`{name}.py`]({_CODE}/{name}.py)", picture, more) if part
    )


def pictures() -> list[Path]:
    """What the gallery shows."""
    return sorted((EXAMPLES / "pictures").glob("*.png"))
