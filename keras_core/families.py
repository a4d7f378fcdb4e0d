"""Families: the losses, the layers and so on, found by name or made of a configuration."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Callable, Union

from keras_core import foreign
from keras_core.errors import shown
from keras_core.utils.generic_utils import (
    deserialize_keras_object,
    serialize_keras_object,
)

# What a user may give where a layer or model takes one of a family: its name, its configuration, or
# the function, object or class itself.
ActivationLike = Union[str, dict[str, Any], Callable[..., Any], None]
InitializerLike = Union[str, dict[str, Any], Callable[..., Any]]
RegularizerLike = Union[str, dict[str, Any], Callable[..., Any], None]
ConstraintLike = Union[str, dict[str, Any], Callable[..., Any], None]
LossLike = Union[str, dict[str, Any], Callable[..., Any], None]
MetricLike = Union[str, dict[str, Any], Callable[..., Any]]


# What the modules of families list besides the family.
_HELPERS = frozenset(
    {
        *("deserialize", "get", "serialize"),
        *("clone_metric", "clone_metrics", "is_categorical_crossentropy"),
    }
)


class Names(Mapping[str, Any]):
    """What has a name in a family: what its module lists, and what programs set in the module.

    What else the module holds, such as its imports, has no name here.

    Args:
        module: name to whatever a module holds: its `globals()`, or a table.
        listed: the names in it that belong to the family; all by default.
        factories: the functions in it that make an object, so that `'l2'` stands for `l2()`.
    """

    def __init__(
        self,
        module: Mapping[str, Any],
        listed: Collection[str] | None = None,
        factories: Collection[Callable[..., Any]] = (),
    ) -> None:
        self.factories = factories
        self._module = module
        self._listed = set(module if listed is None else listed) - _HELPERS
        self._unlisted = (_HELPERS | set(module) | {"FAMILY"}) - self._listed

    def __getitem__(self, name: str) -> Any:
        found = self._module[name]
        if self._is_named(name) and self._is_one(found):
            return found
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        names = list(self._module)  # another thread may import more meanwhile
        return (name for name in names if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _is_named(self, name: str) -> bool:
        return name in self._listed or not (name in self._unlisted or name.startswith("_"))

    def _is_one(self, value: Any) -> bool:
        """Whether what has a name is of this kind."""
        return callable(value)

    def takes_arguments(self, found: Any) -> bool:
        """Whether something of this table is made by arguments: a class or a factory.

        A function is what its name stands for; it is not called with what a configuration says.
        """
        own = getattr(found, "__module__", "").startswith("keras_core.")
        return inspect.isclass(found) or found in self.factories or not own


class Family:
    """What a name or a configuration can stand for, among objects of one kind.

    The module that defines the objects holds their family as `FAMILY`. Modules below it ask
    `slots.family` for it.

    Args:
        kind: what messages call an object, such as `'loss function'`.
        built_in: names, or any table of name to class or function.
    """

    def __init__(self, kind: str, built_in: Mapping[str, Any]) -> None:
        self.kind = kind
        self.built_in: Names = built_in if isinstance(built_in, Names) else Names(built_in)

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
            f"Could not interpret {self.kind} identifier: {shown(identifier)}, of type "
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
        return found() if found in self.built_in.factories else found
