"""The hooks of the TensorFlow backend; importing this module does not import TensorFlow."""

from __future__ import annotations

import re
import sys
from importlib import util
from importlib.machinery import ModuleSpec
from pathlib import Path

from keras_core.plugins import BackendInfo, Problem, Release, hookimpl, installed_release, is_within
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
    from keras_tf.importing import quick_import

    with quick_import():
        from keras_tf.backend import make_backend

    return make_backend(config)


@hookimpl
def keras_core_backend_info():
    spec = util.find_spec("tensorflow")
    release = installed_release(*_FOR_GPU, *_FOR_CPU) if spec else None
    return BackendInfo(
        name="tensorflow",
        engine="TensorFlow",
        engine_version=release.version if release else "",
        api=(1, 5),
        devices=_devices(spec, release) if spec else (),
        limitations=LIMITATIONS,
        problems=_problems(release) if spec else (_MISSING,),
    )


_MISSING = Problem(
    "TensorFlow is not installed: keras-tf leaves open which of its distributions it runs on",
    "pip install 'keras-tf[cpu]' (or 'keras-tf[gpu]' for a GPU)",
)


def _devices(spec: ModuleSpec, release: Release | None) -> tuple[str, ...]:
    """The kinds of device that the installed engine has code for."""
    for_gpu = _built_for_gpu(spec)
    if for_gpu is None:  # TensorFlow's own wheels have code for GPUs on Linux alone
        on_linux = sys.platform == "linux"
        for_gpu = release is None or (release.distribution in _FOR_GPU and on_linux)
    return ("cpu", "gpu") if for_gpu or installed_release("tensorflow-metal") else ("cpu",)


def _built_for_gpu(spec: ModuleSpec) -> bool | None:
    """What TensorFlow says of its own build, in a file that is read and not run."""
    for folder in spec.submodule_search_locations or ():
        path = Path(folder, "python", "platform", "build_info.py")
        if path.is_file():
            built = re.findall(r"'is_(?:cuda|rocm)_build', (True|False)", path.read_text("utf-8"))
            return "True" in built if built else None
    return None


def _problems(release: Release | None) -> tuple[Problem, ...]:
    if release is None or is_within(release.version, _LEAST, _BELOW):
        return ()
    what = f"{release} is installed, but {_LEAST} or newer and below {_BELOW} is needed"
    remedy = f"pip install --upgrade '{release.distribution}>={_LEAST},<{_BELOW}'"
    return (Problem(what, remedy),)
