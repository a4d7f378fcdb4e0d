"""The catalogue of backends that are known to exist, for the command that would install them.

Nothing else in the core knows a backend by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULT = "numpy"

# With the extra that brings the engine, where the distribution leaves that open.
DISTRIBUTIONS = {
    "numpy": "keras-numpy",
    "tensorflow": "'keras-tf[cpu]'",
    "theano": "keras-theano",
    "jax": "keras-jax",
    "torch": "keras-torch",
}

# What Keras writes into a keras.json that it finds missing.
_UNASKED = {
    "floatx": "float32",
    "epsilon": 1e-07,
    "backend": "tensorflow",
    "image_data_format": "channels_last",
}

_ALIASES = {"tf": "tensorflow"}


def is_unasked(settings: Mapping[str, Any]) -> bool:
    """Whether settings may be those that Keras has written by itself."""
    return all(settings.get(key) == value for key, value in _UNASKED.items())


def full_name(name: str) -> str:
    """Returns the backend's name for a name or an abbreviation of it."""
    return _ALIASES.get(name, name)


def install_command(name: str) -> str | None:
    """Returns the command that installs a known backend, None for one that is not known."""
    distribution = DISTRIBUTIONS.get(name)
    return f"pip install {distribution}" if distribution else None


def install_commands(name: str) -> str:
    """Returns, for a known backend, the command and what to write instead in a checkout."""
    folder = DISTRIBUTIONS[name].replace("-", "_").replace("keras_", "./plugins/keras_")
    return f"{install_command(name)} (in a checkout of keras-core: pip install {folder})"
