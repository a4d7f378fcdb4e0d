"""What Keras 3 writes, in HDF5 and in `.keras` archives, in the words of tf-keras."""

from __future__ import annotations

import re
from typing import Any

from keras_core.saving.dialects._words import (
    class_name,
    described,
    is_model,
    is_object,
    mapped,
    objects_in,
)

_MARKS = frozenset({"DTypePolicy", "__keras_tensor__"})
_RENAMED = {
    "InputLayer": {"batch_shape": "batch_input_shape"},
    "LeakyReLU": {"negative_slope": "alpha"},
}
# Functions that have one name and two meanings: here, there.
ACTIVATIONS = {"hard_sigmoid_keras3": "hard_sigmoid", "hard_sigmoid": "hard_sigmoid_keras2"}
_HERE = {there: here for here, there in ACTIVATIONS.items()}
OF_ACTIVATIONS = ("activation", "recurrent_activation")


def wrote(config: dict[str, Any], version: str | None) -> bool:
    """Whether Keras 3 wrote a configuration."""
    if version is not None and re.match(r"\d", version):
        return int(version.partition(".")[0]) >= 3
    return any(
        "build_config" in x or x["class_name"] in _MARKS or "batch_shape" in x["config"]
        for x in objects_in(config)
        if isinstance(x["config"], dict)
    )


def translated(config: dict[str, Any]) -> dict[str, Any]:
    """A model or layer in the words of tf-keras.

    Raises:
        ValueError: if it holds operators outside of layers.
    """
    return _object(config)


def _object(entry: dict[str, Any]) -> dict[str, Any]:
    # What tf-keras is told by.
    made = {"registered_name": None, **entry}
    if is_model(entry):
        made["config"] = _model(entry["config"])
    elif isinstance(entry["config"], dict):
        made["config"] = _layer(entry["class_name"], entry["config"])
    return made


def _layer(name, config):
    renamed = _RENAMED.get(name, {})
    made = {renamed.get(key, key): mapped(_object, value) for key, value in config.items()}
    for key in OF_ACTIVATIONS:
        if isinstance(made.get(key), str):
            made[key] = _HERE.get(made[key], made[key])
    return made


def _model(config):
    entries = _read_entries(config)
    made = {**config, "layers": [_object(x) for x in entries]}
    nested = {x.get("name"): x["class_name"] for x in entries if is_model(x)}
    reader = _Calls(nested, {x.get("name") for x in entries})
    for entry in made["layers"]:
        if "inbound_nodes" in entry:
            entry["inbound_nodes"] = [reader.call(entry, x) for x in entry["inbound_nodes"]]
    if "output_layers" in config:
        made["output_layers"] = _outputs(config["output_layers"], nested)
    return made


def _read_entries(config):
    """The layers without the operators that make masks, which come about by themselves here."""
    if "output_layers" not in config:
        return config["layers"]
    named = {entry.get("name"): entry for entry in config["layers"]}
    reached: set[Any] = set()
    waiting = [*_names(config["output_layers"]), *_names(config.get("input_layers"))]
    while waiting:
        name = waiting.pop()
        if name in named and name not in reached:
            reached.add(name)
            waiting += [x for call in named[name].get("inbound_nodes", ()) for x in _feeds(call)]
    read = [entry for entry in config["layers"] if entry.get("name") in reached]
    _check_masks(read, [entry for entry in config["layers"] if entry.get("name") not in reached])
    return read


def _is_operator(entry):
    """Whether an entry is an operator on tensors; in HDF5 it lacks what all layers say."""
    config = entry["config"]
    bare = "name" in config and not ({"trainable", "dtype", "layers"} & set(config))
    return ".ops." in str(entry.get("module")) or bare


def _check_masks(layers, of_masks):
    """Refuses masks that are not those of the layers that make masks."""
    made = [pair for entry in layers for pair in _masked(entry)]
    for entry in of_masks:
        compared = [
            (x["config"]["keras_history"], value)
            for call in entry.get("inbound_nodes", ())
            if class_name(entry) == "NotEqual" and len(call["args"]) == 2
            for x, value in [call["args"]]
        ]
        if not _is_operator(entry) or any(pair not in made for pair in compared):
            raise ValueError(
                f"Layer {described(entry)} makes a mask that is given to a layer by hand, which a "
                "file of Keras 2.3.1 cannot say. Use a Masking layer."
            )


def _masked(entry):
    """What a layer that makes masks is called on, and the value that it masks."""
    config = entry["config"]
    value = config.get("mask_value") if class_name(entry) == "Masking" else 0
    if class_name(entry) == "Masking" or config.get("mask_zero"):
        for call in entry.get("inbound_nodes", ()):
            yield from ((x["config"]["keras_history"], value) for x in _tensors(call.get("args")))


def _names(ends):
    if isinstance(ends, list) and ends and isinstance(ends[0], str):
        return [ends[0]]
    inner = ends.values() if isinstance(ends, dict) else ends or ()
    return [name for end in inner for name in _names(end)]


def _feeds(call):
    """The names of the layers whose outputs a call reads, but for its mask."""
    if not isinstance(call, dict):
        return _names(call)
    arguments = {k: v for k, v in (call.get("kwargs") or {}).items() if k != "mask"}
    return [x["config"]["keras_history"][0] for x in _tensors([call.get("args"), arguments])]


def _outputs(ends, nested):
    """The places of outputs; a nested functional model counts its calls from 1 there already."""
    if isinstance(ends, list) and len(ends) == 3 and isinstance(ends[0], str):
        name, call, output = ends
        return [name, call + (nested.get(name) == "Sequential"), output]
    if isinstance(ends, dict):
        return {key: _outputs(inner, nested) for key, inner in ends.items()}
    return [_outputs(inner, nested) for inner in ends]


class _Calls:
    """Calls in the form of lists, as all Keras before 3 wrote them.

    Args:
        nested: the nested models of the model, whose calls count from 0 here and from 1 there.
        layers: the names of the layers of the model.
    """

    def __init__(self, nested: dict[str, Any], layers: set[Any]) -> None:
        self._nested, self._layers = nested, layers

    def call(self, entry: dict[str, Any], call: Any) -> Any:
        if _is_operator(entry):
            raise ValueError(
                f"Layer {described(entry)} is an operator that was applied to a tensor outside of "
                "layers. Keras 2.3.1 has no counterpart: use a layer, such as Add or Lambda, where "
                "the model is made."
            )
        if not isinstance(call, dict):
            return call
        arguments = dict(call.get("kwargs") or {})
        self._check_mask(entry, arguments.pop("mask", None))
        # Fitting and predicting say for themselves in which phase they are.
        arguments.pop("training", None)
        states = _tensors(arguments.pop("initial_state", None))
        if _tensors(arguments) or any(_is_number(x) for x in call.get("args") or ()):
            raise ValueError(
                f"Layer {described(entry)} is called with arguments that Keras 2.3.1 cannot repeat."
            )
        tensors = [*_tensors(call.get("args")), *states]
        return [[*self._place(x), arguments] for x in tensors]

    def _check_mask(self, entry, mask):
        if any(x["config"]["keras_history"][0] in self._layers for x in _tensors(mask)):
            raise ValueError(
                f"Layer {described(entry)} is given its mask by hand, which a file of Keras 2.3.1 "
                "cannot say. Use a Masking layer."
            )

    def _place(self, tensor):
        name, call, output = tensor["config"]["keras_history"]
        return [name, call + (name in self._nested), output]


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _tensors(value):
    """The tensors in an argument, in order."""
    if is_object(value) and value["class_name"] == "__keras_tensor__":
        return [value]
    if isinstance(value, dict):
        return [x for inner in value.values() for x in _tensors(inner)]
    return [x for inner in value for x in _tensors(inner)] if isinstance(value, list) else []
