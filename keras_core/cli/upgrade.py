"""Rewrite a script of Keras 1 in the words of Keras 2, or show what would change."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("script", help="the Python file")
    parser.add_argument(
        "--write", action="store_true", help="write the file; a diff is printed without it"
    )


def run(chosen: argparse.Namespace) -> int:
    """Prints the diff, or writes the script. Returns the exit status."""
    from keras_core.saving.targets import replacing

    try:
        from keras_core.cli.rewriting import NotPython, upgraded
    except ModuleNotFoundError as error:
        if error.name != "libcst":
            raise
        return _fail("needs LibCST; install it with: pip install 'keras-core[upgrade]>=2.4,<3'", 1)
    path = Path(chosen.script)
    if not path.is_file():
        return _fail(f"there is no file {chosen.script!r} to upgrade.", 2)
    # Bytes, so that the file keeps its encoding and its ends of lines.
    before = path.read_bytes()
    try:
        after, notes = upgraded(before)
    except NotPython as error:
        return _fail(f"{chosen.script} cannot be read: {error}", 1)
    if not chosen.write:
        sys.stdout.writelines(_diff(before, after, chosen.script))
    elif after != before:
        with replacing(path) as file:
            file.write(after)
    # Without --write, standard output is the diff, and nothing else.
    said = sys.stdout if chosen.write else sys.stderr
    print(f"{chosen.script}: {_said_of(_changes(before, after))}", file=said)
    for line, note in notes:
        print(f"{chosen.script}:{line}: {note}", file=sys.stderr)
    return 0


def _changes(before: bytes, after: bytes) -> int:
    """How many lines differ."""
    old, new = before.splitlines(), after.splitlines()
    parts = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for kind, a, b, c, d in parts if kind != "equal")


def _said_of(changes: int) -> str:
    if changes == 0:
        return "nothing to change"
    return f"{changes} change{'s' if changes > 1 else ''}"


def _fail(message: str, status: int) -> int:
    print(f"keras-core upgrade: {message}", file=sys.stderr)
    return status


def _diff(before: bytes, after: bytes, name: str) -> list[str]:
    old, new = (
        text.decode("utf-8", errors="replace").splitlines(keepends=True) for text in (before, after)
    )
    return list(difflib.unified_diff(old, new, f"{name} (Keras 1)", f"{name} (Keras 2)"))
