"""The architecture of a model as JSON and YAML text, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from keras_core import slots
from keras_core.saving import dialects, writer
from keras_core.saving.safety import safe_mode_scope
from keras_core.saving.yaml_text import parse_yaml

if TYPE_CHECKING:
    from keras_core.engine.training import Model


# Files follow the layout of this Keras, with TensorFlow's kernels, whichever backend runs.
KERAS_VERSION = "2.3.1"
KERNEL_LAYOUT = "tensorflow"


def model_config(model: Any, versions: bool = False) -> dict[str, Any]:
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


def model_from_config(
    config: dict[str, Any],
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    version: str | None = None,
    written_on: str | None = None,
) -> Model:
    """Makes a model, with new weights, of a configuration.

    Args:
        config: dict with class_name and config.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        safe_mode: bool; False permits Python code inside the configuration (in Lambda layers) to
            run, which is for configurations from a source you trust.
        version: str, the version of Keras that wrote it; what it says of itself by default.
        written_on: str, the engine that the model was trained on; what the configuration says by
            default. Models from 'theano' keep its convention for padding "same".

    Returns:
        A model that is not compiled.

    Raises:
        TypeError: if `config` is a list.
        ValueError: if it is no configuration of a model, or names an unknown layer.
    """
    if isinstance(config, list):
        raise TypeError(
            "model_from_config takes the dict of a whole model, not a list of layers. "
            "For a list use Sequential.from_config(config)."
        )
    writer.check_engine(written_on)
    config = dialects.translated(
        config, version or config.get("keras_version"), written_on or config.get("backend")
    )
    with safe_mode_scope(safe_mode):
        return slots.family("layers").deserialize(config, custom_objects)


def model_from_json(
    json_string: str,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    written_on: str | None = None,
) -> Model:
    """Makes a model, with new weights, of JSON text.

    Args:
        json_string: str, what `model.to_json()` gave.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        safe_mode: bool; False permits Python code inside the text (in Lambda layers) to run.
        written_on: str, the engine that the model was trained on, such as 'theano', where the text
            does not say it.

    Returns:
        A model that is not compiled.

    Raises:
        ValueError: if the text is no JSON, or names an unknown layer.
    """
    return model_from_config(json.loads(json_string), custom_objects, safe_mode, None, written_on)


def model_from_yaml(
    yaml_string: str,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    written_on: str | None = None,
) -> Model:
    """Makes a model, with new weights, of YAML text.

    Args:
        yaml_string: str, what `model.to_yaml()` gave.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        safe_mode: bool; False permits Python code inside the text (in Lambda layers) to run.
        written_on: str, the engine that the model was trained on, such as 'theano', where the text
            does not say it.

    Returns:
        A model that is not compiled.

    Raises:
        ValueError: if the text is no YAML, or names an unknown layer.
    """
    return model_from_config(parse_yaml(yaml_string), custom_objects, safe_mode, None, written_on)
