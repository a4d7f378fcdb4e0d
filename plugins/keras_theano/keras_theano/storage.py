"""Storage: each variable of the core has one shared variable of Theano, for all functions."""

from __future__ import annotations

from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import theano

from keras_core.graph import Variable


class Shared:
    """Gives the shared variable that stands for a variable: `shared(variable)`."""

    def __init__(self) -> None:
        self._table: WeakKeyDictionary[Variable, Any] = WeakKeyDictionary()
        self._making = Lock()

    def __call__(self, variable: Variable) -> Any:
        with self._making:
            found = self._table.get(variable)
            if found is None:
                found = self._table[variable] = new_shared(variable)
        return found


def new_shared(variable: Variable) -> Any:
    """A shared variable of the same kind, with the value 0, which takes no memory."""
    flags = [size == 1 for size in variable.shape]
    value = np.broadcast_to(np.zeros((), variable.dtype), variable.shape)
    return theano.shared(value, variable.name, borrow=True, broadcastable=flags)


def cell_of(shared: Any) -> list[Any]:
    """The list whose only entry is the value, to which functions refer."""
    return shared.container.storage


def value_of(shared: Any) -> np.ndarray:
    """The value itself, not a copy."""
    return cell_of(shared)[0]


def put(shared: Any, value: np.ndarray) -> None:
    """Replaces the value, which becomes the shared variable's own."""
    cell_of(shared)[0] = value
