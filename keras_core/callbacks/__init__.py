"""Callbacks: objects that watch and steer training, evaluation and prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_core import missing, namespaces
from keras_core.callbacks.backup import BackupAndRestore
from keras_core.callbacks.callbacks import (
    BaseLogger,
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgbarLogger,
    ReduceLROnPlateau,
    RemoteMonitor,
    TerminateOnNaN,
)
from keras_core.callbacks.tensorboard import TensorBoard

if TYPE_CHECKING:  # which the imports above leave here
    from keras_core.callbacks import callbacks as callbacks

__all__ = [
    "BackupAndRestore",
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
    "TensorBoard",
    "TerminateOnNaN",
]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())
