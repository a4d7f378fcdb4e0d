"""The K functions under the name of the module that chose one of Keras 2's backends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_core import missing
from keras_core.backend import common
from keras_core.backend._by_engine import named

if TYPE_CHECKING:  # a checker knows the K functions alone
    import keras_core.backend as functions
    from keras_core.backend import *  # noqa: F403

    __all__ = functions.__all__
else:

    def __getattr__(name: str) -> Any:
        return common.backend() if name == "_BACKEND" else named(name, __name__)


missing.explain_names(globals())
