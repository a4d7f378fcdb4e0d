"""Utilities. Names are imported on first use, so that `import keras_core.utils` stays light."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "CustomObjectScope": "utils.generic_utils",
    "custom_object_scope": "utils.generic_utils",
    "deserialize_keras_object": "utils.generic_utils",
    "get_custom_objects": "utils.generic_utils",
    "serialize_keras_object": "utils.generic_utils",
    "Progbar": "utils.progbar",
    "GeneratorEnqueuer": "utils.data_utils",
    "OrderedEnqueuer": "utils.data_utils",
    "Sequence": "utils.data_utils",
    "get_file": "utils.data_utils",
    "H5Dict": "utils.io_utils",
    "HDF5Matrix": "utils.io_utils",
    "convert_all_kernels_in_model": "utils.layer_utils",
    "get_source_inputs": "utils.layer_utils",
    "print_summary": "utils.layer_utils",
    "normalize": "utils.np_utils",
    "to_categorical": "utils.np_utils",
    "set_random_seed": "graph.randomness",
}
_SUBMODULES = (
    "conv_utils",
    "data_utils",
    "generic_utils",
    "io_utils",
    "layer_utils",
    "losses_utils",
    "metrics_utils",
    "np_utils",
    "progbar",
    "test_utils",
)

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"keras_core.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *_SUBMODULES})
