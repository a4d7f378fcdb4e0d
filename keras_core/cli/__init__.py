"""The command line: `keras-core COMMAND`. Each command is a module with `add_to` and `run`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from keras_core import __version__
from keras_core.cli import (
    backends,
    check_backend,
    convert,
    demo,
    doctor,
    inspect,
    new_backend,
    parity,
    primitives,
    run,
    upgrade,
)
from keras_core.errors import (
    BackendLoadError,
    BackendNotFoundError,
    PluginConflictError,
    SettingsError,
)

COMMANDS = (
    *(demo, run, upgrade, inspect, convert, backends, doctor, parity),
    *(check_backend, new_backend, primitives),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: the words after `keras-core`; those of this process where None. A script in the
            place of a command is run.

    Returns:
        The exit status: 0 where all is well.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        try:
            return _run(words)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        return _nobody_reads()


def _run(words: list[str]) -> int:
    if words and words[0] not in _names() and run.looks_like_script(words[0]):
        words = ["run", *words]
    chosen = parser().parse_args(words)
    try:
        return chosen.run(chosen)
    except (
        BackendLoadError,
        BackendNotFoundError,
        PluginConflictError,
        SettingsError,
    ) as error:
        print(f"keras-core: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nkeras-core: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT


def _nobody_reads() -> int:
    """Ends quietly where whoever read the output, such as `head`, has gone; returns the status."""
    # What is left in the buffer goes nowhere, so that no further error comes at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + getattr(signal, "SIGPIPE", 13)


def _names() -> dict[str, Any]:
    """The commands by their names."""
    return {command.__name__.rpartition(".")[2].replace("_", "-"): command for command in COMMANDS}


def parser() -> argparse.ArgumentParser:
    """Makes the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="keras-core", description="The Keras 2 API with backends as plugins."
    )
    top.add_argument("--version", action="version", version=f"keras-core {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command in _names().items():
        summary = (command.__doc__ or "").partition("\n")[0]
        one = commands.add_parser(name, help=summary, description=summary)
        command.add_to(one)
        one.set_defaults(run=command.run)
    return top
