"""List the installed backends, with version, engine and state."""

from __future__ import annotations

import argparse
import sys

from keras_core.plugins import discovery, known
from keras_core.plugins.discovery import Inspection, inspect_backends

_COLUMNS = ("backend", "distribution", "engine", "devices", "state")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments: it has none."""


def run(chosen: argparse.Namespace) -> int:
    """Prints a line for each backend, and below the table what is wrong with one.

    Returns:
        1 where the backend that would be chosen cannot run.
    """
    found = inspect_backends()
    if not found:
        print(f"No backend is installed. To install one: {known.install_commands(known.DEFAULT)}")
        return 1
    print(table([_COLUMNS, *(_row(backend) for backend in found)]))
    for backend in found:
        for trouble in backend.troubles:
            print(f"\n{backend.name}: {trouble}")
    try:
        chosen_name = discovery.choose().name
    except ValueError as error:
        print(f"keras-core: {error}", file=sys.stderr)
        return 1
    return 0 if any(b.name == chosen_name and state(b) == "ok" for b in found) else 1


def table(rows: list[tuple[str, ...]]) -> str:
    """Lays out rows of cells in columns."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def state(backend: Inspection) -> str:
    """Tells in a word or two whether a backend can be used."""
    if backend.disabled:
        return "disabled"
    if backend.problem:
        return "broken"
    return "cannot run" if backend.troubles else "ok"


def _row(backend: Inspection) -> tuple[str, ...]:
    info = backend.info
    engine = f"{info.engine} {info.engine_version}".strip() if info else "-"
    devices = (", ".join(info.devices) if info else "") or "-"
    return (backend.name, backend.release, engine, devices, state(backend))
