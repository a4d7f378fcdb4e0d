"""Objects of another Keras, and of engines, told by their modules; nothing is imported for that."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
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


# Engines

_ENGINES = {
    "torch": "PyTorch",
    "tensorflow": "TensorFlow",
    "jax": "JAX",
    "flax": "Flax",
    "optax": "Optax",
}
_LOSSES = {
    "mse_loss": "'mse'",
    "mseloss": "'mse'",
    "l2_loss": "'mse'",
    "l1_loss": "'mae'",
    "l1loss": "'mae'",
    "bceloss": "'binary_crossentropy'",
    "binary_cross_entropy": "'binary_crossentropy'",
    "bcewithlogitsloss": "losses.BinaryCrossentropy(from_logits=True)",
    "binary_cross_entropy_with_logits": "losses.BinaryCrossentropy(from_logits=True)",
    "crossentropyloss": "losses.SparseCategoricalCrossentropy(from_logits=True)",
    "cross_entropy": "losses.SparseCategoricalCrossentropy(from_logits=True)",
    "huberloss": "losses.Huber()",
    "huber_loss": "losses.Huber()",
    "smoothl1loss": "losses.Huber()",
    "smooth_l1_loss": "losses.Huber()",
}


def _engine_of(value: Any) -> str | None:
    """The engine that a function, a class or an object comes from, None if from none."""
    home = value if inspect.isclass(value) or inspect.isroutine(value) else type(value)
    root = f"{getattr(home, '__module__', None)}".partition(".")[0]
    # The Keras in an engine is another Keras.
    return None if _is_foreign(home) else _ENGINES.get(root)


def refuse_loss_of_engine(role: str, value: Any) -> None:
    """Refuses an engine's loss, which takes the tensors of that engine.

    Args:
        role: what it is for, such as 'loss'.
        value: what a user passed.

    Raises:
        ValueError: it names the engine and what to write instead.
    """
    engine = _engine_of(value)
    # TensorFlow's functions take keras_core's tensors where it is the backend.
    if engine in (None, "TensorFlow"):
        return
    name = _short_name(value)
    twin = _LOSSES.get(name.lower())
    remedy = f"Write {twin} instead, or" if twin else "Give one by its name, such as 'mse', or"
    raise ValueError(
        f"compile: {role} is {name} of {engine}, which takes {engine}'s own tensors, but a {role} "
        f"is called with tensors of keras_core. {remedy} make one of functions of "
        "keras_core.backend."
    )


def layer_instead(value: Any, layers: Iterable[str]) -> str | None:
    """What to write for an engine's module or function among layers; None for anything else.

    Args:
        value: what a user passed.
        layers: the names of all classes of layers.
    """
    cls = value if inspect.isclass(value) else type(value)
    engine = next(filter(None, map(_engine_of, [value, *cls.__mro__])), None)
    if engine is None:
        return None
    name = _short_name(value)
    wanted = "dense" if name == "Linear" else name.lower()
    found = next((layer for layer in layers if layer.lower() == wanted), None)
    units = getattr(value, "out_features", "...")
    twin = f"layers.{found}({units})" if found else "the layer that keras_core has in its place"
    return f"It comes from {engine}, and does not take tensors of keras_core; write {twin}."


def _short_name(value: Any) -> str:
    return str(getattr(value, "__name__", type(value).__name__))
