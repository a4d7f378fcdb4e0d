"""What must hold for distributions before anybody installs them; each fault is a sentence."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from release.build import ROOT, tracked
from release.wheels import Wheel

BESIDE_THE_PACKAGE = {"LICENSE", "README.md", "pyproject.toml", "MANIFEST.in"}
OF_SETUPTOOLS = re.compile(r"PKG-INFO|setup\.cfg|[a-z_]+\.egg-info/.*")
PYTHON = "Programming Language :: Python :: 3."


def faults(dist: Path, wheels: list[Wheel]) -> Iterator[str]:
    """Looks at the contents and the metadata of all distributions.

    Args:
        dist: folder of the sdists and wheels.
        wheels: the wheels in it, the core's first.
    """
    for wheel in wheels:
        for fault in (*_contents(wheel), *_sdist(dist, wheel), *_metadata(wheel, wheels[0])):
            yield f"{wheel.name}: {fault}"


def oldest_and_newest(wheels: list[Wheel]) -> list[str]:
    """The versions of Python that the core names, the first and the last."""
    minors = _minors(wheels[0])
    return [f"3.{minor}" for minor in (minors[0], minors[-1])]


def _minors(wheel: Wheel) -> list[int]:
    named = [c.removeprefix(PYTHON) for c in wheel.all("Classifier") if c.startswith(PYTHON)]
    return sorted(map(int, named))


# Contents


def _contents(wheel: Wheel) -> Iterator[str]:
    """The wheel has the package as git tracks it, the licence, and nothing else."""
    found = {name for name in wheel.files if not name.startswith(f"{wheel.info}/")}
    wanted = {n for n in tracked(wheel.source) if n.startswith(f"{wheel.package}/")}
    yield from _differences("the wheel", found, wanted)
    licence = wheel.files.get(f"{wheel.info}/licenses/LICENSE")
    if licence != (ROOT / "LICENSE").read_bytes():
        yield "the wheel has not the licence of the repository"
    is_typed = f"{wheel.package}/py.typed" in found
    if is_typed != ("Typing :: Typed" in wheel.all("Classifier")):
        yield "py.typed and the classifier 'Typing :: Typed' go together"


def _sdist(dist: Path, wheel: Wheel) -> Iterator[str]:
    """The sdist has the package and what it is built with, and no tests."""
    folder = f"{wheel.package}-{wheel.version}"
    with tarfile.open(dist / f"{folder}.tar.gz") as archive:
        files = [member.name for member in archive.getmembers() if member.isfile()]
    found = {name.removeprefix(f"{folder}/") for name in files}
    own = {name for name in found if not OF_SETUPTOOLS.fullmatch(name)}
    wanted = {
        name
        for name in tracked(wheel.source)
        if name in BESIDE_THE_PACKAGE or name.startswith(f"{wheel.package}/")
    }
    yield from _differences("the sdist", own, wanted)


def _differences(what: str, found: set[str], wanted: set[str]) -> Iterator[str]:
    for name in sorted(wanted - found):
        yield f"{what} lacks {name}"
    for name in sorted(found - wanted):
        yield f"{what} has {name}, which does not belong there"


# Metadata


def _metadata(wheel: Wheel, core: Wheel) -> Iterator[str]:
    if wheel.version != core.version:
        yield f"the version is {wheel.version}, the core's {core.version}"
    if wheel.metadata["License-Expression"] != "Apache-2.0":
        yield "the metadata do not say Apache-2.0"
    if wheel.metadata["Description-Content-Type"] != "text/markdown":
        yield "the README is not marked as Markdown"
    least, admitted = _minors(wheel)[0], SpecifierSet(wheel.metadata["Requires-Python"])
    if f"3.{least}" not in admitted or f"3.{least - 1}" in admitted:
        yield f"the classifiers begin with Python 3.{least}, Requires-Python says {admitted}"
    if wheel is not core:
        yield from _plugin_metadata(wheel, core)


def _plugin_metadata(wheel: Wheel, core: Wheel) -> Iterator[str]:
    needs = {r.name: r.specifier for r in map(Requirement, wheel.all("Requires-Dist"))}
    if Version(core.version) not in needs.get(core.name, SpecifierSet("<0")):
        yield f"it does not take {core.name} {core.version}"
    entry_points = wheel.files.get(f"{wheel.info}/entry_points.txt", b"").decode()
    if "[keras_core.backends]" not in entry_points:
        yield "no backend is among its entry points"
