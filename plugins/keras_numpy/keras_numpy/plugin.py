"""The hooks of the NumPy backend; importing this module loads neither NumPy nor the compiler."""

from __future__ import annotations

from importlib import metadata

from keras_core.plugins import BackendInfo, Problem, hookimpl, is_within
from keras_numpy.limitations import LIMITATIONS

_LEAST, _BELOW = "1.20", "3"


@hookimpl
def keras_core_make_backend(config):
    from keras_numpy.backend import make_backend

    return make_backend(config)


@hookimpl
def keras_core_backend_info():
    version = metadata.version("numpy")
    return BackendInfo(
        name="numpy",
        engine="NumPy",
        engine_version=version,
        api=(1, 5),
        devices=("cpu",),
        limitations=LIMITATIONS,
        problems=_problems(version),
    )


def _problems(version: str) -> tuple[Problem, ...]:
    if is_within(version, _LEAST, _BELOW):
        return ()
    what = f"NumPy {version} is installed, but {_LEAST} or newer and below {_BELOW} is needed"
    return (Problem(what, f"pip install 'numpy>={_LEAST},<{_BELOW}'"),)
