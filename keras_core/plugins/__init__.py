"""Plugins: the hook specification, the contract with backends, and discovery."""

from __future__ import annotations

from keras_core import namespaces
from keras_core.plugins.contract import (
    BACKEND_API,
    Backend,
    BackendInfo,
    Compiled,
    Draws,
    Limitation,
    ModelFormat,
    Problem,
    Pure,
)
from keras_core.plugins.discovery import (
    available_backends,
    backend_name,
    current_backend,
    device,
    devices,
    load_backend,
    set_backend,
    use_backend,
)
from keras_core.plugins.engines import Release, installed_release, is_within
from keras_core.plugins.hookspecs import hookimpl

__all__ = [
    "BACKEND_API",
    "Backend",
    "BackendInfo",
    "Compiled",
    "Draws",
    "Limitation",
    "ModelFormat",
    "Problem",
    "Pure",
    "Release",
    "available_backends",
    "backend_name",
    "current_backend",
    "device",
    "devices",
    "hookimpl",
    "installed_release",
    "is_within",
    "load_backend",
    "set_backend",
    "use_backend",
]

__dir__ = namespaces.listing(__all__)
