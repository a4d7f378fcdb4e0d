"""What `help` shows of a layer: what the layer itself adds, and not again what every layer has."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


def install(modules: tuple[str, ...]) -> None:
    """Makes `help` short for the classes of some modules; everyone else's keep theirs.

    pydoc, which is behind `help`, knows no other way than listing all attributes of all bases. A
    metaclass could hide them, but classes of users that have another one would no longer be layers.
    So pydoc is taught, when it is loaded, which is when somebody asks for help.

    Args:
        modules: how their names begin.
    """
    if "pydoc" in sys.modules:
        _teach(sys.modules["pydoc"], modules)
    else:
        sys.meta_path.insert(0, _Pydoc(modules))


class _Pydoc(MetaPathFinder):
    """Finds pydoc, once, with something to do when it is loaded."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        self.modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec("pydoc") if fullname == "pydoc" else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_and_teach(module: ModuleType) -> None:
            load(module)
            sys.meta_path.remove(self)
            _teach(module, self.modules)

        spec.loader.exec_module = load_and_teach  # type: ignore[method-assign]
        return spec


def _teach(pydoc: Any, modules: tuple[str, ...]) -> None:
    of_any = pydoc.classify_class_attrs

    def classify_class_attrs(cls: type) -> list[tuple[str, str, type, Any]]:
        listed = of_any(cls)
        if not cls.__module__.startswith(modules):
            return listed
        return [one for one in listed if one[2] is cls and _adds(cls, one[0])]

    pydoc.classify_class_attrs = classify_class_attrs


def _adds(cls: type, name: str) -> bool:
    """Whether a class is the first of its bases to have a name, and Args do not tell of it."""
    known = name in inspect.signature(cls).parameters
    return not known and not any(hasattr(base, name) for base in cls.__bases__)
