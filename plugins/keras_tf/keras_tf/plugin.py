"""The hooks of the TensorFlow backend; importing this module does not import TensorFlow."""

from __future__ import annotations

from importlib import metadata, util

from keras_core.plugins import BackendInfo, hookimpl
from keras_tf.limitations import LIMITATIONS

DISTRIBUTIONS = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos")


@hookimpl
def keras_core_make_backend(config):
    if util.find_spec("tensorflow") is None:
        raise ImportError(
            "The backend 'tensorflow' needs TensorFlow 2.15 or newer, which is not installed: "
            "pip install 'keras-tf[cpu]' (or 'keras-tf[gpu]' for a GPU)."
        )
    from keras_tf.backend import make_backend

    return make_backend(config)


@hookimpl
def keras_core_backend_info():
    return BackendInfo(
        name="tensorflow",
        engine="TensorFlow",
        engine_version=_engine_version(),
        api=(1, 0),
        devices=("cpu", "gpu"),
        limitations=LIMITATIONS,
    )


def _engine_version() -> str:
    """The version of whichever distribution of TensorFlow is installed; empty for none."""
    for name in DISTRIBUTIONS:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return ""
