"""The hooks of the Theano backend; importing this module loads neither NumPy nor Theano."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata, util

from keras_core.plugins import BackendInfo, Problem, hookimpl, installed_release, is_within
from keras_theano.limitations import LIMITATIONS

_VERSION = "1.0.5"
_LEAST_NUMPY, _BELOW_NUMPY = "1.20", "1.24"
_BELOW_PYTHON = (3, 12)


@hookimpl
def keras_core_make_backend(config):
    from keras_theano import engine

    engine.start()
    from keras_theano.backend import make_backend

    return make_backend(config)


@hookimpl
def keras_core_backend_info():
    release = installed_release("Theano")
    return BackendInfo(
        name="theano",
        engine="Theano",
        engine_version=release.version if release else "",
        api=(1, 5),
        devices=("cpu",),
        limitations=LIMITATIONS,
        problems=(*_python_problems(), *_engine_problems(), *_numpy_problems()),
    )


def _python_problems() -> Iterator[Problem]:
    if sys.version_info[:2] >= _BELOW_PYTHON:
        python = ".".join(map(str, sys.version_info[:2]))
        yield Problem(
            f"Python {python} is too new for Theano {_VERSION}, whose NumPy runs on 3.9 to 3.11",
            "python3.11 -m venv theano && theano/bin/pip install keras-theano",
        )


def _engine_problems() -> Iterator[Problem]:
    release = installed_release("Theano")
    remedy = f"pip install Theano=={_VERSION}"
    if release is None or util.find_spec("theano") is None:
        yield Problem(f"Theano {_VERSION} is not installed", remedy)
    elif release.version != _VERSION:
        yield Problem(f"{release} is installed, but {_VERSION} is needed", remedy)


def _numpy_problems() -> Iterator[Problem]:
    version = metadata.version("numpy")
    if not is_within(version, _LEAST_NUMPY, _BELOW_NUMPY):
        yield Problem(
            f"NumPy {version} does not fit Theano {_VERSION}, which needs {_LEAST_NUMPY} or newer "
            f"and below {_BELOW_NUMPY}",
            f"pip install 'numpy>={_LEAST_NUMPY},<{_BELOW_NUMPY}'",
        )
