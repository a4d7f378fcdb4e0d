"""Signatures as the reference shows them."""

from __future__ import annotations

import inspect
import re
from typing import Any


def signature(value: Any, width: int = 0) -> str:
    """The arguments with their defaults, a line each where one line is too short."""
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return "(…)"
    plain = [p.replace(annotation=p.empty) for p in found.parameters.values() if p.name != "self"]
    words = [re.sub(r"<(function|class) '?([\w.]+).*?>", r"\2", str(p)) for p in plain]
    words = _with_star(plain, words)
    line = f"({', '.join(words)})"
    if len(line) + width <= 84:
        return line
    return "(\n" + "".join(f"    {word},\n" for word in words) + ")"


def _with_star(parameters: list[inspect.Parameter], words: list[str]) -> list[str]:
    kinds = [p.kind for p in parameters]
    only = inspect.Parameter.KEYWORD_ONLY
    if only in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds:
        words.insert(kinds.index(only), "*")
    return words
