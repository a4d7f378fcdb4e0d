"""Layers, models and their training."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from keras_core import missing, namespaces

if TYPE_CHECKING:
    from keras_core.engine import (
        base_layer,
        input_layer,
        network,
        saving,
        sequential,
        topology,
        training,
        training_arrays,
        training_generator,
        training_utils,
    )
    from keras_core.engine.base_layer import InputSpec, Layer
    from keras_core.engine.input_layer import Input, InputLayer
    from keras_core.engine.topology import get_source_inputs
    from keras_core.engine.training import Model

__all__ = [
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "Model",
    "base_layer",
    "get_source_inputs",
    "input_layer",
    "network",
    "saving",
    "sequential",
    "topology",
    "training",
    "training_arrays",
    "training_generator",
    "training_utils",
]

_HOME_OF = {
    "Input": "input_layer",
    "InputLayer": "input_layer",
    "InputSpec": "base_layer",
    "Layer": "base_layer",
    "Container": "topology",
    "Model": "training",
    "Network": "network",
    "Node": "base_layer",
    "Sequential": "sequential",
    "get_source_inputs": "topology",
}

_MODULES = frozenset(__all__).difference(_HOME_OF)

__dir__ = namespaces.listing(__all__)

if not TYPE_CHECKING:  # a checker knows the names above, and no others

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return importlib.import_module(f"{__name__}.{name}")
        if name in _HOME_OF:
            return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
        return missing.attribute(__name__, name)
