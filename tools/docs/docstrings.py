"""Docstrings as Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

_OF_ITEMS = ("Args", "Attributes", "Raises")
_SECTION = re.compile(rf"^({'|'.join(_OF_ITEMS)}|Returns|Yields|Examples?|Note):[ ]*(.*)$")
_ITEM = re.compile(r"^(\*{0,2}[\w.]+(?:, \*{0,2}[\w.]+)*): +(.*)$", re.DOTALL)
_CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)


def as_markdown(docstring: str) -> str:
    """Turns a cleaned docstring with sections such as `Args:` into Markdown."""
    return "\n\n".join(_rendered(title, body) for title, body in _sections(docstring)).strip()


def _sections(docstring: str) -> Iterator[tuple[str, str]]:
    """Pairs of a title ('' for plain text) and the lines that belong to it."""
    title = ""
    lines: list[str] = []
    for line in docstring.splitlines():
        start = _SECTION.match(line)
        if start or (title and line and not line.startswith(" ")):
            yield title, "\n".join(lines)
            title, lines = (start[1], [start[2]]) if start else ("", [line])
        else:
            lines.append(line)
    yield title, "\n".join(lines)


def _rendered(title: str, body: str) -> str:
    body = textwrap.dedent(body.strip("\n"))
    if not body:
        return ""
    if title.startswith("Example"):
        return f"**{title}**\n\n{_examples(body)}"
    if title in _OF_ITEMS:
        return f"**{title}**\n\n" + "\n".join(map(_item, _items(body)))
    text = "\n\n".join(_paragraphs(body))
    return f"**{title}:** {text}" if title else text


def _paragraphs(body: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", body):
        if paragraph.lstrip().startswith(">>>"):
            yield _examples(textwrap.dedent(paragraph))
        else:
            indented = paragraph.startswith("    ")
            yield paragraph if indented else escaped(paragraph)


def _examples(body: str) -> str:
    """Prompts and their results as blocks, what stands between as text."""
    parts = []
    for paragraph in re.split(r"\n\s*\n", body):
        is_code = paragraph.lstrip().startswith(">>>")
        parts.append(f"```pycon\n{paragraph}\n```" if is_code else escaped(paragraph))
    joined = "\n\n".join(part for part in parts if part)
    return joined.replace("\n```\n\n```pycon\n", "\n\n")


def _items(body: str) -> list[str]:
    """Items begin at the margin and go on indented."""
    items: list[str] = []
    for line in body.splitlines():
        if items and (line.startswith(" ") or not line):
            items[-1] += f"\n{line.strip()}"
        else:
            items.append(line)
    return items


def _item(text: str) -> str:
    named = _ITEM.match(text)
    if not named:
        return f"- {_on_one_line(text)}"
    return f"- **`{named[1]}`**: {_on_one_line(named[2])}"


def _on_one_line(text: str) -> str:
    return escaped(" ".join(text.split()))


def escaped(text: str) -> str:
    """Text in which nothing but code spans has a meaning in Markdown."""
    parts, end = [], 0
    for span in _CODE.finditer(text):
        parts += [_plain(text[end : span.start()]), span[0]]
        end = span.end()
    return "".join([*parts, _plain(text[end:])])


def _plain(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), ("[", "&#91;"), ("*", "&#42;")):
        text = text.replace(character, entity)
    return text.replace("_", "&#95;")
