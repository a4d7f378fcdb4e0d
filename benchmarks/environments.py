"""A virtual environment for contenders that need packages of their own."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
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


class NoInterpreter(Exception):
    """There is no Python of the version that an environment needs."""


def interpreter_of(environment: Environment | None) -> str:
    """Returns the Python of an environment, made at first need; the present one for None.

    Raises:
        NoInterpreter: there is no Python of its version.
    """
    if environment is None:
        return sys.executable
    folder = FOLDER / environment.name
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    complete = folder / "complete"
    if not complete.exists():
        base = sys.executable if not environment.version else _installed(environment.version)
        print(f"Making the environment {environment.name} …", flush=True)
        subprocess.run([base, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), *_install(environment)], check=True)
        complete.touch()
    return str(python)


def _install(environment: Environment) -> list[str]:
    local = [word for path in environment.editable for word in ("--editable", str(ROOT / path))]
    return ["-m", "pip", "install", "--quiet", *environment.requirements, *local]


def _installed(version: str) -> str:
    for python in _candidates(version):
        if python and _version_of(python) == version:
            return python
    raise NoInterpreter(f"there is no Python {version} here")


def _candidates(version: str) -> Iterator[str | None]:
    yield sys.executable
    yield shutil.which(f"python{version}")
    pyenv = os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))
    yield from sorted(glob.glob(f"{pyenv}/versions/{version}.*/bin/python"))


def _version_of(python: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()
