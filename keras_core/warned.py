"""Warnings that point at the user's line, however deep the place is that warns."""

from __future__ import annotations

import contextlib
import sys
import warnings
from pathlib import Path
from types import FrameType

# Frames that are not the user's: the package, and what decorates its functions.
_OURS = (str(Path(__file__).parent), contextlib.__file__)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warns where keras_core was called.

    Args:
        message: the warning.
        category: its kind.
    """
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
