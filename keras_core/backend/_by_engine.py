"""What programs import from the modules that Keras 2 had for each engine."""

from __future__ import annotations

from typing import Any, Callable

from keras_core import backend as functions
from keras_core import missing
from keras_core.backend import common, convert, normalization


def _to_tensor(x: Any, dtype: str) -> Any:
    """A value as a tensor of a dtype."""
    return convert.tensor(x, dtype)


def _initialize_variables(session: Any = None) -> None:
    """Does nothing: variables have their values from the start."""


_PRIVATE: dict[str, Callable[..., Any]] = {
    "_broadcast_normalize_batch_in_training": normalization.normalize_batch_in_training,
    "_initialize_variables": _initialize_variables,
    "_normalize_data_format": common.normalize_data_format,
    "_regular_normalize_batch_in_training": normalization.normalize_batch_in_training,
    "_to_tensor": _to_tensor,
    "_convert_string_dtype": str,
}


def named(name: str, module: str) -> Any:
    """A K function, or a private one of Keras 2 that means something here.

    Args:
        name: what is asked for.
        module: name of the module that is asked, for the message.

    Raises:
        AttributeError: there is no such thing here; it says why.
    """
    if name in _PRIVATE:
        return _PRIVATE[name]
    if name in functions.__all__:
        return getattr(functions, name)
    raise missing.no_attribute(module, name)
