"""Run a script or module with `import keras` answered by keras_core, else as Python would."""

from __future__ import annotations

import argparse
import atexit
import builtins
import io
import os
import signal
import sys
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from pkgutil import get_importer
from types import CodeType, ModuleType, TracebackType
from typing import Any, NamedTuple

from keras_core import ranks
from keras_core.as_keras import install_as_keras


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "-m",
        dest="module",
        nargs=argparse.REMAINDER,
        metavar="MODULE",
        help="a module to run instead of a script, and what it finds in argv",
    )
    parser.add_argument(
        "script", nargs="?", help="the Python file, or a folder or zip file with a __main__.py"
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the script finds in argv")


def run(chosen: argparse.Namespace) -> int:
    """Runs the script as the main module. Returns the exit status that Python would give it."""
    install_as_keras()
    if max(ranks.number_launched(), ranks.number_by_torchrun()) > 1:
        from keras_core.distribute.starting import init

        init()
    # What is registered first runs last: after all that the script has for its end.
    atexit.register(_end_by, ended := [])
    try:
        _execute(_program(chosen))
    except _AbsentError as error:
        print(f"keras-core run: {error}", file=sys.stderr)
        return 2
    except SystemExit:
        raise
    except BaseException as error:
        ended.append(error)
        status = _report(error)
        ranks.current().abort()
        return status
    return 0


def looks_like_script(word: str) -> bool:
    """Whether the first word of a command line is something to run instead of a command."""
    if word == "-m" or word.endswith(".py"):
        return True
    files = (Path(word), Path(word, "__main__.py"))
    return not word.startswith("-") and any(file.is_file() for file in files)


class _AbsentError(Exception):
    """There is nothing to run."""


class _Program(NamedTuple):
    """What is run as the main module: its code, and the attributes that Python gives it."""

    code: CodeType
    attributes: dict[str, Any]


def _program(chosen: argparse.Namespace) -> _Program:
    """What is to be run, with `sys.argv` and `sys.path` set as for it."""
    if chosen.module:
        return _of_module(*chosen.module)
    if chosen.script is None:
        raise _AbsentError("there is nothing to run; name a file, or -m and a module.")
    path = Path(chosen.script)
    file = os.path.join(os.getcwd(), chosen.script)
    if path.exists() and get_importer(file) is not None:
        return _of_folder(file, [chosen.script, *chosen.arguments])
    if not path.is_file():
        raise _AbsentError(f"there is no file {chosen.script!r} to run.")
    _take_over([chosen.script, *chosen.arguments], os.path.dirname(os.path.realpath(path)))
    attributes = {"__file__": file, "__loader__": SourceFileLoader("__main__", file)}
    return _Program(_compiled(file), attributes)


def _of_module(name: str, *arguments: str) -> _Program:
    _take_over(["-m", *arguments], os.getcwd())
    spec = _spec_of(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = _spec_of(f"{name}.__main__")
    if spec is None:
        raise _AbsentError(f"there is no module {name!r} to run, or a package without __main__.py.")
    sys.argv[0] = spec.origin or name
    return _of_spec(spec)


def _spec_of(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            return None
        raise  # the package imports something that is not there


def _of_folder(path: str, words: list[str]) -> _Program:
    """The `__main__` of a folder or zip file."""
    spec = PathFinder.find_spec("__main__", [path])
    if spec is None:
        raise _AbsentError(f"there is no file {words[0]!r} to run.")
    _take_over(words, path)
    return _of_spec(spec)


def _of_spec(spec: ModuleSpec) -> _Program:
    loader: Any = spec.loader
    attributes = {
        "__file__": spec.origin,
        "__cached__": spec.cached,
        "__loader__": loader,
        "__package__": spec.parent,
        "__spec__": spec,
    }
    return _Program(loader.get_code(spec.name), attributes)


def _take_over(words: list[str], folder: str) -> None:
    """Sets what Python sets for a program."""
    sys.argv[:] = words
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        sys.path[0] = folder


def _execute(program: _Program) -> None:
    main = ModuleType("__main__")
    main.__dict__.update({"__builtins__": builtins, "__cached__": None, **program.attributes})
    sys.modules["__main__"] = main
    exec(program.code, main.__dict__)


def _compiled(path: str) -> CodeType:
    with io.open_code(path) as file:
        return compile(file.read(), path, "exec", dont_inherit=True)


def _report(error: BaseException) -> int:
    """Tells of an error as Python does, from the script's own frame on."""
    error.__traceback__ = _below_this_file(error.__traceback__)
    sys.excepthook(type(error), error, error.__traceback__)
    return 1


def _below_this_file(traceback: TracebackType | None) -> TracebackType | None:
    while traceback and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    return traceback


def _end_by(ended: list[BaseException]) -> None:
    """Ends an interrupted process so that a shell sees that it was interrupted."""
    if os.name == "posix" and any(isinstance(error, KeyboardInterrupt) for error in ended):
        # The signal leaves no time for what Python does last, which is to write out what waits.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
