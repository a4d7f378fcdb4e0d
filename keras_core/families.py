"""Families: the losses, the layers and so on, found by name or made of a configuration."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Any, Callable, Union

from keras_core import foreign
from keras_core.utils.generic_utils import deserialize_keras_object, serialize_keras_object

# What a user may give where a layer or model takes one of a family: its name, its configuration, or
# the function, object or class itself.
ActivationLike = Union[str, dict[str, Any], Callable[..., Any], None]
InitializerLike = Union[str, dict[str, Any], Callable[..., Any]]
RegularizerLike = Union[str, dict[str, Any], Callable[..., Any], None]
ConstraintLike = Union[str, dict[str, Any], Callable[..., Any], None]
LossLike = Union[str, dict[str, Any], Callable[..., Any], None]
MetricLike = Union[str, dict[str, Any], Callable[..., Any]]


class Family:
    """What a name or a configuration can stand for, among objects of one kind.

    The module that defines the objects holds their family as `FAMILY`. Modules below it ask
    `slots.family` for it.

    Args:
        kind: what messages call an object, such as `'loss function'`.
        built_in: name to class or function; what cannot be called is passed over.
        factories: the functions in it that make an object, so that `'l2'` stands for `l2()`.
    """

    def __init__(
        self,
        kind: str,
        built_in: Mapping[str, Any],
        factories: Collection[Callable[..., Any]] = (),
    ) -> None:
        self.kind = kind
        self._built_in = built_in
        self._factories = factories

    @property
    def built_in(self) -> Mapping[str, Any]:
        """The classes and functions of keras_core itself, by name."""
        return self._built_in

    def get(self, identifier: Any) -> Any:
        """What a user means by a name, a configuration, a class, an object or a function.

        Raises:
            ValueError: `identifier` is nothing of that, or an unknown name.
        """
        if isinstance(identifier, (dict, str)):
            return self.deserialize(identifier)
        foreign.refuse(identifier)
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier):
            return identifier
        article = "an" if self.kind[0] in "aeiou" else "a"
        raise ValueError(
            f"Could not interpret {self.kind} identifier: {identifier!r}, of type "
            f"{type(identifier).__name__}; expected the name of {article} {self.kind}, a "
            "configuration, an object or a function."
        )

    def serialize(self, instance: Any) -> Any:
        """The name of a function, or the class name and configuration of an object."""
        return serialize_keras_object(instance)

    def deserialize(self, identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """What a name or a configuration stands for; objects of the user's own come first.

        Raises:
            ValueError: unknown name, or a dictionary that is no configuration.
        """
        found = deserialize_keras_object(
            identifier, self.built_in, custom_objects, printable_module_name=self.kind
        )
        return found() if found in self._factories else found
