"""Installs the wheels in fresh environments, and runs the demo and the conformance kit there."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from release.processes import Failed, run
from release.wheels import Wheel

BACKEND = "keras-numpy"
Result = TypeVar("Result")


class Environment:
    """A virtual environment in a folder that is the home of what runs in it."""

    def __init__(self, folder: Path, python: str):
        run(sys.executable, "-m", "virtualenv", "--quiet", "--python", python, folder / "venv")
        self.folder = folder
        self.programs = next(p for n in ("bin", "Scripts") if (p := folder / "venv" / n).is_dir())

    def run(self, program: str, *words: object) -> str:
        """Runs a program of the environment, which sees nothing of this one."""
        outside = ("PYTHON", "KERAS_", "PIP_TARGET", "VIRTUAL_ENV", "TOX_")
        env = {k: v for k, v in os.environ.items() if not k.startswith(outside)}
        env.update(KERAS_HOME=str(self.folder), KERAS_BACKEND="numpy", PYTHONUTF8="1")
        return run(self.programs / program, *words, at=self.folder, env=env)

    def pip(self, *words: object) -> str:
        command = ("-m", "pip", "--disable-pip-version-check", "--no-input")
        return self.run("python", *command, *words)


def numpys(wheels: list[Wheel], python: str) -> list[str]:
    """The oldest and the newest NumPy that an interpreter can have, of those that the wheels take.

    Returns:
        two versions, or one; nothing where the interpreter is not here.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            environment = Environment(Path(folder), python)
        except Failed as failure:
            if "failed to find interpreter" in str(failure):
                return []
            raise
        # An experiment of pip's, which says for each interpreter what there are wheels for.
        told = environment.pip("index", "versions", "numpy", "--only-binary", ":all:")
    listed = re.search(r"^Available versions: (.*)$", told, flags=re.MULTILINE)
    newest_first = list(_numpys_taken(wheels).filter(listed[1].split(", ") if listed else []))
    return list(dict.fromkeys([newest_first[-1], newest_first[0]]))


def _numpys_taken(wheels: list[Wheel]) -> SpecifierSet:
    needed = [r for r in requirements(_wanted(wheels)) if r.name == "numpy"]
    return SpecifierSet(",".join(str(r.specifier) for r in needed))


def _wanted(wheels: list[Wheel]) -> list[Wheel]:
    """The core and the backend that needs no engine."""
    return [wheels[0], *(w for w in wheels if w.name == BACKEND)]


def requirements(wheels: list[Wheel]) -> Iterator[Requirement]:
    """What wheels need of others, without extras."""
    own = {wheel.name for wheel in wheels}
    for requirement in (Requirement(r) for wheel in wheels for r in wheel.all("Requires-Dist")):
        is_extra = "extra ==" in str(requirement.marker or "")
        if requirement.name not in own and not is_extra:
            yield requirement


def run_trial(dist: Path, wheels: list[Wheel], python: str, numpy: str) -> str:
    """Tries one interpreter with one NumPy.

    Returns:
        a line: what was tried, and how long each step took.

    Raises:
        Failed: with the name of what was tried.
    """
    what = f"Python {python}, NumPy {numpy}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            steps = _steps(Path(folder), dist, wheels, python, numpy)
            return f"{what}: {', '.join(steps)}"
        except Failed as failure:
            raise Failed(f"{what}: {failure}") from None


def _steps(folder: Path, dist: Path, wheels: list[Wheel], python: str, numpy: str) -> Iterator[str]:
    environment, took = _timed(lambda: _installed(folder, dist, wheels, python, numpy))
    yield f"install {took:.0f} s"
    told, took = _timed(lambda: environment.run("keras-core", "demo"))
    yield f"demo {took:.0f} s ({_found(r'Test accuracy: ([0-9.]+%)', told)})"
    told, took = _timed(lambda: environment.run("keras-core", "check-backend", "numpy"))
    yield f"kit {took:.0f} s ({_found(r'([0-9]+) passed', told)} checks)"
    names, took = _timed(lambda: _others(environment, dist, wheels))
    yield f"beside {', '.join(names)} {took:.0f} s"


def _timed(step: Callable[[], Result]) -> tuple[Result, float]:
    began = time.monotonic()
    return step(), time.monotonic() - began


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if not found:
        raise Failed(f"no {pattern!r} in what was printed:\n{text[-3000:]}")
    return found[1]


def _installed(
    folder: Path, dist: Path, wheels: list[Wheel], python: str, numpy: str
) -> Environment:
    """Third-party requirements come from the index, ours from the folder of wheels alone."""
    environment = Environment(folder, python)
    wanted = _wanted(wheels)
    needed = [str(r) for r in requirements(wanted)]
    environment.pip("install", "--only-binary", ":all:", f"numpy=={numpy}", "pytest", *needed)
    _from_wheels(environment, dist, *wanted)
    environment.pip("check")
    return environment


def _from_wheels(
    environment: Environment, dist: Path, *wheels: Wheel, only_these: bool = False
) -> None:
    pins = [f"{wheel.name}=={wheel.version}" for wheel in wheels]
    without = ["--no-deps"] if only_these else []
    environment.pip("install", "--no-index", "--find-links", dist, *without, *pins)


def _others(environment: Environment, dist: Path, wheels: list[Wheel]) -> list[str]:
    """Installs the other plugins without their engines, which must be told and harm nobody."""
    told = environment.run("python", "-c", "import sys; print(*sys.version_info[:2], sep='.')")
    version = told.strip()
    others = [w for w in wheels if w not in _wanted(wheels)]
    able = [w for w in others if version in SpecifierSet(w.metadata["Requires-Python"])]
    _from_wheels(environment, dist, *able, only_these=True)
    listed = environment.run("keras-core", "backends")
    missing = [w.name for w in able if f"{w.name} {w.version}" not in listed]
    if missing:
        raise Failed(f"`keras-core backends` does not list {', '.join(missing)}:\n{listed}")
    return [w.name for w in able]
