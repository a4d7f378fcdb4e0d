"""All callbacks, under the module path that Keras 2 has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_core.callbacks.base import Callback, CallbackList
from keras_core.callbacks.control import (
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from keras_core.callbacks.loggers import (
    BaseLogger,
    CSVLogger,
    History,
    ProgbarLogger,
    RemoteMonitor,
)

__all__ = [
    "BaseLogger",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "TerminateOnNaN",
]


if not TYPE_CHECKING:  # a checker knows the names above, and no others

    def __getattr__(name: str) -> Any:
        """The package `requests`, loaded at its first use; None where it is not installed."""
        if name != "requests":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            import requests
        except ImportError:
            return None
        return requests
