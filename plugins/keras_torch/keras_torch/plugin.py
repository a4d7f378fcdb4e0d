"""The hooks of the PyTorch backend; importing this module does not import PyTorch."""

from __future__ import annotations

from importlib import util

from keras_core.plugins import BackendInfo, Problem, Release, hookimpl, installed_release, is_within
from keras_torch.limitations import LIMITATIONS

_LEAST, _BELOW = "2.4", "3"


@hookimpl
def keras_core_make_backend(config):
    from keras_torch.backend import make_backend

    return make_backend(config)


@hookimpl
def keras_core_backend_info():
    release = installed_release("torch") if util.find_spec("torch") else None
    return BackendInfo(
        name="torch",
        engine="PyTorch",
        engine_version=release.version if release else "",
        api=(1, 5),
        devices=_devices(release) if release else (),
        limitations=LIMITATIONS,
        problems=_problems(release),
    )


def _devices(release: Release) -> tuple[str, ...]:
    """The kinds of device that the installed build has code for, as far as its version says."""
    return ("cpu",) if release.version.endswith("+cpu") else ("cpu", "cuda", "mps")


def _problems(release: Release | None) -> tuple[Problem, ...]:
    remedy = f"pip install --upgrade 'torch>={_LEAST},<{_BELOW}'"
    if release is None:
        return (Problem("PyTorch is not installed", remedy),)
    if is_within(release.version, _LEAST, _BELOW):
        return ()
    return (Problem(f"{release} is installed, but {_LEAST} or newer is needed", remedy),)
