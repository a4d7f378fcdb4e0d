"""The command line: `keras-core COMMAND`. Each command is a module with `add_to` and `run`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from keras_core import __version__
from keras_core.cli import backends, check_backend, demo, doctor, new_backend, parity
from keras_core.errors import BackendLoadError, BackendNotFoundError, PluginConflictError

COMMANDS = (demo, backends, doctor, parity, check_backend, new_backend)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: the words after `keras-core`; those of this process where None.

    Returns:
        The exit status: 0 where all is well.
    """
    chosen = parser().parse_args(arguments)
    try:
        return chosen.run(chosen)
    except (BackendLoadError, BackendNotFoundError, PluginConflictError) as error:
        print(f"keras-core: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """Makes the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="keras-core", description="The Keras 2 API with backends as plugins."
    )
    top.add_argument("--version", action="version", version=f"keras-core {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2].replace("_", "-")
        summary = (command.__doc__ or "").partition("\n")[0]
        one = commands.add_parser(name, help=summary, description=summary)
        command.add_to(one)
        one.set_defaults(run=command.run)
    return top
