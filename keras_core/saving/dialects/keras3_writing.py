"""A model in the words of Keras 3, for its archives: the way back of `keras3` and `tf_keras`."""

from __future__ import annotations

from typing import Any

from keras_core import backend as K
from keras_core.saving.dialects._words import beside
from keras_core.saving.dialects.keras3 import ACTIVATIONS, OF_ACTIVATIONS
from keras_core.saving.dialects.tf_keras import INTERPOLATIONS

_KINDS = ("losses", "metrics", "optimizers")


def model_config(model: Any, trained: bool) -> dict[str, Any]:
    """What an archive says of a model.

    Args:
        model: Model made of layers and tensors.
        trained: bool, whether to write how it is compiled.
    """
    entry = {"class_name": type(model).__name__, "config": model.get_config()}
    written = {**_model(entry, model), "build_config": {}}
    if trained:
        written["compile_config"] = _compile_config(model)
        if model.sample_weight_mode is not None:
            written["sample_weight_mode"] = model.sample_weight_mode
    return written


def _model(entry: dict[str, Any], model: Any) -> dict[str, Any]:
    config = entry["config"]
    if "input_layers" in config:
        return _functional(entry, model)
    named = _named(model)
    layers = [_layer(x, _inner(named, x)) for x in config["layers"]]
    if model.inputs and layers and layers[0]["class_name"] != "InputLayer":
        layers.insert(0, _entry_of(model))
    made = {"module": "keras", "class_name": entry["class_name"], "registered_name": None}
    return {**beside(entry), **made, "config": {**config, "layers": layers}}


def _named(model):
    """The layers of a model by name, to be asked for their calls."""
    return {layer.name: layer for layer in model._layers}


def _inner(named, entry):
    return named.get(entry.get("name") or entry["config"].get("name"))


def _entry_of(model):
    """The input layer of a Sequential, which Keras 2 leaves to the first layer."""
    entry = model._input_layers[0]
    return _layer({"class_name": "InputLayer", "config": entry.get_config()}, entry)


def _functional(entry, model):
    config = entry["config"]
    shift = {layer.name: _own_calls(layer) for layer in model.layers if _is_model(layer)}
    named = _named(model)
    layers = [_called(x, _inner(named, x), model, shift) for x in config["layers"]]
    kind = {x["name"]: x["class_name"] for x in layers}
    made = {
        **config,
        "layers": layers,
        "input_layers": _unwrapped(config["input_layers"]),
        "output_layers": _unwrapped([_end(x, kind, shift) for x in config["output_layers"]]),
    }
    name = "Functional" if entry["class_name"] == "Model" else entry["class_name"]
    names = {"class_name": name, "registered_name": name}
    return {**beside(entry), "module": "keras.src.models.functional", **names, "config": made}


def _is_model(layer):
    return hasattr(layer, "run_internal_graph")


def _own_calls(layer):
    """The calls of a nested model that are its own graph, which Keras 3 does not count."""
    return sum(not node.inbound_layers for node in layer._inbound_nodes)


def _unwrapped(ends):
    return ends[0] if len(ends) == 1 else ends


def _end(place, kind, shift):
    """The place of an output; a nested functional model counts its calls from 1 there."""
    name, call, output = place
    return [name, call - (shift.get(name, 0) if kind[name] != "Functional" else 0), output]


def _called(entry, layer, model, shift):
    nodes = [x for x in layer._inbound_nodes if x in model._network_nodes and x.inbound_layers]
    calls = [_call(x, node, layer, shift) for x, node in zip(entry["inbound_nodes"], nodes)]
    return {**_layer(entry, layer), "name": entry["name"], "inbound_nodes": calls}


def _call(call, node, layer, shift):
    tensors = [_tensor(place, x, shift) for place, x in zip(call, node.input_tensors)]
    arguments = dict(call[0][3]) if call and len(call[0]) > 3 else {}
    if len(tensors) > 1 and _takes_states(layer):
        tensors, arguments["initial_state"] = tensors[:1], tensors[1:]
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": arguments}


def _takes_states(layer):
    return hasattr(layer, "cell") or hasattr(layer, "forward_layer")


def _tensor(place, x, shift):
    name, call, output = place[:3]
    history = [name, call - shift.get(name, 0), output]
    config = {"shape": K.int_shape(x), "dtype": K.dtype(x), "keras_history": history}
    return {"class_name": "__keras_tensor__", "config": config}


def _layer(entry: dict[str, Any], layer: Any) -> dict[str, Any]:
    if _is_model(layer):
        return _model(entry, layer)
    name, config = entry["class_name"], dict(entry["config"])
    shape = config.pop("batch_input_shape", None)
    if name == "InputLayer":
        config["batch_shape"] = shape
    for key in OF_ACTIVATIONS:
        if isinstance(config.get(key), str):
            config[key] = ACTIVATIONS.get(config[key], config[key])
    name, config = _OF_CLASS.get(name, _as_it_is)(name, config)
    config = {key: _value(key, value, layer) for key, value in config.items()}
    return {**beside(entry), "class_name": name, "config": config}


def _value(key, value, layer):
    """What is in a configuration; layers inside say where Keras 3 finds their class."""
    if isinstance(value, list) and key == "cells":
        return [_value("cell", inner, None) for inner in value]
    if key not in ("cell", "layer") or not isinstance(value, dict):
        return value
    written = _layer(value, getattr(layer, key, None))
    return {"module": "keras.layers", "registered_name": None, **written}


def _as_it_is(name, config):
    return name, config


def _spatial_dropout(name, config):
    return name, {k: v for k, v in config.items() if k not in ("trainable", "noise_shape")}


def _thresholded_relu(name, config):
    theta = float(config.pop("theta"))
    return "ReLU", {**config, "max_value": None, "negative_slope": 0.0, "threshold": theta}


def _leaky_relu(name, config):
    return name, {**config, "negative_slope": float(config.pop("alpha"))}


def _upsampling(name, config):
    given = config["interpolation"]
    return name, {**config, "interpolation": INTERPOLATIONS.get(given, given)}


_OF_CLASS = {
    "LeakyReLU": _leaky_relu,
    "SpatialDropout1D": _spatial_dropout,
    "SpatialDropout2D": _spatial_dropout,
    "SpatialDropout3D": _spatial_dropout,
    "ThresholdedReLU": _thresholded_relu,
    "UpSampling2D": _upsampling,
}


def _compile_config(model: Any) -> dict[str, Any]:
    optimizer = model.optimizer
    config = optimizer.get_config()
    decay = config.pop("decay", 0.0)
    if decay:
        config["learning_rate"] = _schedule(config["learning_rate"], decay)
    return {
        "optimizer": _object("optimizers", type(optimizer).__name__, config),
        "loss": _written("losses", model.loss),
        "loss_weights": model.loss_weights,
        "metrics": _written("metrics", model._compile_metrics),
        "weighted_metrics": _written("metrics", model._compile_weighted_metrics),
    }


def _object(kind, name, config):
    return {
        "module": f"keras.{kind}",
        "class_name": name,
        "config": config,
        "registered_name": None,
    }


def _schedule(rate, decay):
    """Keras 2's decay of the learning rate, which is a schedule in Keras 3."""
    config = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}
    schedule = _object("optimizers.schedules", "InverseTimeDecay", {**config, "staircase": False})
    return schedule


def _written(kind, value):
    if isinstance(value, dict):
        return {key: _written(kind, inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_written(kind, inner) for inner in value]
    if hasattr(value, "get_config"):
        return _object(kind, type(value).__name__, value.get_config())
    return getattr(value, "__name__", value)
