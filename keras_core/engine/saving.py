"""Saving and loading under Keras 2's module and function names."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any, Callable, TypeVar, cast

import numpy as np

from keras_core.engine.base_layer import Layer
from keras_core.saving import weights as _weights
from keras_core.saving.config import model_from_config, model_from_json, model_from_yaml
from keras_core.saving.files import load_model, save_model
from keras_core.utils.io_utils import (
    HDF5_OBJECT_HEADER_LIMIT,
    H5Dict,
    ask_to_proceed_with_overwrite,
    h5dict,
    load_from_binary_h5py,
    save_to_binary_h5py,
)
from keras_core.utils.weight_conversion import convert_weights

__all__ = [
    "H5Dict",
    "HDF5_OBJECT_HEADER_LIMIT",
    "allow_read_from_gcs",
    "allow_write_to_gcs",
    "ask_to_proceed_with_overwrite",
    "h5dict",
    "load_attributes_from_hdf5_group",
    "load_from_binary_h5py",
    "load_model",
    "load_weights_from_hdf5_group",
    "load_weights_from_hdf5_group_by_name",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "pickle_model",
    "preprocess_weights_for_loading",
    "save_attributes_to_hdf5_group",
    "save_model",
    "save_to_binary_h5py",
    "save_weights_to_hdf5_group",
    "string_types",
    "unpickle_model",
]

string_types = (str,)

Function = TypeVar("Function", bound=Callable[..., Any])


def _store(group: Any, mode: str = "a") -> H5Dict:
    return group if isinstance(group, H5Dict) else H5Dict(group, mode)


def save_attributes_to_hdf5_group(group: Any, name: str, data: Iterable[bytes]) -> None:
    """Writes a list of byte strings as an attribute, in several parts when it is too long for one.

    Args:
        group: `h5py.Group`.
        name: str.
        data: list of bytes.

    Raises:
        RuntimeError: if a single string is too long.
    """
    _store(group)[name] = list(data)


def load_attributes_from_hdf5_group(group: Any, name: str) -> list[str]:
    """Reads what `save_attributes_to_hdf5_group` wrote.

    Args:
        group: `h5py.Group`.
        name: str.

    Returns:
        A list of str; an empty one when there is no such attribute.
    """
    store = _store(group, "r")
    return store.names(name) if name in store else []


def save_weights_to_hdf5_group(group: Any, layers: Sequence[Layer]) -> None:
    """Writes the weights of layers.

    Args:
        group: `h5py.Group` or H5Dict.
        layers: list of layers.
    """
    _weights.save_weights(_store(group), layers)


def load_weights_from_hdf5_group(f: Any, layers: Sequence[Layer], reshape: bool = False) -> None:
    """Gives the weights of a file to layers, in order.

    Args:
        f: `h5py.Group` or H5Dict.
        layers: list of layers.
        reshape: bool, whether a kernel of another shape and equal size is reshaped.

    Raises:
        ValueError: if the file is damaged or its weights do not fit.
    """
    _weights.load_weights(_store(f, "r"), layers, reshape)


def load_weights_from_hdf5_group_by_name(
    f: Any, layers: Sequence[Layer], skip_mismatch: bool = False, reshape: bool = False
) -> None:
    """Gives the weights of a file to the layers of the same names.

    Args:
        f: `h5py.Group` or H5Dict.
        layers: list of layers.
        skip_mismatch: bool, whether to pass over layers whose weights don't fit.
        reshape: bool, whether a kernel of another shape and equal size is reshaped.

    Raises:
        ValueError: if the file is damaged, or weights do not fit and `skip_mismatch` is False.
    """
    _weights.load_weights_by_name(_store(f, "r"), layers, skip_mismatch, reshape)


def preprocess_weights_for_loading(
    layer: Layer,
    weights: Sequence[np.ndarray],
    original_keras_version: str | None = None,
    original_backend: str | None = None,
    reshape: bool = False,
) -> list[np.ndarray]:
    """Turns arrays of a file into the form in which the layer keeps its weights.

    Args:
        layer: layer, model or wrapper.
        weights: list of arrays.
        original_keras_version: str, the Keras 2 that wrote the file; all of them write alike.
        original_backend: str, the engine the file was written on.
        reshape: bool, whether a kernel of another shape and equal size is reshaped.

    Returns:
        A list of arrays.
    """
    return convert_weights(layer, weights, original_backend, reshape)


def pickle_model(model: Any) -> dict[str, Any]:
    """The state of a model as nested dicts.

    Args:
        model: Model.
    """
    state: dict = {}
    save_model(model, state)
    return state


def unpickle_model(state: dict[str, Any]) -> Any:
    """Makes a model of what `pickle_model` gave.

    Args:
        state: dict.
    """
    # Whoever unpickles runs code of the pickle's choosing anyway.
    return load_model(state, compile="training_config" in state, safe_mode=False)


def allow_write_to_gcs(save_function: Function) -> Function:
    """Decorates a saving function; here it adds nothing, for no cloud storage is supported.

    Args:
        save_function: function of a model and a path.
    """
    wrap = functools.wraps(save_function)
    return cast(Function, wrap(lambda *args, **kwargs: save_function(*args, **kwargs)))


def allow_read_from_gcs(load_function: Function) -> Function:
    """Decorates a loading function; here it adds nothing, for no cloud storage is supported.

    Args:
        load_function: function of a path.
    """
    wrap = functools.wraps(load_function)
    return cast(Function, wrap(lambda *args, **kwargs: load_function(*args, **kwargs)))
