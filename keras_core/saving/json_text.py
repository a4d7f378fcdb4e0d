"""JSON text of configurations: strict where it is read, with NumPy's values where it is written."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np

from keras_core.attempt import memory_limit
from keras_core.errors import ModelFileError, shown

_LONGEST_NUMBER = 40
_FREE_MEMORY = 2**26
_BYTES_A_VALUE = 80


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


def parse_json(text: str | bytes) -> Any:
    """Reads JSON, in which no key stands twice.

    Args:
        text: str, or bytes in UTF-8.

    Returns:
        Nested dicts and lists.

    Raises:
        ModelFileError: if it is no JSON, is nested too deeply, has a key twice, or more values
            than a text of its length.
    """
    try:
        _check_values(text)
        if isinstance(text, bytes):
            # By itself json would guess the encoding, and import any that the text looks like.
            text = text.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=each_once, parse_int=_whole_number)
    except ModelFileError:
        raise
    except RecursionError as error:
        raise ModelFileError("its JSON is nested too deeply to be a model's.") from error
    except (ValueError, TypeError) as error:
        raise ModelFileError(f"it is no JSON ({error}).") from error


def _check_values(text: str | bytes) -> None:
    """Refuses what takes far more memory as values than as a text."""
    marks: Any = (b",", b"[", b"{") if isinstance(text, bytes) else (",", "[", "{")
    number = sum(map(text.count, marks))
    if number * _BYTES_A_VALUE > memory_limit(4 * len(text) + _FREE_MEMORY):
        raise ModelFileError(
            f"its JSON has {number:,} values, too many for a text of its length. If you trust it, "
            "read it inside of keras_core.saving.safety.memory_scope(None)."
        )


def each_once(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """A dict of pairs.

    Raises:
        ModelFileError: if a key stands there twice.
    """
    made = dict(pairs)
    if len(made) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise ModelFileError(f"the key {shown(twice)} stands twice in one place.")
    return made


def _whole_number(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ModelFileError(f"a number of {len(digits)} digits is in it.")
    return int(digits)
