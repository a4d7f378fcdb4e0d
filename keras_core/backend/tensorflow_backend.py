"""The K functions under the name of Keras 2's module for TensorFlow; any backend runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_core import missing
from keras_core.backend import variables
from keras_core.backend._by_engine import named

__all__ = ["is_symbolic", "v1_variable_initialization"]


def is_symbolic(x: Any) -> bool:
    """Tells whether `x` is a tensor that is computed or fed: no variable, and no array."""
    return variables.is_tensor(x) and not variables.is_variable(x)


def v1_variable_initialization() -> None:
    """Does nothing: variables have their values from the start."""


if TYPE_CHECKING:  # a checker knows the K functions alone
    import keras_core.backend as functions
    from keras_core.backend import *  # noqa: F403

    __all__ += functions.__all__
else:

    def __getattr__(name: str) -> Any:
        return named(name, __name__)


missing.explain_names(globals())
