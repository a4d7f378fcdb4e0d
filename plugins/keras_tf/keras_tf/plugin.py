"""The hooks of the TensorFlow backend; importing this module does not import TensorFlow."""

from __future__ import annotations

import sys
from importlib import util

from keras_core.plugins import BackendInfo, Problem, hookimpl
from keras_core.plugins.engines import Release, installed_release, is_within
from keras_tf.limitations import LIMITATIONS

_LEAST, _BELOW = "2.15", "3"
# Each has a module `tensorflow`. Those that can use a GPU come first.
_FOR_GPU = ("tensorflow-rocm", "tensorflow", "tf-nightly")
_FOR_CPU = (
    *("tensorflow-cpu", "tensorflow-intel", "tensorflow-macos", "tensorflow-aarch64"),
    *("tensorflow-cpu-aws", "intel-tensorflow", "tf-nightly-cpu"),
)


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
    is_there = util.find_spec("tensorflow") is not None
    release = installed_release(*_FOR_GPU, *_FOR_CPU) if is_there else None
    return BackendInfo(
        name="tensorflow",
        engine="TensorFlow",
        engine_version=release.version if release else "",
        api=(1, 1),
        devices=_devices(release) if is_there else (),
        limitations=LIMITATIONS,
        problems=_problems(release) if is_there else (_MISSING,),
    )


_MISSING = Problem(
    "TensorFlow is not installed: keras-tf leaves open which of its distributions it runs on",
    "pip install 'keras-tf[cpu]' (or 'keras-tf[gpu]' for a GPU)",
)


def _devices(release: Release | None) -> tuple[str, ...]:
    """The kinds of device that a distribution has code for."""
    if installed_release("tensorflow-metal"):
        return ("cpu", "gpu")
    # TensorFlow's own wheels have code for GPUs on Linux alone.
    uses_gpu = release is None or (release.distribution in _FOR_GPU and sys.platform == "linux")
    return ("cpu", "gpu") if uses_gpu else ("cpu",)


def _problems(release: Release | None) -> tuple[Problem, ...]:
    if release is None or is_within(release.version, _LEAST, _BELOW):
        return ()
    what = f"{release} is installed, but {_LEAST} or newer and below {_BELOW} is needed"
    remedy = f"pip install --upgrade '{release.distribution}>={_LEAST},<{_BELOW}'"
    return (Problem(what, remedy),)
