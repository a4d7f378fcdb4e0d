"""The hooks of the Theano backend; importing this module loads neither NumPy nor Theano."""

from __future__ import annotations

from importlib import metadata

from keras_core.plugins import BackendInfo, hookimpl
from keras_theano.limitations import LIMITATIONS


@hookimpl
def keras_core_make_backend(config):
    from keras_theano import engine

    engine.start()
    from keras_theano.backend import make_backend

    return make_backend(config)


@hookimpl
def keras_core_backend_info():
    return BackendInfo(
        name="theano",
        engine="Theano",
        engine_version=metadata.version("Theano"),
        api=(1, 0),
        devices=("cpu",),
        limitations=LIMITATIONS,
    )
