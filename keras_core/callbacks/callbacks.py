"""All callbacks, under the module path that Keras 2 has for them."""

from __future__ import annotations

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
