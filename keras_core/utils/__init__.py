"""Utilities. Names are imported on first use, so that `import keras_core.utils` stays light."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from keras_core import missing, namespaces

if TYPE_CHECKING:
    from keras_core.graph.randomness import set_random_seed
    from keras_core.utils import (
        conv_utils,
        data_utils,
        generic_utils,
        io_utils,
        layer_utils,
        losses_utils,
        metrics_utils,
        np_utils,
        progbar,
        test_utils,
    )
    from keras_core.utils.data_utils import GeneratorEnqueuer, OrderedEnqueuer, Sequence, get_file
    from keras_core.utils.generic_utils import (
        CustomObjectScope,
        custom_object_scope,
        deserialize_keras_object,
        get_custom_objects,
        serialize_keras_object,
    )
    from keras_core.utils.io_utils import H5Dict, HDF5Matrix
    from keras_core.utils.layer_utils import (
        convert_all_kernels_in_model,
        get_source_inputs,
        print_summary,
    )
    from keras_core.utils.np_utils import normalize, to_categorical
    from keras_core.utils.progbar import Progbar

__all__ = [
    "CustomObjectScope",
    "GeneratorEnqueuer",
    "H5Dict",
    "HDF5Matrix",
    "OrderedEnqueuer",
    "Progbar",
    "Sequence",
    "conv_utils",
    "convert_all_kernels_in_model",
    "custom_object_scope",
    "data_utils",
    "deserialize_keras_object",
    "generic_utils",
    "get_custom_objects",
    "get_file",
    "get_source_inputs",
    "io_utils",
    "layer_utils",
    "losses_utils",
    "metrics_utils",
    "normalize",
    "np_utils",
    "print_summary",
    "progbar",
    "test_utils",
    "serialize_keras_object",
    "set_random_seed",
    "to_categorical",
]


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
_SUBMODULES = frozenset(__all__).difference(_HOME)

__dir__ = namespaces.listing(__all__)

if not TYPE_CHECKING:  # a checker knows the names above, and no others

    def __getattr__(name: str) -> Any:
        if name in _SUBMODULES:
            return import_module(f"{__name__}.{name}")
        if name not in _HOME:
            return missing.attribute(__name__, name)
        value = getattr(import_module(f"keras_core.{_HOME[name]}"), name)
        globals()[name] = value
        return value
