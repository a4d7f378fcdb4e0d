"""A virtual environment for each contender that needs packages of its own."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.contenders import Contender

FOLDER = Path(__file__).parent / ".venvs"


def interpreter_of(contender: Contender) -> str:
    """Returns the Python that runs a contender, making its environment at first need."""
    if not contender.requirements:
        return sys.executable
    folder = FOLDER / contender.name
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    complete = folder / "complete"
    if not complete.exists():
        print(f"Making an environment with {', '.join(contender.requirements)} …", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", *contender.requirements]
        subprocess.run(install, check=True)
        complete.touch()
    return str(python)
