"""What the dialects of later Keras share: envelopes, and the keys that a class here knows."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from keras_core import slots


def is_object(value: Any) -> bool:
    """Whether a value is the class name and configuration of an object."""
    return (
        isinstance(value, dict) and isinstance(value.get("class_name"), str) and "config" in value
    )


def class_name(entry: dict[str, Any]) -> str:
    """The name of the class of an object, without the package that it is registered in."""
    registered = entry.get("registered_name")
    name: Any = entry["class_name"]
    if isinstance(registered, str) and ">" in registered:
        name = registered
    return name.rpartition(">")[2] if isinstance(name, str) else name


def is_model(entry: Any) -> bool:
    """Whether an object is a model of layers."""
    return is_object(entry) and isinstance(entry["config"], dict) and "layers" in entry["config"]


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """All objects in a configuration, the outer ones before those inside."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if is_object(found):
            yield found
        if isinstance(found, dict):
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)


def mapped(change: Callable[[dict[str, Any]], Any], value: Any) -> Any:
    """A configuration in which a function has changed each object; it goes into them itself."""
    if is_object(value):
        return change(value)
    if isinstance(value, dict):
        return {key: mapped(change, inner) for key, inner in value.items()}
    return [mapped(change, inner) for inner in value] if isinstance(value, list) else value


def beside(entry: dict[str, Any]) -> dict[str, Any]:
    """What stands beside class and configuration and has a meaning in Keras 2.3.1.

    Args:
        entry: the configuration of an object, with its class.
    """
    return {key: entry[key] for key in ("name", "inbound_nodes", "shared") if key in entry}


def described(entry: dict[str, Any]) -> str:
    """Name and class of a layer, for messages."""
    config = entry["config"] if isinstance(entry["config"], dict) else {}
    return f"{config.get('name') or entry.get('name')!r} ({class_name(entry)})"


@functools.cache
def known_keys(kind: str, name: str) -> frozenset[str] | None:
    """The keys that the configuration of a class may have here; None for what is not built in.

    Args:
        kind: the module of the class, such as 'layers'.
        name: its name.
    """
    built_in = slots.family(kind).built_in
    found = built_in.get(name, built_in.get(name.lower()))
    if not inspect.isclass(found):
        return None
    keys: set[str] = set()
    for base in found.__mro__[:-1]:
        if "__init__" in vars(base):
            parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
            keys |= {x.name for x in parameters if x.kind is not x.VAR_KEYWORD} - {"self"}
            if all(x.kind is not x.VAR_KEYWORD for x in parameters):
                break
    return frozenset(keys - _NOT_OF.get(name, set())) | _OF_ALL[kind]


# What a class gives the class above it by itself.
_NOT_OF = {name: {"data_format"} for name in ("Cropping1D", "UpSampling1D", "ZeroPadding1D")}
_OF_ALL = {
    "layers": frozenset(
        {
            *("name", "trainable", "dtype", "batch_input_shape", "num_constants"),
            # of Lambda, which reads its configuration itself
            *("function_type", "module", "output_shape_type", "output_shape_module"),
        }
    ),
    "optimizers": frozenset({"clipnorm", "clipvalue", "decay", "epsilon", "schedule_decay"}),
}
for _kind in ("initializers", "regularizers", "constraints", "losses", "metrics"):
    _OF_ALL[_kind] = frozenset()


def kept(
    kind: str,
    name: str,
    entry: dict[str, Any],
    config: dict[str, Any],
    neutral: dict[str, tuple[Any, ...]],
    ignored: Iterable[str],
) -> dict[str, Any]:
    """A configuration without the keys that mean nothing here.

    Args:
        kind: the module of the class, such as 'layers'.
        name: the name of the class here.
        entry: the object, for messages.
        config: its configuration.
        neutral: the values by which a key says what is so here anyway.
        ignored: keys whose values do not matter.

    Raises:
        ValueError: a key asks for something that Keras 2.3.1 does not have.
    """
    known = known_keys(kind, name)
    if known is None:
        return config
    for key, value in config.items():
        may_go = key in ignored or value is None or value in neutral.get(key, ())
        if key not in known and not may_go:
            raise ValueError(
                f"{kind[:-1].capitalize()} {described(entry)} has {key}={_short(value)}, for which "
                f"Keras 2.3.1 has no counterpart. {_REMEDY[kind == 'layers']}"
            )
    return {key: value for key, value in config.items() if key in known}


_REMEDY = {
    True: "Replace the layer where the model was made, or pass a class of your own in "
    "custom_objects.",
    False: "Load with compile=False, and compile the model yourself.",
}


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, (str, int, float, bool, type(None))) else ""
    return text[:50] if text else f"a {type(value).__name__}"
