"""Weights by the path of their layer, as tf-keras and Keras 3 keep them in `.weights.h5` files.

A layer's group is named after its class, and numbered among the layers of its class in a model; its
variables are numbered in a group `vars` inside.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core.graph import Variable
from keras_core.saving import weights
from keras_core.saving.dialects import class_name
from keras_core.utils.io_utils import H5Dict
from keras_core.utils.layer_utils import describe, unfrozen

# Where the layers of a model are; the second is TensorFlow 2.12's name.
_FOLDERS = ("layers", "_layer_checkpoint_dependencies")
# Classes that have another name in the words of later Keras.
_WRITTEN_AS = {"Model": "Functional", "ThresholdedReLU": "ReLU"}

Place = tuple[str, Any, "list[Variable]"]


def is_by_path(store: H5Dict) -> bool:
    """Whether a file holds weights in this form."""
    return "layer_names" not in store and any(folder in store for folder in _FOLDERS)


def survey(store: H5Dict) -> int:
    """The number of numbers in the weights of a file, none of which is read.

    Raises:
        ModelFileError: if there is something that cannot be read, or all together is too large.
    """
    size = 0
    for _, group, name in store.gate.walk():
        if group.is_array(name):
            size += math.prod(group.array_shape(name))
        else:
            group.group(name)
    store.check_size(size)
    return size


def save_weights(store: H5Dict, model: Any) -> None:
    """Writes the weights of a model.

    Args:
        store: H5Dict.
        model: Model.
    """
    for path, layer, variables in _places(model, "", None, _FOLDERS[0]):
        with weights.named_after(layer):
            write_arrays(store, path, layer.name, K.batch_get_value(variables))


def write_arrays(store: H5Dict, path: str, name: str, arrays: Iterable[Any]) -> None:
    """Writes numbered arrays.

    Args:
        store: H5Dict of the whole file.
        path: the group of their owner.
        name: the owner's name.
        arrays: list of arrays.
    """
    group = store[f"{path}/vars"]
    group["name"] = name
    for number, array in enumerate(arrays):
        group[str(number)] = np.asarray(array)


def load_weights(store: H5Dict, model: Any, config: dict[str, Any] | None = None) -> None:
    """Gives the weights of a file to a model; all of them or, after an error, none.

    Args:
        store: H5Dict.
        model: Model.
        config: the model's configuration as its writer had it, whose layers stand in the writer's
            order; the order of `model.layers` where it is None.

    Raises:
        ValueError: if the file is damaged, or its weights do not fit.
    """
    survey(store)
    folder = next((folder for folder in _FOLDERS if folder in store), _FOLDERS[0])
    pairs: list[Any] = []
    for path, layer, variables in _places(model, "", config, folder):
        pairs += zip(variables, _fitting(store, path, layer, variables))
    weights.give_values(pairs)


def read_arrays(store: H5Dict, path: str) -> list[np.ndarray]:
    """Reads numbered arrays; none where there is no such group.

    Args:
        store: H5Dict of the whole file.
        path: the group of their owner.
    """
    if f"{path}/vars" not in store:
        return []
    group = store.group(f"{path}/vars")
    return [group.array(str(number)) for number in range(len(group))]


def _fitting(
    store: H5Dict, path: str, layer: Any, variables: Sequence[Variable]
) -> list[np.ndarray]:
    arrays = read_arrays(store, path)
    found, wanted = [x.shape for x in arrays], [K.int_shape(v) for v in variables]
    if found != wanted:
        raise ValueError(
            f"{path}/vars has arrays of the shapes {found}, but the weights of layer "
            f"{describe(layer)} have the shapes {wanted}."
        )
    return arrays


def _places(model: Any, path: str, config: dict[str, Any] | None, folder: str) -> Iterator[Place]:
    """Path, layer and variables of each layer that has any, each variable once."""
    seen: set[Variable] = set()
    with unfrozen():
        for place, layer in list(_owners(model, path, config, folder)):
            variables = [v for v in layer.weights if v not in seen]
            seen.update(variables)
            if variables:
                yield place, layer, variables


def _owners(
    layer: Any, path: str, config: dict[str, Any] | None, folder: str
) -> Iterator[tuple[str, Any]]:
    """Path and layer of each layer inside that has variables of its own."""
    if hasattr(layer, "run_internal_graph"):
        for name, inner, written in _children(layer, config):
            yield from _owners(inner, f"{path}/{folder}/{name}".lstrip("/"), written, folder)
        return
    parts = list(_parts(layer))
    for name, inner in parts:
        yield from _owners(inner, f"{path}/{name}", None, folder)
    if not parts:
        yield path, layer


def _parts(layer: Any) -> Iterator[tuple[str, Any]]:
    """The layers inside a wrapper or around a cell, with their names in the path."""
    if hasattr(layer, "forward_layer"):
        yield "forward_layer", layer.forward_layer
        yield "backward_layer", layer.backward_layer
    elif hasattr(getattr(layer, "layer", None), "weights"):
        yield "layer", layer.layer
    elif hasattr(getattr(layer, "cell", None), "weights"):
        yield "cell", layer.cell
    elif hasattr(layer, "cells"):
        names = _numbered([type(cell).__name__ for cell in layer.cells])
        yield from ((f"cells/{name}", cell) for name, cell in zip(names, layer.cells))


def _children(model: Any, config: dict[str, Any] | None) -> Iterator[tuple[str, Any, Any]]:
    """Name in the path, layer and written entry of each layer of a model."""
    if config is None:
        layers = model.layers
        names = [_WRITTEN_AS.get(type(x).__name__, type(x).__name__) for x in layers]
        yield from zip(_numbered(names), layers, [None] * len(layers))
        return
    inner = config["config"]
    entries = [x for x in inner["layers"] if "input_layers" in inner or not _is_input(x)]
    named = {layer.name: layer for layer in model.layers}
    for name, entry in zip(_numbered([class_name(x) for x in entries]), entries):
        key = entry.get("name") or entry["config"].get("name")
        if key in named:
            yield name, named[key], entry


def _is_input(entry: Any) -> bool:
    return entry["class_name"] == "InputLayer"


def _numbered(classes: Iterable[str]) -> list[str]:
    """Names of groups after classes, with numbers from the second one on."""
    counts: Counter[str] = Counter()
    names = []
    for name in map(snake_case, classes):
        names.append(f"{name}_{counts[name]}" if counts[name] else name)
        counts[name] += 1
    return names


def snake_case(name: str) -> str:
    """A class name in lower case, with a line between its words: 'ConvLSTM2D', 'conv_lstm2d'."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
