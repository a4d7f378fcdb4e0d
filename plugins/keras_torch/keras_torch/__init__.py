"""The PyTorch backend of keras-core; importing it does not import PyTorch."""

from __future__ import annotations

from importlib import import_module

__version__ = "2.4.0"

# Where the public names stand; the modules import PyTorch, so they wait until they are needed.
_HOMES = {"Module": "module", "parameter": "module", "export": "exporting"}

__all__ = ["Module", "export", "parameter"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
