"""Models in the clothes of other libraries: `scikit_learn`, imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from keras_core import missing, namespaces

if TYPE_CHECKING:
    from keras_core.wrappers import scikit_learn

__all__ = ["scikit_learn"]

__dir__ = namespaces.listing(__all__)

if not TYPE_CHECKING:  # a checker knows the names above, and no others

    def __getattr__(name: str) -> Any:
        if name in __all__:
            return import_module(f"{__name__}.{name}")
        return missing.attribute(__name__, name)
