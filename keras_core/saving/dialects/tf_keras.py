"""What tf.keras and tf-keras write, from TensorFlow 1.4 to tf-keras 2.21."""

from __future__ import annotations

import re
from typing import Any

from keras_core.saving.dialects._words import (
    beside,
    class_name,
    described,
    is_model,
    is_object,
    kept,
    mapped,
    objects_in,
)

_VARIANCE_SCALING = {
    "GlorotNormal": (1.0, "fan_avg", "normal"),
    "GlorotUniform": (1.0, "fan_avg", "uniform"),
    "HeNormal": (2.0, "fan_in", "normal"),
    "HeUniform": (2.0, "fan_in", "uniform"),
    "LecunNormal": (1.0, "fan_in", "normal"),
    "LecunUniform": (1.0, "fan_in", "uniform"),
}
_DISTRIBUTIONS = {"truncated_normal": "normal", "untruncated_normal": "normal"}
_REGULARIZERS = ("L1", "L2")
_RENAMED = {
    "BatchNormalizationV1": "BatchNormalization",
    "Functional": "Model",
    "IdentityInitializer": "Identity",
    "L1": "L1L2",
    "L2": "L1L2",
    "OrthogonalInitializer": "Orthogonal",
}
# Keys by which a layer says what is always so in Keras 2.3.1.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "adjustment": (None,),
    "data_format": ("channels_last",),
    "dilation_rate": (1, [1], [1, 1], [1, 1, 1]),
    "fused": (None, True, False),
    "groups": (1,),
    "implementation": (0, 1, 2),
    "keepdims": (False,),
    "optional": (False,),
    "ragged": (False,),
    "renorm": (False,),
    "sparse": (False,),
    "synchronized": (False,),
    "time_major": (False,),
    "virtual_batch_size": (None,),
    "zero_output_for_mask": (False,),
}
_IGNORED = {"autocast", "experimental_run_tf_function", "renorm_clipping", "renorm_momentum"}
_IGNORED |= {"lora_alpha", "noise_shape", "seed", "input_axes", "output_axes"}
# Keys that a class writes for the sake of the class above it.
_INHERITED = {"kernel_initializer", "kernel_regularizer", "kernel_constraint"}
_IGNORED_BY = {
    "DepthwiseConv2D": {*_INHERITED, "filters"},
    "SeparableConv1D": _INHERITED,
    "SeparableConv2D": _INHERITED,
}
# One name, two meanings: here, there.
INTERPOLATIONS = {"bilinear_half_pixel": "bilinear", "bilinear": "bilinear_keras2"}
_INTERPOLATIONS_HERE = {there: here for here, there in INTERPOLATIONS.items()}
_OPERATORS = ("SlicingOpLambda", "TFOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod")
_POLICIES = ("DTypePolicy", "FloatDTypePolicy", "Policy", "PolicyV1")
_MARKS = frozenset({*_VARIANCE_SCALING, *_POLICIES, *_OPERATORS, "Functional"})


def wrote(config: dict[str, Any], version: str | None) -> bool:
    """Whether tf.keras, or tf-keras, wrote a configuration."""
    if version is not None and re.match(r"2\.([4-9]|\d\d)|.*-tf", version):
        return True
    return any("registered_name" in x or x["class_name"] in _MARKS for x in objects_in(config))


def translated(config: dict[str, Any]) -> dict[str, Any]:
    """A model or layer in the words of Keras 2.3.1.

    Raises:
        ValueError: if it asks for something that Keras 2.3.1 does not have.
    """
    return _object(config)


def _object(entry: dict[str, Any]) -> Any:
    name, config = class_name(entry), entry["config"]
    if name in _POLICIES:
        return _dtype(config)
    if name == "function":
        return config
    if name == "__lambda__":
        return [config.get(key) for key in ("code", "defaults", "closure")]
    if name in _OPERATORS:
        raise ValueError(
            f"Layer {described(entry)} is an operator of TensorFlow that was applied to a tensor "
            "outside of layers. Keras 2.3.1 has no counterpart: use a layer, such as Add or "
            "Lambda, where the model is made."
        )
    if not isinstance(config, dict):
        return {**beside(entry), "class_name": _RENAMED.get(name, name), "config": config}
    if is_model(entry):
        return _model(entry)
    return _leaf(entry)


def _leaf(entry):
    name = class_name(entry)
    if name in _VARIANCE_SCALING:
        config = _scaling(name, entry["config"])
        return {"class_name": "VarianceScaling", "config": config}
    new = _RENAMED.get(name, name)
    config = {key: _plain(value) for key, value in entry["config"].items()}
    if name == "Bidirectional":
        config = _bidirectional(entry, config)
    config = _own_words(new, entry, mapped(_object, config))
    made = {**beside(entry), "class_name": new, "config": config}
    if "inbound_nodes" in made:
        made["inbound_nodes"] = [_call(entry, call) for call in made["inbound_nodes"]]
    return made


def _plain(value):
    """Lists of what is written as a tuple."""
    if isinstance(value, dict) and value.get("class_name") == "__tuple__":
        return [_plain(item) for item in value.get("items", ())]
    return value


def _scaling(name, config):
    scale, mode, distribution = _VARIANCE_SCALING[name]
    seed = config.get("seed")
    return {"scale": scale, "mode": mode, "distribution": distribution, "seed": seed}


def _own_words(name, entry, config):
    """The configuration of something that is neither a model nor a class of functions here."""
    if name == "L1L2":
        return {"l1": config.get("l1", 0.0), "l2": config.get("l2", 0.0)}
    if name == "VarianceScaling":
        given = config.get("distribution", "normal")
        config["distribution"] = _DISTRIBUTIONS.get(given, given)
    if name == "BatchNormalization" and isinstance(config.get("axis"), list):
        config["axis"] = _one_axis(entry, config["axis"])
    if name in ("GRU", "GRUCell"):
        config.setdefault("reset_after", True)
    if name == "UpSampling2D":
        given = config.get("interpolation", "nearest")
        config["interpolation"] = _INTERPOLATIONS_HERE.get(given, given)
    if isinstance(config.get("dtype"), str):
        config["dtype"] = _dtype({"name": config["dtype"]})
    if name == "Lambda":
        _lambda(config)
    return _without_further_keys(name, entry, config)


def _without_further_keys(name, entry, config):
    for kind in ("layers", "initializers", "constraints"):
        ignored = _IGNORED | _IGNORED_BY.get(name, set())
        config = kept(kind, name, entry, config, _NEUTRAL, ignored)
    return config


def _one_axis(entry, axes):
    if len(axes) != 1:
        raise ValueError(
            f"Layer {described(entry)} normalizes over the axes {axes}; Keras 2.3.1 knows one axis."
        )
    return axes[0]


def _dtype(config):
    """The dtype of the variables under a policy."""
    name = config.get("name") if isinstance(config, dict) else config
    return "float32" if isinstance(name, str) and name.startswith("mixed_") else name


def _bidirectional(entry, config):
    """Without the copy of the layer that reads backwards, which is made here of the layer."""
    backward = config.pop("backward_layer", None)
    if not is_object(config.get("layer")):
        return config
    forward = config["layer"]
    inner = {k: v for k, v in forward["config"].items() if k != "zero_output_for_mask"}
    if backward is not None and _comparable(forward, False) != _comparable(backward, True):
        raise ValueError(
            f"Layer {described(entry)} has a backward_layer that differs from its layer; in Keras "
            "2.3.1 they are alike. Use two layers, one with go_backwards=True, and a merge layer."
        )
    if backward is not None and isinstance(inner.get("name"), str):
        inner["name"] = re.sub("^forward_", "", inner["name"])
    return {**config, "layer": {**forward, "config": inner}}


def _comparable(layer, backwards):
    """What two layers that read in opposite directions have in common if they are alike."""
    config = {k: v for k, v in layer["config"].items() if k not in ("name", "dtype")}
    config["go_backwards"] = config.get("go_backwards", False) is not backwards
    return class_name(layer), mapped(_comparable_object, config)


def _comparable_object(entry):
    return class_name(entry), entry["config"]


def _lambda(config):
    if isinstance(config.get("function"), list):
        config.setdefault("function_type", "lambda")
    else:
        config.setdefault("function_type", "function")
    if isinstance(config.get("output_shape"), list):
        config.setdefault("output_shape_type", "raw")


def _model(entry):
    config = entry["config"]
    made = {"name": config.get("name"), "layers": [_object(e) for e in config["layers"]]}
    if "input_layers" in config:
        made["input_layers"] = _places(config["input_layers"])
        made["output_layers"] = _places(config["output_layers"])
    elif isinstance(config.get("build_input_shape"), list):
        made["build_input_shape"] = config["build_input_shape"]
    if config.get("trainable") is False:
        made["trainable"] = False
    name = class_name(entry)
    result = {**beside(entry), "class_name": _RENAMED.get(name, name), "config": made}
    if "inbound_nodes" in result:
        result["inbound_nodes"] = [_call(entry, call) for call in result["inbound_nodes"]]
    return result


def _places(ends):
    """The list of the ends of a model, which are written as one, a list or a dict of them."""
    if isinstance(ends, dict):
        return [place for inner in ends.values() for place in _places(inner)]
    if is_place(ends):
        return [ends]
    return [place for inner in ends for place in _places(inner)]


def is_place(value: Any) -> bool:
    """Whether a value refers to a tensor: name of a layer, number of a call, of an output."""
    return (
        isinstance(value, list)
        and len(value) == 3
        and isinstance(value[0], str)
        and all(isinstance(number, int) for number in value[1:])
    )


def _call(entry, call):
    """A call with its initial states among the inputs, and without arguments that say nothing."""
    if not isinstance(call, list) or not call:
        return call
    call = [call] if isinstance(call[0], str) else call
    arguments: dict[str, Any]
    arguments = next((place[3] for place in call if len(place) > 3 and place[3]), {})
    arguments = {key: value for key, value in arguments.items() if value is not None}
    states = _places(arguments.pop("initial_state", []))
    for key, value in arguments.items():
        if is_place(value) or call[0][0] == "_CONSTANT_VALUE":
            raise ValueError(
                f"Layer {described(entry)} is given a tensor as {key!r}, which a file of Keras "
                "2.3.1 cannot say. Make it an input of the layer."
            )
    return [[*place[:3], arguments] for place in (*call, *states)]
