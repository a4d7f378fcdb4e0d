"""Optimizers: rules that turn gradients into updates of weights."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from keras_core import foreign, missing, namespaces
from keras_core.families import Family
from keras_core.optimizers.adadelta import Adadelta
from keras_core.optimizers.adagrad import Adagrad
from keras_core.optimizers.adam import Adam
from keras_core.optimizers.adamax import Adamax
from keras_core.optimizers.nadam import Nadam
from keras_core.optimizers.optimizer import Optimizer, clip_norm
from keras_core.optimizers.rmsprop import RMSprop
from keras_core.optimizers.sgd import SGD
from keras_core.optimizers.tf_optimizer import TFOptimizer, is_of_tensorflow
from keras_core.optimizers.torch_optimizer import TorchOptimizer, is_of_pytorch

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "Adamax",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "TFOptimizer",
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

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())

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


class _Optimizers(Family):
    """Knows built-in names in any case, and takes no class or function for an optimizer."""

    def get(self, identifier: Any) -> Optimizer:
        if isinstance(identifier, str):
            return self.deserialize({"class_name": identifier, "config": {}})
        if isinstance(identifier, dict):
            return self.deserialize(identifier)
        if isinstance(identifier, Optimizer):
            return identifier
        foreign.refuse(identifier)
        if is_of_tensorflow(identifier) and not inspect.isclass(identifier):
            return TFOptimizer(identifier)
        if is_of_pytorch(identifier):
            return TorchOptimizer(identifier)
        hint = f" Write {identifier.__name__}() instead." if inspect.isclass(identifier) else ""
        raise ValueError(
            f"Could not interpret optimizer identifier: {identifier!r}. Expected a name such as "
            f"'adam', a configuration, or an optimizer object.{hint}"
        )

    def deserialize(
        self, identifier: Any, custom_objects: Mapping[str, Any] | None = None
    ) -> Optimizer:
        name = identifier.get("class_name") if isinstance(identifier, dict) else None
        if isinstance(name, str) and name.lower() in self.built_in:
            identifier = {**identifier, "class_name": name.lower()}
        return super().deserialize(identifier, custom_objects)


FAMILY = _Optimizers("optimizer", _BUILT_IN)


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The configuration of an optimizer, with its class name.

    Example:
        >>> data = optimizers.serialize(optimizers.SGD(nesterov=True))
        >>> data["class_name"], data["config"]["nesterov"]
        ('SGD', True)
    """
    return FAMILY.serialize(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Optimizer:
    """The optimizer that a name or a configuration stands for.

    Args:
        config: dictionary with `class_name`, in lower or upper case for the built-in ones, and
            `config`.
        custom_objects: optimizers of one's own, by name.

    Returns:
        Optimizer.

    Example:
        >>> data = optimizers.serialize(optimizers.SGD(nesterov=True))
        >>> optimizers.deserialize(data).nesterov
        True
    """
    return FAMILY.deserialize(config, custom_objects)


def get(identifier: Any) -> Optimizer:
    """The optimizer that a name, a configuration or an object stands for.

    Raises:
        ValueError: unknown name, or something else altogether, such as a class.

    Example:
        >>> type(optimizers.get("adam")).__name__
        'Adam'
        >>> data = {"class_name": "SGD", "config": {"nesterov": True}}
        >>> optimizers.get(data).nesterov
        True
    """
    return FAMILY.get(identifier)
