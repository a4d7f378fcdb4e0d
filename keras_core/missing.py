"""What Keras 2.3.1 has and keras_core has not, so that whoever asks for it is told so by name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from keras_core.legacy import names

# Modules; what lies below one is missing as well.
MODULES = frozenset(
    {
        "applications",
        "datasets.boston_housing",
        "datasets.cifar",
        "datasets.cifar10",
        "datasets.cifar100",
        "datasets.fashion_mnist",
        "datasets.imdb",
        "datasets.mnist",
        "datasets.reuters",
        "preprocessing",
        "utils.multi_gpu_utils",
        "utils.vis_utils",
        "wrappers",
    }
)

# Functions and classes, by the package that has them.
NAMES = {
    "optimizers": ("TFOptimizer",),
    "utils": ("model_to_dot", "multi_gpu_model", "plot_model"),
}

_MISSING = MODULES | {f"{package}.{name}" for package in NAMES for name in NAMES[package]}


def explanation(name: str) -> str | None:
    """Says that something of Keras 2 is missing.

    Args:
        name: its name with that of its module, such as 'keras_core.utils.plot_model'.

    Returns:
        A sentence; None for what is there, or for what Keras 2 does not have either.
    """
    package, *parts = name.split(".")
    heads = (".".join(parts[:length]) for length in range(1, len(parts) + 1))
    head = next((head for head in heads if head in _MISSING), None)
    if package != "keras_core" or head is None:
        return None
    home = f"keras_core.{head}".rpartition(".")[0]
    return (
        f"Keras 2 has keras.{'.'.join(parts)}; keras_core does not have it yet, under any name. "
        f"What there is: dir({home})"
    )


def explain_attributes(module: dict[str, Any]) -> None:
    """Makes a module say what is missing when it is asked for an attribute that it does not have.

    Args:
        module: its global names.
    """

    def __getattr__(name: str) -> Any:
        return attribute(module["__name__"], name)

    module["__getattr__"] = __getattr__


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
    return AttributeError(
        explanation(f"{module}.{name}")
        or names.explanation(f"{module}.{name}")
        or f"module {module!r} has no attribute {name!r}"
    )


class _Explainer(MetaPathFinder):
    """Finds nothing. Asked last, it says of a module of Keras 2 that it is missing."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        told = explanation(fullname) or names.explanation(fullname)
        if told is None:
            return None
        # With Keras 2's name: for its own, `from package import name` would put up with an error.
        raise ModuleNotFoundError(told, name=fullname.replace("keras_core", "keras", 1))


def explain_imports() -> None:
    """Makes imports of what is missing say so."""
    sys.meta_path.append(_Explainer())
