"""Objects of another Keras, told by the modules of their classes; nothing is imported for that."""

from __future__ import annotations

import inspect
import sys
from typing import Any

_PACKAGES = (
    *("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras"),
    *("tensorflow_core.keras", "tensorflow_core.python.keras"),
)
_HOMES = (
    *("layers", "models", "optimizers", "losses", "metrics", "callbacks", "initializers"),
    *("regularizers", "constraints", "utils"),
)


def refuse(value: Any, error: type[Exception] = ValueError) -> None:
    """Refuses an object, or a class, of another Keras, or derived from one.

    Args:
        value: what a user passed.
        error: what is raised.

    Raises:
        Exception: `error`, which names the other Keras and what to write instead.
    """
    cls = value if inspect.isclass(value) else type(value)
    bases = [base for base in cls.__mro__ if _is_foreign(base)]
    if not bases:
        return
    other = _package(bases[0])
    derived = "" if cls is bases[0] else f" is derived from {_title(bases[0])}, which"
    raise error(
        f"{_title(cls)}{derived} comes from {other}, and objects of another Keras do not work with "
        f"those of keras_core. {_remedy(cls, bases)}, or build all of it with {other}."
    )


def refuse_function(role: str, function: Any, error: type[Exception] = ValueError) -> None:
    """Refuses a function of another Keras where it is called on tensors.

    Args:
        role: what it is for, such as 'loss'.
        function: what a user passed.
        error: what is raised.

    Raises:
        Exception: `error`, which names the other Keras and what to write instead.
    """
    if inspect.isroutine(function) and _is_foreign(function):
        name = function.__name__
        raise error(
            f"The {role} {function.__module__}.{name} comes from {_package(function)}, and does "
            f"not take tensors of keras_core. Give it by its name, {name!r}, or write one with "
            "functions of keras_core.backend."
        )


def _is_foreign(value: Any) -> bool:
    module = getattr(value, "__module__", None)
    return any(f"{module}.".startswith(f"{package}.") for package in _PACKAGES)


def _title(cls: type) -> str:
    return f"{cls.__module__}.{cls.__name__}"


def _package(cls: Any) -> str:
    """The package that a class or function comes from, with its version."""
    root = cls.__module__.partition(".")[0]
    # keras_core may stand under the name of keras, but `keras.src` is never its own.
    modules = (sys.modules.get(name) for name in (f"{root}.src", f"{root}.src.version", root))
    version = next(filter(None, (getattr(module, "__version__", "") for module in modules)), "")
    name = root if root.endswith("keras") else f"the Keras in {root}"
    known_as = " (tf.keras)" if root == "keras" and "tensorflow" in sys.modules else ""
    return f"{name} {version}".strip() + known_as


def _remedy(cls: type, bases: list[type]) -> str:
    if bases[0].__name__ == "KerasTensor":
        return "Start from keras_core.Input(shape=...) and call layers of keras_core on it"
    found = next(filter(None, map(_counterpart, bases)), None)
    if found is None:
        return "Take what keras_core has in its place"
    return f"Take {found} instead" if cls is bases[0] else f"Derive it from {found} instead"


def _counterpart(cls: type) -> str | None:
    """The class of that name in keras_core, sought first in a module that is called the same."""
    words = cls.__module__.split(".")
    homes = sorted(_HOMES, key=lambda home: home not in words)
    for module in map("keras_core.{}".format, homes):
        if hasattr(sys.modules.get(module), cls.__name__):
            return f"{module}.{cls.__name__}"
    return None
