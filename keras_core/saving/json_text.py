"""Values that JSON does not know."""

from __future__ import annotations

from typing import Any

import numpy as np


def json_value(value: Any) -> Any:
    """Turns what JSON does not know into what it knows, for `json.dumps(default=...)`.

    Args:
        value: NumPy value, object with `get_config`, function or class.

    Returns:
        A plain value.

    Raises:
        TypeError: for anything else.
    """
    if hasattr(value, "get_config") and not isinstance(value, type):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if hasattr(value, "__name__"):
        return value.__name__
    raise TypeError(f"{value!r} cannot be written as JSON.")
