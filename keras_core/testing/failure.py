"""What is told of a failure: the comparison or what the backend raised, of what, run as what.

The kit's own frames are left out: whoever writes a backend has no use for them.
"""

from __future__ import annotations

import textwrap
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from keras_core.testing.runners import Ran, latest

_HERE = str(Path(__file__).parent)
# Where comparisons fail that the kit makes.
_COMPARING = ("contextlib", "numpy")


def told(name: str, case: Any, error: BaseException) -> str:
    """The text of a failure.

    Args:
        name: the check's name.
        case: the case that was checked, None where there is none.
        error: what was raised.
    """
    frames = [*_frames(error.__traceback__)]
    outside = next((frame for frame in frames if not _is_own(frame)), None)
    lines = [_message(error), "", f"check      {name}"]
    if case is None:
        lines.append(f"at         {_place(frames)}")
    lines += [f"{what:10} {value}" for what, value in case.facts().items()] if case else []
    ran = latest()
    lines += _program(ran) if ran else []
    if not _is_comparison(error, outside):
        trace = outside or error.__traceback__
        lines += ["", "".join(traceback.format_exception(type(error), error, trace)).rstrip()]
    return "\n".join(lines)


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _is_own(frame: TracebackType) -> bool:
    """Whether it is a frame of the kit, or of what runs it."""
    file = frame.tb_frame.f_code.co_filename
    module = frame.tb_frame.f_globals.get("__name__", "").partition(".")[0]
    return file.startswith(_HERE) or module in ("_pytest", "pluggy", "pytest")


def _is_comparison(error: BaseException, outside: TracebackType | None) -> bool:
    """Whether the kit found something else than it expected, and nothing was raised."""
    if outside is None:
        return not isinstance(error, Exception) or isinstance(error, AssertionError)
    module = outside.tb_frame.f_globals.get("__name__", "").partition(".")[0]
    return isinstance(error, AssertionError) and module in _COMPARING


def _message(error: BaseException) -> str:
    text = str(error).strip()
    return text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"


def _place(frames: list[TracebackType]) -> str:
    """The line of the test that failed."""
    for frame in reversed(frames):
        file = Path(frame.tb_frame.f_code.co_filename)
        if _is_own(frame) and file.name.startswith("test_"):
            return f"{file.name}, line {frame.tb_lineno}"
    return "an unknown place"


def _program(ran: Ran) -> list[str]:
    fed = [f"{x.dtype}{np.shape(value)}" for x, value in zip(ran.function.inputs, ran.values)]
    listing = textwrap.indent(str(ran.function.program()), "    ")
    return [f"fed        {', '.join(fed) or 'nothing'}", "program", listing]
