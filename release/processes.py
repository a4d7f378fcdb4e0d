"""Commands that say nothing unless they fail."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path


class Failed(Exception):
    """A step of the release did not succeed."""


def run(*words: object, at: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Runs a command and returns what it wrote.

    Args:
        words: the command; paths are taken as they are.
        at: the folder that it runs in.
        env: its environment; this one's by default.

    Raises:
        Failed: it ended with another code than 0; the message has the end of its output.
    """
    command = [str(word) for word in words]
    done = subprocess.run(
        command, cwd=at, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise Failed(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stdout[-6000:]}")
    return done.stdout
