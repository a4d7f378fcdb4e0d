"""The parts of a graph of layers under the module name of Keras 1."""

from __future__ import annotations

from keras_core import missing
from keras_core.engine.base_layer import InputSpec, Layer, Node
from keras_core.engine.input_layer import Input, InputLayer
from keras_core.engine.network import Network
from keras_core.engine.saving import (
    load_weights_from_hdf5_group,
    load_weights_from_hdf5_group_by_name,
    preprocess_weights_for_loading,
    save_weights_to_hdf5_group,
)
from keras_core.utils.generic_utils import is_all_none, to_list, unpack_singleton
from keras_core.utils.layer_utils import get_source_inputs

Container = Network
_to_list = to_list

__all__ = [
    "Container",
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "Network",
    "Node",
    "get_source_inputs",
    "is_all_none",
    "load_weights_from_hdf5_group",
    "load_weights_from_hdf5_group_by_name",
    "preprocess_weights_for_loading",
    "save_weights_to_hdf5_group",
    "to_list",
    "unpack_singleton",
]

missing.explain_attributes(globals())
