"""Storage: each variable of the core has one shared variable of Theano, for all functions."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import theano

from keras_core.graph.tensor import Variable


class Shared:
    """Gives the shared variable that stands for a variable: `shared(variable)`."""

    def __init__(self) -> None:
        self._table: WeakKeyDictionary[Variable, Any] = WeakKeyDictionary()

    def __call__(self, variable: Variable) -> Any:
        found = self._table.get(variable)
        if found is None:
            flags = [size == 1 for size in variable.shape]
            value = np.zeros(variable.shape, variable.dtype)
            found = theano.shared(value, variable.name, borrow=True, broadcastable=flags)
            self._table[variable] = found
        return found

    def adopt(self, variable: Variable, shared: Any) -> None:
        """Puts a new value, which stands in the variable as an array, where functions read it."""
        shared.container.storage[0] = variable.storage
        variable.storage = shared


def to_numpy(storage: Any) -> np.ndarray:
    """A copy of the value in a storage: an array that no function has met yet, or shared."""
    value = storage if isinstance(storage, np.ndarray) else storage.container.storage[0]
    return np.array(value)
