"""Configurations that Keras 1 wrote.

Their words are those of its calls, which the table in `legacy` has. What is left for here is what
only files know: how to tell them, the order of axes where it was left out, shapes that calls no
longer take, and a Sequential that began with a Merge of models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from keras_core.errors import shown
from keras_core.legacy import configs
from keras_core.legacy.table import ALIASES, row_of
from keras_core.warned import warn

# Layers that had an order of axes, but did not write it down.
_SILENT = {f"{kind}{n}D" for kind in ("UpSampling", "ZeroPadding", "Cropping") for n in (2, 3)} | {
    "SpatialDropout2D",
    "SpatialDropout3D",
}

_REMOVED_METRICS = {
    *("precision", "recall", "fbeta_score", "fmeasure", "f1score", "matthews_correlation"),
}


def wrote(config: Any, version: str | None) -> bool:
    """Whether Keras 1 wrote a configuration.

    Args:
        config: what JSON can hold.
        version: str, the version that the file names; None where it names none.
    """
    if version is not None:
        return version.startswith("1.")
    return any(map(_is_old, _layers_in(config)))


def _is_old(layer: dict[str, Any]) -> bool:
    name, config = layer["class_name"], layer["config"]
    row = row_of(name)
    renamed = row is not None and name != "Model" and not set(row.renamed).isdisjoint(config)
    return renamed or "input_dtype" in config or name in ("Merge", "Graph")


def _layers_in(config: Any) -> Iterator[dict[str, Any]]:
    """All layers of a configuration, at any depth, in their order."""
    waiting = [config]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if isinstance(item.get("class_name"), str) and isinstance(item.get("config"), dict):
                yield item
            waiting += reversed(list(item.values()))
        elif isinstance(item, (list, tuple)):
            waiting += reversed(item)


def translated(config: dict[str, Any]) -> dict[str, Any]:
    """The same model in the words of Keras 2.3.1.

    Args:
        config: dict with class_name and config; not changed.
    """
    config = _copied(config)
    _say_order_of_axes(config)
    for layer in _layers_in(config):
        _refuse_graph(layer)
        _keep_size_of_output(layer)
    name, inner = configs.converted(config["class_name"], config["config"])
    config = _without_merged_models({**config, "class_name": name, "config": inner})
    return _with_axis_of_cosine(config)


# Layers whose parameters places may share, with one of these, by whose shape alone files say it.
_SHARING = {"PReLU": "alphas", "SReLU": "t_left", "ParametricSoftplus": "alphas"}


def with_shared_axes(config: Any, shapes: Mapping[str, tuple[int, ...]]) -> Any:
    """A configuration in which layers say along which axes they share their parameters.

    Args:
        config: what JSON can hold; not changed.
        shapes: the shapes of the arrays in the file, by their names.
    """
    config = _copied(config)
    plain = {_without_number(name): shape for name, shape in shapes.items()}
    for layer in _layers_in(config):
        name = f"{layer['config'].get('name')}_{_SHARING.get(layer['class_name'])}"
        axes = [axis for axis, size in enumerate(plain.get(name, ()), 1) if size == 1]
        if axes:
            layer["config"].setdefault("shared_axes", axes)
    return config


def _without_number(array: str) -> str:
    """The name of an array without what TensorFlow added to it."""
    return re.sub(r"(_\d+)?(:\d+)?$", "", array.rpartition("/")[2])


def _refuse_graph(layer: dict[str, Any]) -> None:
    if layer["class_name"] == "Graph":
        raise ValueError(
            f"{shown(layer['config'].get('name'))} is a Graph, a model of named nodes that Keras "
            "dropped before 1.1. Make it by Model(inputs, outputs), where each node is a layer "
            "called on its inputs, and load the weights by model.load_weights."
        )


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(item) for name, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, (list, tuple)) else value


def _say_order_of_axes(config: Any) -> None:
    """Gives layers that do not say it the order that the one before them says, or the first."""
    layers = list(_layers_in(config))
    said = [layer["config"]["dim_ordering"] for layer in layers if _says_order(layer)]
    order = said[0] if said else None
    for layer in layers:
        if _says_order(layer):
            order = layer["config"]["dim_ordering"]
        elif order and layer["class_name"] in _SILENT:
            layer["config"]["dim_ordering"] = order


def _says_order(layer: dict[str, Any]) -> bool:
    return isinstance(layer["config"].get("dim_ordering"), str)


def _keep_size_of_output(layer: dict[str, Any]) -> None:
    """Says by output_padding what Keras 1 said by output_shape, where it is not the usual size."""
    config = layer["config"]
    if ALIASES.get(layer["class_name"]) != "Conv2DTranspose" or not config.get("output_shape"):
        return
    shape = config["output_shape"]
    sizes = shape[2:] if config.get("dim_ordering") == "th" else shape[1:3]
    kernel = (config["nb_row"], config["nb_col"])
    usual, extra = [], []
    for size, window, stride in zip(sizes, kernel, config["subsample"]):
        same = config["border_mode"] == "same"
        around = window // 2 if same else 0
        usual.append((stride - window + 2 * around if same else max(stride - window, 0)) % stride)
        extra.append((size - window + 2 * around) % stride if size else usual[-1])
    if extra != usual:
        config["output_padding"] = extra


def _without_merged_models(config: Any) -> Any:
    """Makes models of several inputs of Sequentials that begin with a Merge of models."""
    if isinstance(config, list):
        return [_without_merged_models(item) for item in config]
    if not isinstance(config, dict):
        return config
    config = {name: _without_merged_models(value) for name, value in config.items()}
    layers = config["config"].get("layers") if isinstance(config.get("config"), dict) else None
    if config.get("class_name") == "Sequential" and layers and _merges(layers[0]):
        config.update(class_name="Model", config=_of_several_inputs(config["config"]))
    return config


def _merges(layer: Any) -> bool:
    return isinstance(layer, dict) and "layers" in layer["config"] and _is_no_model(layer)


def _is_no_model(layer: dict[str, Any]) -> bool:
    return layer["class_name"] not in ("Model", "Sequential")


def _refuse_common_layers(branches: Sequence[Any]) -> None:
    """Refuses models that have layers in common, of which a configuration would make copies."""
    names = [{layer["config"].get("name") for layer in _layers_in(x)} for x in branches]
    common = sorted(set.intersection(*names) - {None}) if len(names) > 1 else []
    if common:
        raise ValueError(
            f"a Sequential begins with models that have layers in common, {shown(common)}. Make "
            "it by the program that it is from, and load the file by model.load_weights."
        )


def _of_several_inputs(sequential: dict[str, Any]) -> dict[str, Any]:
    merge, *rest = sequential["layers"]
    _refuse_common_layers(merge["config"]["layers"])
    options = dict(merge["config"])
    entries: list[dict[str, Any]] = []
    inputs: list[list[Any]] = []
    merged: list[list[Any]] = []
    for number, branch in enumerate(options.pop("layers"), 1):
        name = branch["config"].get("name") or f"merged_{number}"
        fed = [_input(f"{name}_input_{i}", *x) for i, x in enumerate(_inputs_of(branch), 1)]
        entries += fed
        places = [[entry["name"], 0, 0] for entry in fed]
        inputs += places
        # A model itself counts as its first call.
        merged.append([name, 0 if _is_no_model(branch) else 1, 0])
        entries.append({**branch, "name": name, "inbound_nodes": [places]})
    call = merged
    for layer in ({**merge, "config": options}, *rest):
        name = layer["config"].get("name") or f"layer_{len(entries)}"
        entries.append({**layer, "name": name, "inbound_nodes": [call]})
        call = [[name, 0 if _is_no_model(layer) else 1, 0]]
    return {
        "name": sequential.get("name"),
        "layers": entries,
        "input_layers": inputs,
        "output_layers": call,
    }


def _with_axis_of_cosine(config: Any) -> Any:
    """Gives the result of Merge in mode cos the axis of size 1 that it had."""
    if isinstance(config, list):
        return [_with_axis_of_cosine(item) for item in config]
    if not isinstance(config, dict):
        return config
    config = {name: _with_axis_of_cosine(value) for name, value in config.items()}
    if config.get("class_name") == "Model" and isinstance(config.get("config"), dict):
        layers = [part for layer in config["config"]["layers"] for part in _reshaped(layer)]
        config["config"] = {**config["config"], "layers": layers}
    return config


def _reshaped(layer: dict[str, Any]) -> list[dict[str, Any]]:
    if layer["class_name"] != "Dot" or not layer["config"].get("normalize"):
        return [layer]
    name = layer["name"]
    inner = f"{name}_cosine"
    dot = {**layer, "name": inner, "config": {**layer["config"], "name": inner}}
    calls = [[[inner, number, 0]] for number in range(len(layer["inbound_nodes"]))]
    options = {"name": name, "target_shape": [1, 1]}
    return [
        dot,
        {"name": name, "class_name": "Reshape", "config": options, "inbound_nodes": calls},
    ]


def _input(name: str, shape: Any, dtype: Any) -> dict[str, Any]:
    config = {"batch_input_shape": shape, "dtype": dtype, "sparse": False, "name": name}
    return {"name": name, "class_name": "InputLayer", "config": config, "inbound_nodes": []}


def _inputs_of(branch: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Shape and dtype of each input of a model or layer."""
    config = branch["config"]
    if branch["class_name"] == "Sequential":
        return _inputs_of(config["layers"][0])
    if branch["class_name"] == "Model":
        named = {entry["name"]: entry for entry in config["layers"]}
        return [_inputs_of(named[place[0]])[0] for place in config["input_layers"]]
    if "batch_input_shape" not in config and "layer" in config:
        return _inputs_of(config["layer"])
    dtype = "int32" if branch["class_name"] == "Embedding" else "float32"
    return [(config["batch_input_shape"], config.get("dtype", dtype))]


def translated_training(config: dict[str, Any]) -> dict[str, Any]:
    """The arguments of compile, without the metrics that Keras 2 no longer has.

    Args:
        config: dict, the training configuration of a file; not changed.
    """
    metrics = config.get("metrics")
    gone = sorted(_REMOVED_METRICS.intersection(metrics or ()))
    if not gone or not isinstance(metrics, list):
        return config
    warn(
        f"The model was compiled with metrics that Keras 2 has no longer, {gone}; it is compiled "
        "without them. Compute them over a whole epoch, from model.predict.",
    )
    return {**config, "metrics": [metric for metric in metrics if metric not in gone]}
