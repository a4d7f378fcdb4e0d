"""The architecture of a model as JSON and YAML text, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from keras_core import slots
from keras_core.attempt import Attempt, attempted, current, memory_limit
from keras_core.plugins import features
from keras_core.saving import dialects, writer
from keras_core.saving.dialects.absent import refuse_absent
from keras_core.saving.json_text import parse_json
from keras_core.saving.safety import safe_mode_scope, telling
from keras_core.saving.yaml_text import parse_yaml
from keras_core.utils.generic_utils import get_custom_objects

if TYPE_CHECKING:
    from keras_core.engine.training import Model


# Files follow the layout of this Keras, with TensorFlow's kernels, whichever backend runs.
KERAS_VERSION = "2.3.1"
KERNEL_LAYOUT = "tensorflow"

# A configuration alone does not say how much is meant: bytes of weights that it may ask for, and
# calls of layers for each of its values.
_LARGEST_MODEL = 2**31
_BYTES_A_NUMBER = 4
_CALLS_A_VALUE = 4
_SMALL_NUMBER_OF_CALLS = 20_000


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
    safe_mode: bool | None = None,
    version: str | None = None,
    written_on: str | None = None,
) -> Model:
    """Makes a model, with new weights, of a configuration.

    Args:
        config: dict with class_name and config.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        safe_mode: bool; False permits Python code inside the configuration (in Lambda layers) to
            run, which is for configurations from a source you trust. As `safe_mode_scope` says by
            default, which is True.
        version: str, the version of Keras that wrote it; what it says of itself by default.
        written_on: str, the engine that the model was trained on; what the configuration says by
            default. Models from 'theano' keep its convention for padding "same".

    Returns:
        A model that is not compiled.

    Raises:
        TypeError: if `config` is a list.
        ModelFileError: if it is no configuration of a model, names an unknown layer, or asks for
            more than `saving.safety.memory_scope` allows. It is a ValueError.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
        >>> config = {"class_name": "Sequential", "config": model.get_config()}
        >>> models.model_from_config(config).input_shape
        (None, 2)
    """
    if isinstance(config, list):
        raise TypeError(
            "model_from_config takes the dict of a whole model, not a list of layers. "
            "For a list use Sequential.from_config(config)."
        )
    writer.check_engine(written_on)
    with telling(None, None, "no model can be made of the configuration"):
        config = dialects.translated(
            config, version or config.get("keras_version"), written_on or config.get("backend")
        )
        refuse_absent(
            config, {*(custom_objects or {}), *get_custom_objects(), *features.custom_objects()}
        )
        with safe_mode_scope(safe_mode), _attempted(config):
            return slots.family("layers").deserialize(config, custom_objects)


@contextmanager
def _attempted(config: Any) -> Iterator[None]:
    """Allows what a configuration by itself may take, unless it is read as part of a file."""
    if current() is not None:
        yield
        return
    numbers = memory_limit(_LARGEST_MODEL) // _BYTES_A_NUMBER
    attempt = Attempt(numbers, calls_for(config), "a configuration without a file of weights")
    with attempted(attempt):
        yield
        attempt.settle(())


def calls_for(config: Any) -> float:
    """How many calls of layers a configuration may ask for.

    Args:
        config: nested dicts and lists.
    """
    values, waiting = 0, [config]
    while waiting:
        item = waiting.pop()
        values += 1
        if isinstance(item, (dict, list, tuple)):
            waiting += item.values() if isinstance(item, dict) else item
    return memory_limit(_SMALL_NUMBER_OF_CALLS + _CALLS_A_VALUE * values)


def model_from_json(
    json_string: str,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool | None = None,
    written_on: str | None = None,
) -> Model:
    """Makes a model, with new weights, of JSON text.

    Args:
        json_string: str, what `model.to_json()` gave.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        safe_mode: bool; False permits Python code inside the text (in Lambda layers) to run;
            as `safe_mode_scope` says by default, which is True.
        written_on: str, the engine that the model was trained on, such as 'theano', where the text
            does not say it.

    Returns:
        A model that is not compiled.

    Raises:
        ModelFileError: if the text is no JSON, or makes no model; see `model_from_config`.

    Example:
        >>> text = models.Sequential([layers.Dense(1, input_shape=(2,))]).to_json()
        >>> models.model_from_json(text).input_shape
        (None, 2)
    """
    return model_from_config(parse_json(json_string), custom_objects, safe_mode, None, written_on)


def model_from_yaml(
    yaml_string: str,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool | None = None,
    written_on: str | None = None,
) -> Model:
    """Makes a model, with new weights, of YAML text.

    Args:
        yaml_string: str, what `model.to_yaml()` gave.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        safe_mode: bool; False permits Python code inside the text (in Lambda layers) to run;
            as `safe_mode_scope` says by default, which is True.
        written_on: str, the engine that the model was trained on, such as 'theano', where the text
            does not say it.

    Returns:
        A model that is not compiled.

    Raises:
        ModelFileError: if the text is no YAML, or makes no model; see `model_from_config`.

    Example:
        >>> text = models.Sequential([layers.Dense(1, input_shape=(2,))]).to_yaml()
        >>> models.model_from_yaml(text).input_shape
        (None, 2)
    """
    return model_from_config(parse_yaml(yaml_string), custom_objects, safe_mode, None, written_on)
