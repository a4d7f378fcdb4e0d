"""The parts of a graph of layers under the module name of Keras 1."""

from __future__ import annotations

from keras_core.engine.base_layer import InputSpec, Layer, Node
from keras_core.engine.input_layer import Input, InputLayer
from keras_core.engine.network import Network
from keras_core.utils.layer_utils import get_source_inputs

__all__ = ["Input", "InputLayer", "InputSpec", "Layer", "Network", "Node", "get_source_inputs"]
