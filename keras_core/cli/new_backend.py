"""Write a new backend's distribution, which works at once and is made your own step by step."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from string import Template

_TEMPLATE = Path(__file__).parent / "template"
_SUFFIX = ".txt"
# These have files of their own.
_WITHOUT_START = ("native", "random", "scan")

# What README.md says of whole programs, for each form; their files lie in a folder of this name.
_WHOLE_PROGRAMS = {
    "nodes": """\
`$package/backend.py`: runs programs node by node. When every family is your engine's, write
  `compile` so that the engine gets whole programs.""",
    "functional": """\
`$package/backend.py`: makes each program a pure function of arrays. When every family is your
  engine's, let the engine compile: override `jit`, and give the loops in `$package/loops.py` and
  `$package/lowering/scan.py` to the engine.""",
}


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("name", help="the backend's name: lower-case letters, digits, underscores")
    parser.add_argument("--path", type=Path, default=Path(), help="folder to write it into (.)")
    parser.add_argument(
        "--functional",
        action="store_true",
        help="for engines that trace pure functions of arrays, such as JAX",
    )


def run(chosen: argparse.Namespace) -> int:
    """Writes the distribution. Returns 1 where the name or the folder will not do."""
    folder = chosen.path / f"keras-{chosen.name.replace('_', '-')}"
    problem = _problem(chosen.name, folder)
    if problem:
        print(f"keras-core: {problem}", file=sys.stderr)
        return 1
    try:
        _write(folder, chosen.name, "functional" if chosen.functional else "nodes")
    except OSError as error:
        print(f"keras-core: {folder} cannot be written: {error}", file=sys.stderr)
        return 1
    print(f"Wrote {folder}. To install and examine it:\n")
    print(f"    pip install -e {folder}\n    keras-core check-backend {chosen.name}\n")
    print("It begins with keras-numpy. Where that is a wheel or a checkout of your own:\n")
    print(f"    pip install --find-links FOLDER_OF_WHEELS -e {folder}")
    print(f"    pip install -e CHECKOUT/plugins/keras_numpy -e {folder}\n")
    print("README.md in it tells what to do next.")
    return 0


def _write(folder: Path, name: str, form: str) -> None:
    for path, text in files(name, form):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _problem(name: str, folder: Path) -> str | None:
    from keras_core.plugins import installed, known

    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return f"{name!r} is no name for a backend; use lower-case letters, digits and underscores."
    if name in known.DISTRIBUTIONS or name in installed.claims(installed.BACKENDS):
        return f"There is a backend {name!r} already; choose another name."
    if folder.exists():
        return f"{folder} exists already; remove it, or give another --path."
    return None


def files(name: str, form: str = "nodes") -> Iterator[tuple[str, str]]:
    """Paths within the distribution, and what stands there.

    Args:
        name: the backend's name.
        form: 'nodes', or 'functional' for an engine that traces.
    """
    words = {
        "name": name,
        "package": f"keras_{name}",
        "distribution": f"keras-{name.replace('_', '-')}",
        "class_name": "".join(part.title() for part in name.split("_")) + "Backend",
    }
    words["whole_programs"] = Template(_WHOLE_PROGRAMS[form]).substitute(words)
    for folder in (_TEMPLATE / "common", _TEMPLATE / form):
        for source in sorted(folder.rglob(f"*{_SUFFIX}")):
            path = source.relative_to(folder).as_posix()[: -len(_SUFFIX)]
            template = Template(source.read_text(encoding="utf-8"))
            for more in _variants(path):
                filled = {**words, **more}
                yield _path(path, filled), template.substitute(filled)


def _variants(path: str) -> Iterator[dict[str, str]]:
    """What else to fill in: a family a file for the template of lowerings, else nothing."""
    if "FAMILY" not in path:
        families = sorted({*_families(), "native", "random"})
        yield {"family_imports": "".join(f"    {family},\n" for family in families)}
        return
    for family, primitives in _families().items():
        yield {
            "family": family,
            "title": family.capitalize(),
            "example": min(primitives),
            "primitives": "\n".join(_line(name, primitives[name]) for name in sorted(primitives)),
        }


def _line(name: str, doc: str) -> str:
    return textwrap.fill(f"{name}: {doc}", 98, subsequent_indent="    ")


def _path(path: str, words: dict[str, str]) -> str:
    return path.replace("PACKAGE", words["package"]).replace("FAMILY", words.get("family", ""))


def _families() -> dict[str, dict[str, str]]:
    """Families of primitives with their names and meanings."""
    from keras_core.graph import PRIMITIVES

    families: dict[str, dict[str, str]] = {}
    for name, primitive in PRIMITIVES.items():
        if primitive.family not in _WITHOUT_START and name != "learning_phase":
            families.setdefault(primitive.family, {})[name] = primitive.doc
    return families
