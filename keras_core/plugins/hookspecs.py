"""The hook specification: the questions that keras_core asks plugins.

A plugin is a module named by an entry point. Group `keras_core.backends` is for backends, and the
entry point's name is the backend's; group `keras_core.plugins` is for all else:

    [project.entry-points."keras_core.backends"]
    mine = "keras_mine.plugin"

The module marks its answers with `hookimpl` and imports no engine at module level:

    from keras_core.plugins import BackendInfo, hookimpl

    @hookimpl
    def keras_core_backend_info():
        return BackendInfo(name="mine", engine="My engine", api=(1, 4))

    @hookimpl
    def keras_core_make_backend(config):
        from keras_mine.backend import MyBackend
        return MyBackend()

No hook is called within a training step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from keras_core.plugins.contract import Backend, BackendInfo, ModelFormat

PROJECT = "keras_core"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def keras_core_make_backend(config: Mapping[str, Any]) -> Backend | None:
    """Makes the backend. Asked once a process, of the selected backend's plugin alone.

    Here, and not before, the engine may be imported.

    Args:
        config: the settings (`floatx`, `epsilon`, `image_data_format`), read-only.
    """


@hookspec(firstresult=True)
def keras_core_backend_info() -> BackendInfo | None:
    """Describes the backend for listings. Asked of a backend's plugin alone; imports no engine."""


@hookspec
def keras_core_custom_objects() -> Mapping[str, object]:
    """Names layers, losses, optimizers and the like that saved models may refer to.

    Asked once, when a name is first looked up. Two plugins may not give one name.
    """
    return {}


@hookspec
def keras_core_model_formats() -> Iterable[ModelFormat]:
    """Gives file formats that models can be written to or read from. Asked once, at first need."""
    return ()


@hookspec
def keras_core_callbacks(model: Any, mode: str) -> Iterable[Any]:
    """Gives callbacks that attach themselves to a run. Asked once at the start of each run.

    Args:
        model: the model that is about to run.
        mode: 'train', 'test' or 'predict'.
    """
    return ()


@hookspec
def keras_core_lowerings(backend: Backend) -> Mapping[str, Any]:
    """Gives kernels for somebody else's backend. Asked once, when the backend has been made.

    Args:
        backend: the backend; answer with an empty mapping where it is not yours to speed up.

    Returns:
        Mapping from a primitive's name to a lowering of the form that this backend takes.
    """
    return {}
