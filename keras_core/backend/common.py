"""Settings and small conversions that need no graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, overload

import numpy as np

from keras_core import missing
from keras_core.config import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)

if TYPE_CHECKING:
    from keras_core.graph.tensor import Tensor

__all__ = [
    "backend",
    "cast_to_floatx",
    "eager",
    "epsilon",
    "floatx",
    "image_data_format",
    "image_dim_ordering",
    "normalize_data_format",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_image_dim_ordering",
    "symbolic",
]

missing.explain_attributes(globals())

_DATA_FORMATS = {"tf": "channels_last", "th": "channels_first"}


def backend() -> str:
    """Names the backend that runs programs, without loading it.

    Example:
        >>> K.backend()
        'numpy'
    """
    from keras_core.plugins import backend_name

    return backend_name()


@overload
def cast_to_floatx(x: Tensor) -> Tensor: ...
@overload
def cast_to_floatx(x: Any) -> np.ndarray: ...
def cast_to_floatx(x: Any) -> Any:
    """Casts an array to the default float type.

    Args:
        x: array-like of numbers, or a tensor.

    Returns:
        A new array, or a tensor, of dtype `floatx()`.

    Example:
        >>> K.cast_to_floatx(np.array([1, 2])).dtype.name
        'float32'
    """
    from keras_core.backend.convert import cast_to, stacked
    from keras_core.graph.tensor import Tensor

    x = stacked(x)
    return cast_to(x, floatx()) if isinstance(x, Tensor) else np.array(x, dtype=floatx())


def normalize_data_format(value: str | None) -> str:
    """Checks a data format and fills in the default.

    Args:
        value: 'channels_first', 'channels_last' (in any case), or None for the default.

    Raises:
        ValueError: another value.

    Example:
        >>> K.normalize_data_format(None), K.normalize_data_format("Channels_First")
        ('channels_last', 'channels_first')
    """
    if value is None:
        value = image_data_format()
    data_format = value.lower() if isinstance(value, str) else value
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(
            f"data_format must be 'channels_first', 'channels_last' or None, not {value!r}."
            + (" Is a layer given the tensor that it is to be called on?" * hasattr(value, "shape"))
        )
    return data_format


def image_dim_ordering() -> str:
    """Returns the default image format in Keras 1's words: 'tf' or 'th'."""
    return "th" if image_data_format() == "channels_first" else "tf"


def set_image_dim_ordering(dim_ordering: str) -> None:
    """Sets the default image format in Keras 1's words.

    Args:
        dim_ordering: 'tf' for channels_last, 'th' for channels_first.

    Raises:
        ValueError: another value.
    """
    if dim_ordering not in _DATA_FORMATS:
        raise ValueError(
            f"dim_ordering must be 'tf' or 'th', not {dim_ordering!r}; "
            "since Keras 2, use set_image_data_format."
        )
    set_image_data_format(_DATA_FORMATS[dim_ordering])


def symbolic(func: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `func`. It marks functions that build a graph, which all functions here do.

    Example:
        >>> K.symbolic(K.abs)([-1.0]).shape
        (1,)
    """
    return func


def eager(func: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `func`. It marks functions that run at once, for which nothing has to change.

    Example:
        >>> K.eager(K.get_value)(K.variable(3.0)).tolist()
        3.0
    """
    return func
