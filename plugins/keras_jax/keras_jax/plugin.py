"""The hooks of the JAX backend; importing this module does not import JAX."""

from __future__ import annotations

from importlib import util

from keras_core.plugins import BackendInfo, Problem, Release, hookimpl, installed_release, is_within
from keras_jax.limitations import LIMITATIONS

_LEAST, _BELOW = "0.4.30", "1"
# Each brings code for accelerators to JAX.
_FOR_GPU = ("jax-cuda12-plugin", "jax-cuda13-plugin", "jax-rocm60-plugin", "jax-metal")


@hookimpl
def keras_core_make_backend(config):
    if util.find_spec("jax") is None:
        raise ImportError(
            f"The backend 'jax' needs JAX {_LEAST} or newer, which is not installed: "
            "pip install jax (or 'jax[cuda12]' for a GPU)."
        )
    import numpy as np

    state = np.random.get_state()  # JAX draws from it when it starts
    try:
        from keras_jax.backend import make_backend

        return make_backend(config)
    finally:
        np.random.set_state(state)


@hookimpl
def keras_core_backend_info():
    release = installed_release("jax") if util.find_spec("jax") else None
    return BackendInfo(
        name="jax",
        engine="JAX",
        engine_version=release.version if release else "",
        api=(1, 5),
        devices=_devices() if release else (),
        limitations=LIMITATIONS,
        problems=_problems(release),
    )


def _devices() -> tuple[str, ...]:
    """The kinds of device that the installed engine has code for."""
    return ("cpu", "gpu") if installed_release(*_FOR_GPU) else ("cpu",)


def _problems(release: Release | None) -> tuple[Problem, ...]:
    if release is None:
        return (Problem("JAX is not installed", "pip install jax"),)
    if is_within(release.version, _LEAST, _BELOW):
        return ()
    what = f"{release} is installed, but {_LEAST} or newer and below {_BELOW} is needed"
    return (Problem(what, f"pip install --upgrade 'jax>={_LEAST},<{_BELOW}'"),)
