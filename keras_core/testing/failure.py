"""What is told of a failure: the comparison or what the backend raised, of what, run as what.

The kit's own frames are left out: whoever writes a backend has no use for them.
"""

from __future__ import annotations

import contextlib
import re
import textwrap
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import _pytest
import numpy as np
import pluggy
import pytest

from keras_core.testing.runners import Ran, latest

_HERE = str(Path(__file__).parent)
_RUNNING = tuple(str(Path(module.__path__[0])) for module in (_pytest, pluggy))
# Where comparisons fail that the kit makes.
_COMPARING = (str(Path(np.__file__).parent), contextlib.__file__)


def told(name: str, case: Any, error: BaseException) -> str:
    """The text of a failure.

    Args:
        name: the check's name.
        case: the case that was checked, None where there is none.
        error: what was raised.
    """
    trace = traceback.TracebackException.from_exception(error)
    own = [frame for frame in trace.stack if _is_own(frame)]
    lines = [_message(error), "", f"check      {name}"]
    if case is None:
        lines.append(f"at         {_place(own)}")
    lines += [f"{what:10} {value}" for what, value in case.facts().items()] if case else []
    ran = latest()
    lines += _program(ran) if ran else []
    if not _is_comparison(error, trace.stack):
        lines += ["", _without_own(trace)]
    return "\n".join(lines)


def _is_own(frame: traceback.FrameSummary) -> bool:
    """Whether it is a frame of the kit, or of what runs it."""
    return frame.filename.startswith((_HERE, *_RUNNING))


def _is_comparison(error: BaseException, stack: traceback.StackSummary) -> bool:
    """Whether the kit found something else than it expected, and nothing was raised."""
    if isinstance(error, pytest.fail.Exception):
        return True
    outside = [frame for frame in stack if not _is_own(frame)]
    return isinstance(error, AssertionError) and all(
        frame.filename.startswith(_COMPARING) for frame in outside
    )


def _without_own(trace: traceback.TracebackException) -> str:
    """The traceback of an error and of what led to it, from where it leaves the kit."""
    one: traceback.TracebackException | None = trace
    while one is not None:
        outside = [frame for frame in one.stack if not _is_own(frame)]
        one.stack = traceback.StackSummary.from_list(outside or one.stack)
        one = one.__cause__ or one.__context__
    return "".join(trace.format()).rstrip()


def _message(error: BaseException) -> str:
    text = str(error).strip()
    return text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"


def _place(own: Sequence[traceback.FrameSummary]) -> str:
    """The line of the test that failed."""
    for frame in reversed(own):
        file = Path(frame.filename).name
        if file.startswith("test_"):
            return f"{file}, line {frame.lineno}"
    return "an unknown place"


def _program(ran: Ran) -> list[str]:
    fed = [f"{x.dtype}{np.shape(value)}" for x, value in zip(ran.function.inputs, ran.values)]
    # The place that built a node of a case is in pytest, which nobody needs to know.
    listing = re.sub(
        f"  # ({'|'.join(map(re.escape, _RUNNING))}).*", "", str(ran.function.program())
    )
    listing = textwrap.indent(listing, "    ")
    return [f"fed        {', '.join(fed) or 'nothing'}", "program", listing]
