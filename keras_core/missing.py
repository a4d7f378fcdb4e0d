"""What modules say of names that they do not have: what is gone, why, and what to write instead."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from keras_core import newer
from keras_core.legacy import names

# Modules that Keras 2 had for each engine. Here they have the K functions, and little else.
ENGINE_MODULES = frozenset(
    {"cntk_backend", "load_backend", "numpy_backend", "tensorflow_backend", "theano_backend"}
)
_ENGINES = ("tf", "tensorflow", "theano", "th", "T", "cntk", "C")


def explanation(name: str) -> str | None:
    """Says why there is no such thing: of another Keras what to write, of an engine's module why.

    Args:
        name: its name with that of its module, such as 'keras_core.backend.theano_backend.theano'.

    Returns:
        A sentence; None for what is there, or for what no Keras has.
    """
    home, _, asked = name.rpartition(".")
    package, _, module = home.rpartition(".")
    if package == "keras_core.backend" and module in ENGINE_MODULES and asked[:2] != "__":
        return _explanation_of_an_engines(home, asked)
    return names.explanation(name) or newer.explanation(name)


def _explanation_of_an_engines(module: str, asked: str) -> str:
    if asked in _ENGINES:
        why = "import that engine itself"
    elif asked == "_get_available_gpus":
        why = "the setting `device` says where programs run, and `keras-core doctor` checks it"
    else:
        why = "it belonged to how Keras 2 ran that engine; write it with K functions"
    return f"module {module!r} has no {asked!r}: {why}."


def explain_attributes(module: dict[str, Any]) -> None:
    """Makes a module say what is missing when it is asked for an attribute that it does not have.

    So does `from module import name`: Python asks for a submodule then, of what has a path.

    Args:
        module: its global names.
    """

    def __getattr__(name: str) -> Any:
        return attribute(module["__name__"], name)

    module["__getattr__"] = __getattr__
    explain_names(module)


def explain_names(module: dict[str, Any]) -> None:
    """Makes `from module import name` say what is missing, where the module's attributes do."""
    module.setdefault("__path__", [])


def attribute(module: str, name: str) -> Any:
    """What a module gives for a name that it does not have: what stands for one of Keras 1.

    Raises:
        AttributeError: nothing does.
    """
    found = names.found(module, name)
    if found is None:
        raise no_attribute(module, name)
    return found


def no_attribute(module: str, name: str) -> AttributeError:
    """The error where a module is asked for a name that it does not have."""
    # What begins with an underscore is asked for by tools, which try.
    known = [] if name.startswith("_") else dir(sys.modules[module])
    near = did_you_mean(name, known)
    return AttributeError(
        explanation(f"{module}.{name}")
        or f"module {module!r} has no attribute {name!r}{near and '.' + near}"
    )


_LONGEST_NAME = 100


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """A question after known names that are like a name, in any case; empty if there are none.

    Args:
        name: what was written.
        known: what could have been.

    Returns:
        Text that begins with a space, or an empty text.
    """
    if len(str(name)) > _LONGEST_NAME:
        return ""
    lowered: dict[str, list[str]] = {}
    for candidate in sorted(known):
        lowered.setdefault(candidate.lower(), []).append(candidate)
    near = difflib.get_close_matches(str(name).lower(), list(lowered), n=3)
    found = [candidate for match in near for candidate in lowered[match]][:3]
    return f" Did you mean {' or '.join(map(repr, found))}?" if found else ""


class _Explainer(MetaPathFinder):
    """Finds nothing. Asked last, it says why a module is not there that some Keras had."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        told = explanation(fullname)
        if told is None or fullname.partition(".")[2] in newer.MODULES:
            return None
        # With Keras 2's name: for its own, `from package import name` would put up with an error.
        raise ModuleNotFoundError(told, name=fullname.replace("keras_core", "keras", 1))


def explain_imports() -> None:
    """Makes imports of what is missing say so."""
    sys.meta_path.append(_Explainer())
