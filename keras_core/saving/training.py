"""How a model is compiled and the state of its optimizer, in an HDF5 file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from keras_core import slots
from keras_core.errors import shortened
from keras_core.graph import Variable
from keras_core.saving import dialects
from keras_core.saving.dialects import keras1
from keras_core.saving.dialects import training as later
from keras_core.saving.json_text import json_value
from keras_core.saving.optimizer_state import state_of_today
from keras_core.saving.safety import telling
from keras_core.saving.weights import read_arrays, read_json, save_variables
from keras_core.saving.writer import is_keras1, version_of
from keras_core.utils.io_utils import H5Dict
from keras_core.utils.layer_utils import unfrozen
from keras_core.warned import warn


def can_be_saved(optimizer: Any) -> bool:
    """Whether there is an optimizer that a file can hold; one that has no configuration warns."""
    if optimizer is None:
        return False
    try:
        optimizer.get_config()
    except NotImplementedError as error:
        warn(f"The model is saved without how it is compiled: {error}")
        return False
    return True


def variables_of(model: Any) -> list[Variable]:
    """What a step of training or a callback may change of a model and its optimizer.

    Args:
        model: Model, which need not be compiled.
    """
    with unfrozen():
        weights = model.weights
    optimizer = getattr(model, "optimizer", None)
    settings = [x for x in getattr(optimizer, "__dict__", {}).values() if isinstance(x, Variable)]
    return list(dict.fromkeys([*weights, *settings, *getattr(optimizer, "weights", ())]))


def save_training(store: H5Dict, model: Any) -> None:
    """Writes the arguments of compile and, after the first training step, the optimizer's state.

    Args:
        store: H5Dict.
        model: compiled Model.
    """
    optimizer = model.optimizer
    config = {
        "optimizer_config": {
            "class_name": type(optimizer).__name__,
            "config": optimizer.get_config(),
        },
        "loss": model.loss,
        "metrics": model._compile_metrics,
        "weighted_metrics": model._compile_weighted_metrics,
        "sample_weight_mode": model.sample_weight_mode,
        "loss_weights": model.loss_weights,
    }
    store["training_config"] = json.dumps(config, default=json_value).encode("utf8")
    if getattr(optimizer, "weights", None):
        save_variables(store["optimizer_weights"], optimizer.weights)


def load_training(
    store: H5Dict,
    model: Any,
    custom_objects: Mapping[str, Any] | None = None,
    written_on: str | None = None,
) -> None:
    """Compiles a model as it was when saved, and restores its optimizer.

    Args:
        store: H5Dict.
        model: Model.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        written_on: str, the engine that the file was written on, or None.

    Raises:
        ValueError: if the file is damaged, or names an unknown optimizer, loss or metric.
    """
    if "training_config" not in store:
        warn_of_no_training(store.where)
        return
    config = read_json(store, "training_config")
    group = store.group("model_weights")
    if is_keras1(group):
        config = keras1.translated_training(config)
    with telling(store.file, "/training_config", "the model cannot be compiled as it says"):
        if dialects.is_later(version_of(group)):
            config = later.compile_config(config)
        arguments = compile_arguments(config, custom_objects or {})
        model.compile(**arguments)
    if "optimizer_weights" in store:
        with telling(store.file, "/optimizer_weights", "the optimizer's state cannot be loaded"):
            _restore_optimizer(store, model, arguments, written_on)


def warn_of_no_training(where: str) -> None:
    """Says that a file does not say how its model is compiled.

    Args:
        where: the file.
    """
    warn(
        f"{where} has no training configuration, so the model is not compiled. "
        "Call compile before training it."
    )


def compile_arguments(config: dict[str, Any], custom_objects: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of compile that a configuration stands for.

    Args:
        config: dict in the words of Keras 2.3.1.
        custom_objects: dict from names to classes and functions that are not Keras's own.
    """
    optimizers, losses, metrics = map(slots.family, ("optimizers", "losses", "metrics"))
    weighted = config.get("weighted_metrics")
    return {
        "optimizer": optimizers.deserialize(config["optimizer_config"], custom_objects),
        "loss": _objects(config["loss"], losses, custom_objects),
        "metrics": _objects(config["metrics"], metrics, custom_objects),
        "weighted_metrics": _objects(weighted, metrics, custom_objects),
        "loss_weights": config["loss_weights"],
        "sample_weight_mode": config["sample_weight_mode"],
    }


def _objects(saved: Any, family: Any, custom_objects: Mapping[str, Any]) -> Any:
    """Puts objects in the place of their configurations, and of names of custom objects."""
    if isinstance(saved, list):
        return [_objects(item, family, custom_objects) for item in saved]
    if isinstance(saved, dict) and set(saved) >= {"class_name", "config"}:
        return family.deserialize(saved, custom_objects)
    if isinstance(saved, dict):
        return {key: _objects(item, family, custom_objects) for key, item in saved.items()}
    return custom_objects.get(saved, saved) if isinstance(saved, str) else saved


def _restore_optimizer(
    store: H5Dict, model: Any, arguments: dict[str, Any], written_on: str | None
) -> None:
    model._make_train_function()
    expected = sum(math.prod(weight.shape) for weight in model.optimizer.weights)
    group = store.group("optimizer_weights")
    values, names = read_arrays(group, 4 * expected + 64), group.names("weight_names")

    def state() -> list[Any]:
        ordered = later.optimizer_state(model.optimizer, values, names)
        return state_of_today(store, model, ordered, written_on)

    restore_optimizer(store.where, model, arguments, state)


def restore_optimizer(
    where: str, model: Any, arguments: dict[str, Any], state: Callable[[], Sequence[Any]]
) -> None:
    """Gives an optimizer its saved state; if that does not fit, it starts anew, with a warning.

    Args:
        where: the file, for the warning.
        model: compiled Model.
        arguments: dict, what it was compiled with.
        state: function that gives the state in today's order, or raises a ValueError.
    """
    model._make_train_function()
    try:
        model.optimizer.set_weights(state())
    except ValueError as error:
        # An optimizer of somebody else's may have taken some of the values.
        fresh = type(model.optimizer).from_config(model.optimizer.get_config())
        model.compile(**{**arguments, "optimizer": fresh})
        warn(
            f"The optimizer of {where} starts with a fresh state, for the saved one does not "
            f"fit: {shortened(error)}"
        )
