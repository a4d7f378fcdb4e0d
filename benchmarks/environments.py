"""A virtual environment for each library that is measured."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = Path(__file__).parent / ".venvs"


@dataclass(frozen=True)
class Environment:
    """What contenders run in; several may share one.

    Args:
        name: of its folder.
        requirements: what pip installs.
        editable: folders of this repository that pip installs as they are, '.' for the core.
        version: of Python, such as '3.7'; empty for the present one.
    """

    name: str
    requirements: tuple[str, ...] = ()
    editable: tuple[str, ...] = ()
    version: str = ""

    @property
    def search_path(self) -> str:
        """PYTHONPATH, so that this tree is measured whatever a given environment has installed."""
        return os.pathsep.join(str(ROOT / path) for path in self.editable)


class NoEnvironment(Exception):
    """An environment is not there and cannot be made."""


@dataclass(frozen=True)
class Environments:
    """Where environments are.

    Args:
        folder: where they are looked for by name, and made at first need.
        given: folders of virtual environments that exist elsewhere, by name.
        offline: makes none.
    """

    folder: Path = FOLDER
    given: Mapping[str, str] = field(default_factory=dict)
    offline: bool = False

    def python_of(self, environment: Environment) -> str:
        """Returns the Python of an environment.

        Raises:
            NoEnvironment: it is missing, and `offline` or without a Python of its version.
        """
        name = environment.name
        if name in self.given:
            return str(_python_in(Path(self.given[name])))
        folder = self.folder / name
        if not (folder / "complete").exists():
            if self.offline:
                raise NoEnvironment(f"there is no environment {name} in {self.folder}")
            _make(environment, folder)
        return str(_python_in(folder))


def _python_in(folder: Path) -> Path:
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not shutil.which(str(python)):
        raise NoEnvironment(f"there is no Python in {folder}")
    return python.absolute()


def _make(environment: Environment, folder: Path) -> None:
    base = _installed(environment.version) if environment.version else sys.executable
    print(f"Making the environment {environment.name} …", file=sys.stderr, flush=True)
    subprocess.run([base, "-m", "venv", "--clear", str(folder)], check=True)
    subprocess.run([str(_python_in(folder)), *_install(environment)], check=True)
    (folder / "complete").touch()


def _install(environment: Environment) -> list[str]:
    local = [word for path in environment.editable for word in ("--editable", str(ROOT / path))]
    return ["-m", "pip", "install", "--quiet", *environment.requirements, *local]


def _installed(version: str) -> str:
    for python in _candidates(version):
        if python and _version_of(python) == version:
            return python
    raise NoEnvironment(f"there is no Python {version} here")


def _candidates(version: str) -> Iterator[str | None]:
    yield sys.executable
    yield shutil.which(f"python{version}")
    pyenv = os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))
    yield from sorted(glob.glob(f"{pyenv}/versions/{version}.*/bin/python"))


def _version_of(python: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()
