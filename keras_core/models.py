"""Models: making, copying, saving and loading them."""

from __future__ import annotations

from typing import Any, TypeVar

from keras_core import foreign, missing, namespaces
from keras_core.engine.input_layer import Input, InputLayer
from keras_core.engine.network import Network
from keras_core.engine.saving import (
    load_model,
    model_from_config,
    model_from_json,
    model_from_yaml,
    save_model,
)
from keras_core.engine.sequential import Sequential
from keras_core.engine.training import Model
from keras_core.graph import Tensor
from keras_core.saving.safety import copying
from keras_core.utils.generic_utils import to_list, unpack_singleton, whole_config

__all__ = [
    "Input",
    "InputLayer",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "save_model",
]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())

AnyNetwork = TypeVar("AnyNetwork", bound=Network)


def clone_model(model: AnyNetwork, input_tensors: Any = None) -> AnyNetwork:
    """Makes a model of new layers with the same configuration, and new weights.

    Args:
        model: Model made of layers and tensors.
        input_tensors: list of tensors to build on, instead of new inputs.

    Returns:
        A model that is not compiled.

    Raises:
        ValueError: if `model` is no such model, or the number of tensors differs from its inputs.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(2,), name="top")])
        >>> clone = models.clone_model(model)
        >>> clone.get_layer("top") is model.get_layer("top")  # a layer of its own, with new weights
        False
    """
    return _clone(model, input_tensors, {})


def _clone(model, input_tensors, clones):
    """A clone; `clones` has the layers cloned so far, which models inside may share."""
    if isinstance(model, Sequential):
        return _clone_sequential_model(model, input_tensors, clones)
    if not isinstance(model, Network) or not model._is_graph_network:
        foreign.refuse(model)
        raise ValueError(
            "clone_model takes a Sequential, or a Model made from inputs and outputs, "
            f"not {model!r}."
        )
    return _clone_functional_model(model, input_tensors, clones)


def _clone_layer(layer, clones):
    if isinstance(layer, InputLayer):
        return _copy(layer)
    if layer not in clones:
        is_model = isinstance(layer, Network)
        clones[layer] = _clone(layer, None, clones) if is_model else _copy(layer)
    return clones[layer]


def _copy(layer):
    with copying():
        return type(layer).from_config(whole_config(layer))


def _clone_sequential_model(model, input_tensors=None, clones=None):
    clones = {} if clones is None else clones
    has_input = bool(model._layers) and isinstance(model._layers[0], InputLayer)
    layers = [_clone_layer(layer, clones) for layer in model._layers[has_input:]]
    if input_tensors is None:
        first = [_copy(model._layers[0])] if has_input else []
        clone = Sequential(first + layers, name=model.name)
        clone.build(model._build_input_shape)
        return clone
    tensors = to_list(input_tensors, allow_tuple=True)
    if len(tensors) != 1:
        raise ValueError(
            f"clone_model: Sequential model {model.name} has one input, but {len(tensors)} tensors "
            "were given."
        )
    return Sequential([_input_layer(tensors[0]), *layers], name=model.name)


def _input_layer(tensor, name=None):
    """The InputLayer of a tensor, made when another layer, or none, gave it."""
    layer = getattr(tensor, "_keras_history", (None,))[0]
    if isinstance(layer, InputLayer):
        return layer
    name = name or "input_wrapper_for_" + tensor.name.replace(":", "_").replace("/", "_")
    return InputLayer(input_tensor=tensor, name=name)


def _clone_functional_model(model, input_tensors=None, clones=None):
    inputs = _clone_inputs(model, input_tensors)
    clones = {} if clones is None else clones

    def run(layer, tensors, masks, arguments):
        clone = _clone_layer(layer, clones)
        outputs = to_list(clone(unpack_singleton(tensors), **arguments))
        return outputs, [getattr(x, "_keras_mask", None) for x in outputs]

    outputs, _ = model._replay(inputs, [None] * len(inputs), run)
    return type(model)(inputs, outputs, name=model.name)


def _clone_inputs(model, input_tensors):
    if input_tensors is None:
        layers = [_copy(layer) for layer in model._input_layers]
    else:
        tensors = to_list(input_tensors, allow_tuple=True)
        if len(tensors) != len(model.inputs) or not all(isinstance(x, Tensor) for x in tensors):
            raise ValueError(
                f"clone_model: model {model.name} has {len(model.inputs)} input(s), so as many "
                f"tensors are needed, not {input_tensors!r}."
            )
        names = [f"input_wrapper_for_{name}" for name in model.input_names]
        layers = [_input_layer(x, name) for x, name in zip(tensors, names)]
    return [layer.output for layer in layers]
