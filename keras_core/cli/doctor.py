"""Tell which backend would be chosen and by which rule, what is wrong, and the remedy."""

from __future__ import annotations

import argparse
import platform
import warnings
from collections.abc import Iterator
from importlib import metadata

from keras_core import __version__, config
from keras_core.cli.backends import state
from keras_core.errors import BackendNotFoundError, PluginConflictError
from keras_core.plugins import discovery, installed
from keras_core.plugins.discovery import Inspection


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments: it has none."""


def run(chosen: argparse.Namespace) -> int:
    """Prints the findings. Returns 1 where something is wrong."""
    print(f"keras-core  {__version__}, Python {platform.python_version()}", end="")
    print(f", NumPy {metadata.version('numpy')}")
    problems = list(_settings_problems())
    if not problems:
        problems += _report_choice()
    problems += _report_installed()
    for problem in problems:
        print(f"\nPROBLEM: {problem}")
    print(f"\n{len(problems)} problem(s) found." if problems else "\nNo problem found.")
    return 1 if problems else 0


def _settings_problems() -> Iterator[str]:
    """Prints where settings come from, and yields what is wrong with them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        file = config.file_settings()
    print(f"settings    {config.settings_file()} ({'read' if file else 'absent or empty'})")
    for warning in caught:
        yield str(warning.message)
    for name in config.OPTIONS:
        try:
            value, source = config.resolve(name)
        except ValueError as error:
            yield str(error)
        else:
            if source != "default":
                print(f"            {name} = {value!r}, from {source}")


def _report_choice() -> list[str]:
    """Prints which backend would run and why; tells where it is not installed."""
    choice = discovery.choose()
    print(f"backend     {choice.name}, chosen by: {choice.rule}")
    try:
        discovery.find(choice.name)
    except BackendNotFoundError as error:
        return [str(error)]
    except PluginConflictError:
        pass  # told with the state of what is installed
    return []


def _report_installed() -> list[str]:
    """Prints the state of all installed backends; returns what is wrong with the broken ones."""
    found = discovery.inspect_backends()
    for backend in found:
        print(f"installed   {backend.name}: {state(backend)} ({backend.release})")
    return [_remedy(backend) for backend in found if backend.problem]


def _remedy(backend: Inspection) -> str:
    claimants = installed.claims(installed.BACKENDS)[backend.name]
    lines = [f"the backend {backend.name!r} of {backend.release} is broken: {backend.problem}"]
    if len(claimants) == 1:
        distribution = claimants[0].distribution
        lines.append(f"To mend: pip install --force-reinstall {distribution}")
        lines.append(f"To remove: pip uninstall {distribution}")
    return "\n".join(lines)
