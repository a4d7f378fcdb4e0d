"""The Keras 2 API over a small symbolic graph, with backends as plugins.

Importing this package loads no engine and does no work: a submodule is imported when it is first
asked for, and a backend when the first program is compiled.

Examples in docstrings take some names as given: `np` is NumPy, `keras` this package, `K` its
`backend`, and `layers`, `models` and the like are its submodules.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from keras_core import missing, namespaces, slots

if TYPE_CHECKING:
    from keras_core import (
        activations,
        applications,
        backend,
        callbacks,
        config,
        constraints,
        datasets,
        distribute,
        engine,
        errors,
        graph,
        initializers,
        layers,
        legacy,
        losses,
        metrics,
        models,
        objectives,
        optimizers,
        plugins,
        preprocessing,
        regularizers,
        saving,
        testing,
        utils,
        wrappers,
    )
    from keras_core.as_keras import install_as_keras, uninstall_as_keras
    from keras_core.engine.input_layer import Input
    from keras_core.engine.sequential import Sequential
    from keras_core.engine.training import Model
    from keras_core.plugins.discovery import device, devices, set_backend, use_backend

__version__ = "2.4.0"

__all__ = [
    "Input",
    "Model",
    "Sequential",
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "device",
    "devices",
    "distribute",
    "engine",
    "errors",
    "graph",
    "initializers",
    "install_as_keras",
    "layers",
    "legacy",
    "losses",
    "metrics",
    "models",
    "objectives",
    "optimizers",
    "plugins",
    "preprocessing",
    "regularizers",
    "saving",
    "set_backend",
    "testing",
    "uninstall_as_keras",
    "use_backend",
    "utils",
    "wrappers",
]

_HOME_OF = {
    "Input": "keras_core.engine.input_layer",
    "Model": "keras_core.engine.training",
    "Sequential": "keras_core.engine.sequential",
    "device": "keras_core.plugins.discovery",
    "devices": "keras_core.plugins.discovery",
    "install_as_keras": "keras_core.as_keras",
    "uninstall_as_keras": "keras_core.as_keras",
    "set_backend": "keras_core.plugins.discovery",
    "use_backend": "keras_core.plugins.discovery",
}

_SUBMODULES = frozenset(__all__).difference(_HOME_OF)

__dir__ = namespaces.listing([*__all__, "__version__"])


def _submodule(name: str) -> Any:
    return importlib.import_module(f"keras_core.{name}")


def _current_backend() -> Any:
    from keras_core.plugins import current_backend

    slots.current_backend.fill(current_backend)  # each step asks: no import the next time
    return current_backend()


def _core_plugins() -> dict[str, Any]:
    from keras_core.export import formats as exported
    from keras_core.saving import formats

    return {"keras_core": formats, "keras_core.export": exported}


slots.current_backend.fill(_current_backend)
slots.family.fill(lambda name: _submodule(name).FAMILY)
slots.core_plugins.fill(_core_plugins)
missing.explain_imports()

if not TYPE_CHECKING:  # a checker knows the names above, and no others

    def __getattr__(name: str) -> Any:
        if name in _SUBMODULES:
            return _submodule(name)
        if name in _HOME_OF:
            value = getattr(importlib.import_module(_HOME_OF[name]), name)
            globals()[name] = value
            return value
        raise missing.no_attribute(__name__, name)
