"""Layers that stand in several models of one configuration, which are one layer after loading.

Their entries have a number, `shared`, which Keras 2 passes over when it reads a configuration.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Callable

from keras_core import slots
from keras_core.errors import shown
from keras_core.utils.generic_utils import config_with, named_parameters, whole_config
from keras_core.warned import warn

# Of the outermost configuration that is written or read: numbers by layer, layers by number.
_numbers: ContextVar[dict | None] = ContextVar("numbers_of_shared_layers", default=None)
_made: ContextVar[dict | None] = ContextVar("shared_layers_made", default=None)


@contextmanager
def _outermost(
    variable: ContextVar[dict[Any, Any] | None], table: Callable[[], dict[Any, Any]]
) -> Iterator[None]:
    """Opens a table for what is written or read inside, unless there is one."""
    if variable.get() is not None:
        yield
        return
    token = variable.set(table())
    try:
        yield
    finally:
        variable.reset(token)


def writing(network: Any) -> AbstractContextManager[None]:
    """A context in which `entry` numbers the layers that several models in `network` share."""
    return _outermost(_numbers, lambda: _numbered(network))


def reading() -> AbstractContextManager[None]:
    """A context in which `made` makes one layer of all entries with one number."""
    return _outermost(_made, dict)


def entry(layer: Any) -> dict[str, Any]:
    """Class and configuration of a layer, and its number if it is shared."""
    config = whole_config(layer)
    _warn_of_lost(layer, config)
    found = {"class_name": type(layer).__name__, "config": config}
    number = (_numbers.get() or {}).get(layer)
    return found if number is None else {**found, "shared": number}


def _warn_of_lost(layer: Any, config: Mapping[str, Any]) -> None:
    """Warns of arguments that a class of the user's added and the get_config it inherits loses."""
    cls = type(layer)
    home = _home(cls, "__init__")
    inherited = [_home(cls, name) for name in ("get_config", "from_config")]
    built_in = home.__module__.startswith("keras_core.")
    if built_in or any(issubclass(other, home) for other in inherited):
        return
    lost = [name for name in named_parameters(vars(home)["__init__"]) if name not in config]
    if lost:
        warn(
            f"Layer {layer.name} ({cls.__name__}) takes {lost}, which its get_config does not "
            "give, so a layer made of the configuration does not have them. Let get_config "
            f"return {config_with(lost)}."
        )


def _home(cls: type, name: str) -> type:
    """The class in which an attribute of a class is defined."""
    return next(base for base in cls.__mro__ if name in vars(base))


def made(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The layer of an entry: a new one, or the one that an entry of its number was before."""
    if not isinstance(config, dict) or not {"class_name", "config"} <= set(config):
        raise ValueError(
            f"Improper config of a layer: {shown(config)}. It needs the keys 'class_name' and "
            "'config'."
        )
    number, table = config.get("shared"), _made.get()
    layers: dict[Any, Any] = {} if table is None else table
    if number in layers:
        return layers[number]
    plain = {"class_name": config["class_name"], "config": config["config"]}
    layer = slots.family("layers").deserialize(plain, custom_objects)
    if number is not None:
        layers[number] = layer
    return layer


def _numbered(network: Any) -> dict[Any, int]:
    counts: Counter[Any] = Counter()
    seen, waiting = {network}, [network]
    while waiting:
        inner = [x for x in waiting.pop().layers if type(x).__name__ != "InputLayer"]
        counts.update(inner)
        models = [x for x in inner if hasattr(x, "run_internal_graph") and x not in seen]
        seen.update(models)
        waiting += models
    shared = [layer for layer, count in counts.items() if count > 1]
    return {layer: number for number, layer in enumerate(shared)}
