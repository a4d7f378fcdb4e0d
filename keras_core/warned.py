"""Warnings that point at the user's line, however deep the place is that warns."""

from __future__ import annotations

import warnings

from keras_core.callers import users_frame


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warns where keras_core was called.

    Args:
        message: the warning.
        category: its kind.
    """
    _, above = users_frame()
    warnings.warn(message, category, stacklevel=above + 1)
