"""List the installed backends, with version, engine and state."""

from __future__ import annotations

import argparse

from keras_core.plugins import known
from keras_core.plugins.discovery import Inspection, inspect_backends

_COLUMNS = ("backend", "distribution", "engine", "devices", "state")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments: it has none."""


def run(chosen: argparse.Namespace) -> int:
    """Prints a line for each backend; a broken one has its reason below the table."""
    found = inspect_backends()
    if not found:
        print(f"No backend is installed. To install one: {known.install_command(known.DEFAULT)}")
        return 1
    print(table([_COLUMNS, *(_row(backend) for backend in found)]))
    for backend in found:
        if backend.problem:
            print(f"\n{backend.name}: {backend.problem}")
    return 0


def table(rows: list[tuple[str, ...]]) -> str:
    """Lays out rows of cells in columns."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def state(backend: Inspection) -> str:
    """Tells in a word whether a backend can be used."""
    if backend.disabled:
        return "disabled"
    return "broken" if backend.problem else "ok"


def _row(backend: Inspection) -> tuple[str, ...]:
    info = backend.info
    engine = f"{info.engine} {info.engine_version}".strip() if info else "-"
    devices = ", ".join(info.devices) if info else "-"
    return (backend.name, backend.release, engine, devices, state(backend))
