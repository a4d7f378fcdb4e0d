"""Run a script with `import keras` answered by keras_core, else as `python script.py` would."""

from __future__ import annotations

import argparse
import atexit
import builtins
import io
import os
import signal
import sys
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType

from keras_core.as_keras import install_as_keras


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("script", help="the Python file")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the script finds in argv")


def run(chosen: argparse.Namespace) -> int:
    """Runs the script as the main module. Returns the exit status that Python would give it."""
    if not Path(chosen.script).is_file():
        print(f"keras-core run: there is no file {chosen.script!r} to run.", file=sys.stderr)
        return 2
    _take_over(chosen.script, chosen.arguments)
    install_as_keras()
    # What is registered first runs last: after all that the script has for its end.
    atexit.register(_end_by, ended := [])
    try:
        _execute(chosen.script)
    except SystemExit:
        raise
    except BaseException as error:
        ended.append(error)
        return _report(error)
    return 0


def looks_like_script(word: str) -> bool:
    """Whether the first word of a command line is a file to run instead of a command."""
    return word.endswith(".py") or (not word.startswith("-") and Path(word).is_file())


def _take_over(script: str, arguments: list[str]) -> None:
    """Sets what Python sets for a script."""
    sys.argv[:] = [script, *arguments]
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        sys.path[0] = os.path.dirname(os.path.realpath(script))


def _execute(script: str) -> None:
    path = os.path.join(os.getcwd(), script)
    main = ModuleType("__main__")
    main.__dict__.update(
        __file__=path,
        __builtins__=builtins,
        __cached__=None,
        __loader__=SourceFileLoader("__main__", path),
    )
    sys.modules["__main__"] = main
    exec(_compiled(path), main.__dict__)


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
