"""What Keras 2.3.1 has and keras_core has not, so that whoever asks for it is told so by name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

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
        "legacy.interfaces",
        "legacy.layers",
        "preprocessing",
        "utils.multi_gpu_utils",
        "utils.vis_utils",
        "wrappers",
    }
)

# Functions and classes, by the package that has them.
NAMES = {
    "layers": (
        *("AtrousConvolution1D", "AtrousConvolution2D", "ConvRecurrent2D", "Highway"),
        *("MaxoutDense", "Recurrent"),
    ),
    "layers.convolutional": (
        *("AtrousConv1D", "AtrousConv2D", "AtrousConvolution1D", "AtrousConvolution2D"),
    ),
    "layers.convolutional_recurrent": ("ConvRecurrent2D", "Recurrent"),
    "layers.recurrent": ("Recurrent",),
    "optimizers": ("TFOptimizer",),
    "utils": ("model_to_dot", "multi_gpu_model", "plot_model"),
}

# Modules that Keras 2 had for each engine. Here they have the K functions, and little else.
ENGINE_MODULES = frozenset(
    {"cntk_backend", "load_backend", "numpy_backend", "tensorflow_backend", "theano_backend"}
)
_ENGINES = ("tf", "tensorflow", "theano", "th", "T", "cntk", "C")

_MISSING = MODULES | {f"{package}.{name}" for package in NAMES for name in NAMES[package]}


def explanation(name: str) -> str | None:
    """Says that something of Keras 2 is missing.

    Args:
        name: its name with that of its module, such as 'keras_core.utils.plot_model'.

    Returns:
        A sentence; None for what is there, or for what Keras 2 does not have either.
    """
    package, *parts = name.split(".")
    if parts[:1] == ["backend"] and len(parts) == 3 and parts[1] in ENGINE_MODULES:
        return _explanation_of_an_engines(name)
    heads = (".".join(parts[:length]) for length in range(1, len(parts) + 1))
    head = next((head for head in heads if head in _MISSING), None)
    if package != "keras_core" or head is None:
        return None
    home = f"keras_core.{head}".rpartition(".")[0]
    return (
        f"Keras 2 has keras.{'.'.join(parts)}; keras_core does not have it yet, under any name. "
        f"What there is: dir({home})"
    )


def _explanation_of_an_engines(name: str) -> str | None:
    module, _, asked = name.rpartition(".")
    if asked.startswith("__"):
        return None
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
        raise no_attribute(module["__name__"], name)

    module["__getattr__"] = __getattr__
    explain_names(module)


def explain_names(module: dict[str, Any]) -> None:
    """Makes `from module import name` say what is missing, where the module's attributes do."""
    module.setdefault("__path__", [])


def no_attribute(module: str, name: str) -> AttributeError:
    """The error where a module is asked for a name that it does not have."""
    return AttributeError(
        explanation(f"{module}.{name}") or f"module {module!r} has no attribute {name!r}"
    )


class _Explainer(MetaPathFinder):
    """Finds nothing. Asked last, it says of a module of Keras 2 that it is missing."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        told = explanation(fullname)
        if told is None:
            return None
        # With Keras 2's name: for its own, `from package import name` would put up with an error.
        raise ModuleNotFoundError(told, name=fullname.replace("keras_core", "keras", 1))


def explain_imports() -> None:
    """Makes imports of what is missing say so."""
    sys.meta_path.append(_Explainer())
