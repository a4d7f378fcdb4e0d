"""The architecture of a model as JSON and YAML text, and back."""

from __future__ import annotations

import json

import numpy as np

from keras_core.saving.safety import safe_mode_scope

# Files follow the layout of this Keras, with TensorFlow's kernels, whichever backend runs.
KERAS_VERSION = "2.3.1"
KERNEL_LAYOUT = "tensorflow"


def model_config(model, versions=False):
    """What makes a model without its weights.

    Args:
        model: Model.
        versions: bool, whether to name the layout's version and kernel convention as well.

    Returns:
        A dict with class_name and config.
    """
    config = {"class_name": type(model).__name__, "config": model.get_config()}
    if versions:
        config.update(keras_version=KERAS_VERSION, backend=KERNEL_LAYOUT)
    return config


def json_value(value):
    """Turns what JSON does not know into what it knows, for `json.dumps(default=...)`.

    Args:
        value: NumPy value, object with `get_config`, function or class.

    Returns:
        A plain value.

    Raises:
        TypeError: for anything else.
    """
    if hasattr(value, "get_config") and not isinstance(value, type):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if hasattr(value, "__name__"):
        return value.__name__
    raise TypeError(f"{value!r} cannot be written as JSON.")


def to_yaml(config, **kwargs):
    """YAML text of a configuration.

    Args:
        config: dict.
        **kwargs: passed to `yaml.dump`.
    """
    import yaml

    plain = json.loads(json.dumps(config, default=json_value))
    return yaml.dump(plain, Dumper=yaml.SafeDumper, **kwargs)


def parse_yaml(text):
    """Reads YAML that holds plain values, and tuples as Keras 2 wrote them.

    Raises:
        ValueError: if the text is no YAML, or would make other Python objects.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    def tuple_of(loader, node):
        return tuple(loader.construct_sequence(node, deep=True))

    def text_of(loader, node):
        return loader.construct_scalar(node)

    Loader.add_constructor("tag:yaml.org,2002:python/tuple", tuple_of)
    for name in ("unicode", "str"):
        Loader.add_constructor(f"tag:yaml.org,2002:python/{name}", text_of)
    try:
        return yaml.load(text, Loader=Loader)
    except yaml.YAMLError as error:
        raise ValueError(f"The YAML of a model cannot be read: {error}") from error


def model_from_config(config, custom_objects=None, safe_mode=True):
    """Makes a model, with new weights, of a configuration.

    Args:
        config: dict with class_name and config.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        safe_mode: bool; False permits Python code inside the configuration (in Lambda layers) to
            run, which is for configurations from a source you trust.

    Returns:
        A model that is not compiled.

    Raises:
        TypeError: if `config` is a list.
        ValueError: if it is no configuration of a model, or names an unknown layer.
    """
    from keras_core.layers import deserialize

    if isinstance(config, list):
        raise TypeError(
            "model_from_config takes the dict of a whole model, not a list of layers. "
            "For a list use Sequential.from_config(config)."
        )
    with safe_mode_scope(safe_mode):
        return deserialize(config, custom_objects=custom_objects)


def model_from_json(json_string, custom_objects=None, safe_mode=True):
    """Makes a model, with new weights, of JSON text.

    Args:
        json_string: str, what `model.to_json()` gave.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        safe_mode: bool; False permits Python code inside the text (in Lambda layers) to run.

    Returns:
        A model that is not compiled.

    Raises:
        ValueError: if the text is no JSON, or names an unknown layer.
    """
    return model_from_config(json.loads(json_string), custom_objects, safe_mode)


def model_from_yaml(yaml_string, custom_objects=None, safe_mode=True):
    """Makes a model, with new weights, of YAML text.

    Args:
        yaml_string: str, what `model.to_yaml()` gave.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        safe_mode: bool; False permits Python code inside the text (in Lambda layers) to run.

    Returns:
        A model that is not compiled.

    Raises:
        ValueError: if the text is no YAML, or names an unknown layer.
    """
    return model_from_config(parse_yaml(yaml_string), custom_objects, safe_mode)
