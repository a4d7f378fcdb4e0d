"""Optimizers: rules that turn gradients into updates of weights."""

from __future__ import annotations

import inspect
from typing import Any

from keras_core.optimizers.adadelta import Adadelta
from keras_core.optimizers.adagrad import Adagrad
from keras_core.optimizers.adam import Adam
from keras_core.optimizers.adamax import Adamax
from keras_core.optimizers.nadam import Nadam
from keras_core.optimizers.optimizer import Optimizer, clip_norm
from keras_core.optimizers.rmsprop import RMSprop
from keras_core.optimizers.sgd import SGD
from keras_core.utils.generic_utils import deserialize_keras_object, serialize_keras_object

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "Adamax",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "clip_norm",
    "deserialize",
    "get",
    "nadam",
    "rmsprop",
    "serialize",
    "sgd",
]

sgd = SGD
rmsprop = RMSprop
adagrad = Adagrad
adadelta = Adadelta
adam = Adam
adamax = Adamax
nadam = Nadam

_BUILT_IN = {
    cls.__name__.lower(): cls for cls in (SGD, RMSprop, Adagrad, Adadelta, Adam, Adamax, Nadam)
}


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The configuration of an optimizer, with its class name."""
    return serialize_keras_object(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Optimizer:
    """The optimizer that a name or a configuration stands for.

    Args:
        config: dictionary with `class_name`, in lower or upper case for the built-in ones, and
            `config`.
        custom_objects: optimizers of one's own, by name.

    Returns:
        Optimizer.
    """
    name = config.get("class_name") if isinstance(config, dict) else None
    if isinstance(name, str) and name.lower() in _BUILT_IN:
        config = {**config, "class_name": name.lower()}
    return deserialize_keras_object(
        config,
        module_objects=_BUILT_IN,
        custom_objects=custom_objects,
        printable_module_name="optimizer",
    )


def get(identifier: Any) -> Optimizer:
    """The optimizer that a name, a configuration or an object stands for.

    Raises:
        ValueError: unknown name, or something else altogether, such as a class.
    """
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return deserialize({"class_name": identifier, "config": {}})
    if isinstance(identifier, Optimizer):
        return identifier
    hint = f" Write {identifier.__name__}() instead." if inspect.isclass(identifier) else ""
    raise ValueError(
        f"Could not interpret optimizer identifier: {identifier!r}. Expected a name such as "
        f"'adam', a configuration, or an optimizer object.{hint}"
    )
