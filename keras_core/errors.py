"""The errors and warnings of keras_core that have a class of their own.

Each derives from the builtin type that a Keras 2 user catches:

    ImportError, ValueError
        BackendNotFoundError     no installed distribution provides the backend
    ImportError
        BackendLoadError         the backend is installed, and its plugin fails
    RuntimeError
        PluginConflictError      two distributions claim one name
        PluginError              a plugin breaks the hook specification
    OSError, ValueError
        ModelFileError           a file, or text, that is read as a model is damaged or hostile
    KeyError
        NoSuchNameError          a value of an epoch, or a column, that is not there
    UserWarning
        PluginWarning            a plugin was left out, and why
        BackendChoiceWarning     a backend runs that may not be the one that is wanted
"""

from __future__ import annotations

import reprlib
from typing import Any

from keras_core import namespaces

__all__ = [
    "BackendChoiceWarning",
    "BackendLoadError",
    "BackendNotFoundError",
    "ModelFileError",
    "NoSuchNameError",
    "PluginConflictError",
    "PluginError",
    "PluginWarning",
    "SettingsError",
]

__dir__ = namespaces.listing(__all__)

_short = reprlib.Repr()
_short.maxlevel = 4
_short.maxlist = _short.maxtuple = _short.maxdict = _short.maxset = _short.maxfrozenset = 12
_short.maxstring = _short.maxother = 120
_short.maxlong = 60


def shown(value: Any) -> str:
    """A value as text for a message, cut where it is long: a file's values can be of any size."""
    return _short.repr(value)


def shortened(text: Any, length: int = 1000) -> str:
    """A message, cut where it is long."""
    text = str(text)
    return text if len(text) <= length else f"{text[:length]}..."


class BackendNotFoundError(ImportError, ValueError):
    """No installed distribution provides the backend that was asked for."""


class BackendLoadError(ImportError):
    """The selected backend is installed, but its plugin does not load."""


class PluginConflictError(RuntimeError):
    """Two distributions claim one name, so none of them can be chosen."""


class PluginError(RuntimeError):
    """A plugin breaks the hook specification or speaks another version of it."""


class ModelFileError(OSError, ValueError):
    """A file, or a text, that makes no model: damaged, hostile, or of another kind.

    Args:
        reason: what is wrong.
        file: the file's name; None for a text or dictionary.
        place: where in it, such as the name of an HDF5 group; None where all of it is meant.

    Attributes:
        file: as given.
        place: as given.
        reason: as given.
    """

    def __init__(self, reason: str, file: str | None = None, place: str | None = None) -> None:
        super().__init__(": ".join(part for part in (file, place, reason) if part))
        self.file = file
        self.place = place
        self.reason = reason


class PluginWarning(UserWarning):
    """A plugin does not load and is left out."""


class BackendChoiceWarning(UserWarning):
    """The backend that runs is not the one asked for, or may be asked for by mistake."""


class SettingsError(ValueError):
    """A setting has a value that it cannot have."""


class NoSuchNameError(KeyError):
    """A name that stands for nothing, such as that of a value or a column."""

    __str__ = Exception.__str__  # that of KeyError shows a message as a quoted text
