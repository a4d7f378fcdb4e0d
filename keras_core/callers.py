"""The user's line, however deep below it something happens."""

from __future__ import annotations

import contextlib
import os
import sys
from types import FrameType

# Files that are not the user's: those of the package, and what decorates its functions.
_OURS = (os.path.dirname(os.path.abspath(__file__)) + os.sep, contextlib.__file__)


def users_frame() -> tuple[FrameType | None, int]:
    """The nearest frame that is the user's, if any is, and how far it is above the caller's own."""
    frame: FrameType | None = sys._getframe(1)
    above = 0
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame, above = frame.f_back, above + 1
    return frame, above
