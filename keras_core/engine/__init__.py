"""Layers, models and their training."""

from __future__ import annotations

import importlib

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

_MODULES = (
    "base_layer",
    "input_layer",
    "network",
    "saving",
    "sequential",
    "topology",
    "training",
    "training_arrays",
    "training_generator",
    "training_utils",
)

__all__ = [*_HOME_OF, *_MODULES]


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOME_OF:
        return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
