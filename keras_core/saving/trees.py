"""Plain data with arrays in it, in a group of an HDF5 file: lists, dicts, texts, numbers, None."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from keras_core.saving.weights import read_arrays, read_json
from keras_core.utils.io_utils import H5Dict

_ARRAY, _NUMBER = "array of this file", "number of this file"


def save_tree(store: H5Dict, tree: Any) -> None:
    """Writes a tree: its arrays one by one, the rest as JSON.

    Args:
        store: H5Dict.
        tree: dict with texts for keys, of lists, dicts, arrays, texts, numbers, None.

    Raises:
        TypeError: something else is in it.
    """
    arrays: list[np.ndarray] = []

    def replaced(value: Any) -> Any:
        if isinstance(value, (np.ndarray, np.generic)):
            arrays.append(np.asarray(value))
            return {_ARRAY if isinstance(value, np.ndarray) else _NUMBER: len(arrays) - 1}
        if isinstance(value, dict):
            return {str(key): replaced(item) for key, item in value.items()}
        return [replaced(item) for item in value] if isinstance(value, (list, tuple)) else value

    store["tree"] = json.dumps(replaced(tree)).encode("utf8")
    names = [f"array_{i}" for i in range(len(arrays))]
    store["weight_names"] = [name.encode("utf8") for name in names]
    for name, array in zip(names, arrays):
        store[name] = array


def load_tree(store: H5Dict, limit: int) -> Any:
    """Reads what `save_tree` wrote; tuples have become lists.

    Args:
        store: H5Dict.
        limit: int, the number of elements that the arrays may have together.

    Raises:
        ModelFileError: the file is damaged, or has none.
    """
    arrays = read_arrays(store, limit)

    def replaced(value: Any) -> Any:
        if isinstance(value, list):
            return [replaced(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {_ARRAY}:
            return arrays[value[_ARRAY]]
        if set(value) == {_NUMBER}:
            return arrays[value[_NUMBER]][()]
        return {key: replaced(item) for key, item in value.items()}

    return replaced(read_json(store, "tree"))
