"""Configurations that Keras 1 wrote, in the words of Keras 2.3.1."""

from __future__ import annotations

from typing import Any

from keras_core.legacy import merging
from keras_core.legacy.conversion import converted as converted_call
from keras_core.legacy.table import ALIASES, row_of

# Layers that keep what they had, under its old names.
_UNCHANGED = frozenset({"MaxoutDense", "Highway"})

# What the objects of Keras 1 are called now, and their arguments that have another name.
_REGULARIZERS = {
    "L1L2Regularizer": "L1L2",
    "WeightRegularizer": "L1L2",
    "ActivityRegularizer": "L1L2",
}
_CONSTRAINT_ARGUMENTS = {"m": "max_value", "low": "min_value", "high": "max_value"}


def converted(class_name: str, config: Any) -> tuple[str, Any]:
    """The class and the configuration of a layer or model as Keras 2.3.1 has them.

    What stands inside (the layers of models, wrappers and Merge; regularizers and constraints) is
    converted as well. What is of Keras 2 already, or unknown, stays as it is. No warning is given.

    Args:
        class_name: str, such as 'Convolution2D'.
        config: dict, or the list of a Sequential; not changed.

    Returns:
        The name and the configuration of today. A Merge keeps its `layers`, where it has them.

    Raises:
        TypeError: a BatchNormalization of mode 1 or 2; one argument under both names.
        ValueError: a Merge of a mode that cannot be read.
    """
    if class_name == "Sequential" and isinstance(config, list):
        return class_name, {"layers": [_layer(one) for one in config]}
    if not isinstance(config, dict):
        return class_name, config
    config = {name: _inner(name, value) for name, value in config.items()}
    if class_name == "Merge":
        return _merge(config)
    if class_name == "TimeDistributedDense":
        return _time_distributed(config)
    return _layer_of_one_input(class_name, config)


def _layer(entry: Any) -> Any:
    """An entry in a list of layers, with its name and its calls where it has them."""
    if not (isinstance(entry, dict) and isinstance(entry.get("class_name"), str)):
        return entry
    name, config = converted(entry["class_name"], entry.get("config"))
    return {**entry, "class_name": name, "config": config}


def _inner(name: str, value: Any) -> Any:
    if name == "layer":
        return _layer(value)
    if name == "layers" and isinstance(value, list):
        return [_layer(one) for one in value]
    if name.endswith(("regularizer", "constraint")):
        return _object(value)
    return value


def _object(value: Any) -> Any:
    """A regularizer or constraint, which Keras 1 wrote as one dict with its name in it."""
    if not isinstance(value, dict) or "class_name" in value or "name" not in value:
        return value
    arguments = {_CONSTRAINT_ARGUMENTS.get(k, k): v for k, v in value.items() if k != "name"}
    name = value["name"]
    return {"class_name": _REGULARIZERS.get(name, name), "config": arguments}


def _layer_of_one_input(class_name: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    row = row_of(class_name)
    name = class_name if class_name == "Model" else ALIASES.get(class_name, class_name)
    config = _in_pairs(class_name, _without_input(class_name, config))
    if "atrous_rate" in config:
        config["dilation_rate"] = config.pop("atrous_rate")
    if row is None or class_name in _UNCHANGED:
        return name, config
    return name, _fit(name, converted_call(name, row, (), config).kwargs)


def _without_input(class_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Leaves out what `batch_input_shape` says too, and gives the dtype its name of today."""
    config = dict(config)
    dtype = config.pop("input_dtype", None)
    if dtype is not None and class_name != "Embedding":
        config.setdefault("dtype", dtype)
    if class_name not in ("Embedding", *_UNCHANGED):
        config.pop("input_dim", None)
        config.pop("input_length", None)
    return config


def _in_pairs(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Puts paddings by side, which calls of Keras 2 refuse, into pairs."""
    padding = config.get("padding")
    if name == "ZeroPadding2D" and isinstance(padding, (list, tuple)) and len(padding) == 4:
        return {**config, "padding": [list(padding[:2]), list(padding[2:])]}
    if name == "ZeroPadding1D" and isinstance(padding, dict):
        return {**config, "padding": [padding.get(side, 0) for side in ("left_pad", "right_pad")]}
    return config


def _fit(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Fits in what has another meaning in a call than in a file."""
    if name == "SimpleRNN":
        config.pop("implementation", None)
    if config.get("implementation") == 0:
        config["implementation"] = 1
    return config


def _time_distributed(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    own: dict[str, Any] = {
        key: config.pop(key) for key in ("name", "batch_input_shape") if key in config
    }
    _, dense = _layer_of_one_input("Dense", config)
    return "TimeDistributed", {**own, "layer": {"class_name": "Dense", "config": dense}}


def _merge(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    kept: dict[str, Any] = {k: config[k] for k in ("name", "trainable", "layers") if k in config}
    mode = config.get("mode")
    if config.get("mode_type", "raw") != "raw" or mode not in merging.LAYERS:
        return "Lambda", {**kept, **_function_of_merge(config)}
    return merging.LAYERS[mode], {**kept, **merging.options(mode, config)}


def _function_of_merge(config: dict[str, Any]) -> dict[str, Any]:
    if config.get("mode_type") not in ("function", "lambda"):
        raise merging.refuse_mode(config.get("mode"))
    return {
        "function": config["mode"],
        "function_type": config["mode_type"],
        "output_shape": config.get("output_shape"),
        "output_shape_type": config.get("output_shape_type", "raw"),
        "arguments": config.get("arguments", {}),
    }
