"""The K functions under the name of Keras 2's module for CNTK; any backend runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_core import missing
from keras_core.backend._by_engine import named

if TYPE_CHECKING:  # a checker knows the K functions alone
    import keras_core.backend as functions
    from keras_core.backend import *  # noqa: F403

    __all__ = functions.__all__
else:

    def __getattr__(name: str) -> Any:
        return named(name, __name__)


missing.explain_names(globals())
