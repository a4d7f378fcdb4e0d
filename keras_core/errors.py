"""The errors and warnings of keras_core that have a class of their own.

Each derives from the builtin type that a Keras 2 user catches:

    ImportError, ValueError
        BackendNotFoundError     no installed distribution provides the backend
    ImportError
        BackendLoadError         the backend is installed, and its plugin fails
    RuntimeError
        PluginConflictError      two distributions claim one name
        PluginError              a plugin breaks the hook specification
    UserWarning
        PluginWarning            a plugin was left out, and why
        BackendChoiceWarning     a backend runs that may not be the one that is wanted
"""

from __future__ import annotations

from keras_core import namespaces

__all__ = [
    "BackendChoiceWarning",
    "BackendLoadError",
    "BackendNotFoundError",
    "PluginConflictError",
    "PluginError",
    "PluginWarning",
    "SettingsError",
]

__dir__ = namespaces.listing(__all__)


class BackendNotFoundError(ImportError, ValueError):
    """No installed distribution provides the backend that was asked for."""


class BackendLoadError(ImportError):
    """The selected backend is installed, but its plugin does not load."""


class PluginConflictError(RuntimeError):
    """Two distributions claim one name, so none of them can be chosen."""


class PluginError(RuntimeError):
    """A plugin breaks the hook specification or speaks another version of it."""


class PluginWarning(UserWarning):
    """A plugin does not load and is left out."""


class BackendChoiceWarning(UserWarning):
    """The backend that runs is not the one asked for, or may be asked for by mistake."""


class SettingsError(ValueError):
    """A setting has a value that it cannot have."""
