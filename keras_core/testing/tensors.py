"""Arrays of the engine's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_core.graph import Program, Variable
from keras_core.plugins import current_backend
from keras_core.testing.offers import NotOffered, offered


def tensor(value: np.ndarray) -> Any:
    """A tensor of the engine's own; storage, where the engine runs no programs in its own code."""
    try:
        inline = offered("inline")
    except NotOffered:
        return current_backend().to_storage(value)
    return inline(Program((), (Variable(value, value.dtype.name),)), 0)([])[0]
