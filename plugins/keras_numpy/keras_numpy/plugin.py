"""The hooks of the NumPy backend; importing this module loads neither NumPy nor the compiler."""

from __future__ import annotations

from importlib import metadata

from keras_core.plugins import BackendInfo, hookimpl
from keras_numpy.limitations import LIMITATIONS


@hookimpl
def keras_core_make_backend(config):
    from keras_numpy.backend import make_backend

    return make_backend(config)


@hookimpl
def keras_core_backend_info():
    return BackendInfo(
        name="numpy",
        engine="NumPy",
        engine_version=metadata.version("numpy"),
        api=(1, 0),
        devices=("cpu",),
        limitations=LIMITATIONS,
    )
