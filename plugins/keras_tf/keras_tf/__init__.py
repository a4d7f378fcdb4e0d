"""The TensorFlow 2 backend of keras-core; importing it does not import TensorFlow."""

from __future__ import annotations

from importlib import import_module

__version__ = "2.4.0"

# Where the public names stand; the modules import TensorFlow, so they wait until they are needed.
_HOMES = {"Module": "module", "to_saved_model": "saved_model", "to_tflite": "saved_model"}

__all__ = ["Module", "to_saved_model", "to_tflite"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
