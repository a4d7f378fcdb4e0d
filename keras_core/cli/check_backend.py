"""Run the conformance kit on a backend: every primitive, layers, training, threads."""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from keras_core.cli.arguments import positive, shard


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("name", help="an installed backend's name")
    parser.add_argument(
        "-k",
        "--only",
        metavar="EXPRESSION",
        help="only checks whose names fit, such as 'softmax or random'",
    )
    parser.add_argument("-x", "--first", action="store_true", help="stop at the first failure")
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument(
        *("-n", "--processes"),
        type=positive,
        metavar="N",
        help="in so many processes at once (by pytest-xdist)",
    )
    parts.add_argument(
        "--shard",
        type=shard,
        metavar="I/N",
        help="deal the checks out to N runs, and do those of the I-th one",
    )
    parser.add_argument(
        "--time",
        action="store_true",
        help="check nothing: time steps of fit in loops (compile_loop) and without",
    )


def run(chosen: argparse.Namespace) -> int:
    """Examines the backend in a process of its own. Returns 0 where nothing fails."""
    from keras_core.plugins.discovery import find

    name = find(chosen.name).name
    if chosen.time:
        return _time(name)
    missing = _missing(chosen)
    if missing:
        print(missing, file=sys.stderr)
        return 1
    words = [sys.executable, "-m", "pytest", *arguments(chosen, name)]
    return subprocess.call(words) if sys.stdout.isatty() else _passed_on(words)


def _time(name: str) -> int:
    from keras_core.plugins import use_backend

    with use_backend(name):
        from keras_core.testing.timing import told

        for line in told():
            print(line, flush=True)
    return 0


def _missing(chosen: argparse.Namespace) -> str | None:
    """What is to be installed first."""
    if find_spec("pytest") is None:
        return "The conformance kit runs on pytest: pip install pytest"
    if chosen.processes and find_spec("xdist") is None:
        return (
            "Several processes need pytest-xdist: pip install pytest-xdist; or start several "
            f"runs, with --shard 1/{chosen.processes} and so on."
        )
    return None


def _passed_on(words: list[str]) -> int:
    """Runs a command and writes what it writes, so that it ends when nobody reads any more."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                print(line, end="", flush=True)
        except BrokenPipeError:
            process.kill()
            raise
    return process.returncode


def arguments(chosen: argparse.Namespace, name: str) -> list[str]:
    """The words that pytest is given."""
    from keras_core import testing

    settings = Path(testing.__file__).with_name("pytest.ini")
    words = ["-q", "-c", str(settings), "--pyargs", "keras_core.testing", "--backend", name]
    options = {"-k": chosen.only, "-n": chosen.processes, "--shard": chosen.shard}
    for option, value in options.items():
        words += [option, str(value)] if value else []
    return [*words, "-x"] if chosen.first else words
