"""Tell which backend would be chosen and by which rule, what is wrong, and the remedy."""

from __future__ import annotations

import argparse
import platform
import warnings
from collections.abc import Iterator
from importlib import metadata

from keras_core import __version__, config
from keras_core.cli.backends import state
from keras_core.errors import BackendNotFoundError, PluginConflictError, SettingsError
from keras_core.plugins import discovery, installed
from keras_core.plugins.discovery import Choice, Inspection


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments: it has none."""


def run(chosen: argparse.Namespace) -> int:
    """Prints the findings.

    Returns:
        1 where settings or a plugin are wrong, or the backend that would be chosen cannot run.
    """
    print(f"keras-core  {__version__}, Python {platform.python_version()}", end="")
    print(f", NumPy {metadata.version('numpy')}")
    problems = list(_settings_problems())
    choice = None if problems else _report_choice()
    if choice:
        problems += _choice_problems(choice)
    try:
        wrong, notes = _report_installed(choice)
    except SettingsError:  # of which plugins are disabled; told above
        wrong, notes = [], []
    problems += wrong
    for note in [*notes, *_settings_of_keras_1()]:
        print(f"\nNOTE: {note}")
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


def _settings_of_keras_1() -> Iterator[str]:
    """Tells of what Keras 1 wrote into its settings, and Keras 2 does not read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is wrong with the file is told
        ordering = config.file_settings().get("image_dim_ordering")
    today = {"th": "channels_first", "tf": "channels_last"}.get(str(ordering))
    if today:
        yield (
            f"{config.settings_file()} has image_dim_ordering, a setting of Keras 1, which is not "
            f'read. Write "image_data_format": "{today}" instead.'
        )


def _report_choice() -> Choice:
    """Prints which backend would run and why."""
    choice = discovery.choose()
    print(f"backend     {choice.name}, chosen by: {choice.rule}")
    return choice


def _choice_problems(choice: Choice) -> list[str]:
    """Tells where the chosen backend is not installed."""
    try:
        discovery.find(choice.name)
    except BackendNotFoundError as error:
        return [str(error)]
    except PluginConflictError:
        pass  # told with the state of what is installed
    return []


def _report_installed(choice: Choice | None) -> tuple[list[str], list[str]]:
    """Prints the state of all installed backends.

    Returns:
        What is wrong, and what to note: a doubtful choice, engines that cannot run and need not.
    """
    wrong, notes = [], [choice.doubt] if choice and choice.doubt else []
    for found in discovery.inspect_backends():
        print(f"installed   {found.name}: {state(found)} ({found.release})")
        is_chosen = choice is not None and choice.name == found.name
        if found.problem:
            wrong.append(_remedy(found))
        elif found.troubles:
            (wrong if is_chosen else notes).append(_told(found))
    return wrong, notes


def _told(backend: Inspection) -> str:
    lines = [f"the backend {backend.name!r} of {backend.release} cannot run:", *backend.troubles]
    return "\n".join(lines)


def _remedy(backend: Inspection) -> str:
    claimants = installed.claims(installed.BACKENDS)[backend.name]
    lines = [f"the backend {backend.name!r} of {backend.release} is broken: {backend.problem}"]
    if len(claimants) == 1:
        distribution = claimants[0].distribution
        lines.append(f"To mend: pip install --force-reinstall {distribution}")
        lines.append(f"To remove: pip uninstall {distribution}")
    return "\n".join(lines)
