"""Two ways to compute tensors: with the references, and with the backend in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from keras_core.graph import Function, Placeholder, Tensor, evaluate

Runner = Callable[[Sequence[Placeholder], Sequence[Tensor], Sequence[Any]], "list[np.ndarray]"]


def by_reference(
    inputs: Sequence[Placeholder], outputs: Sequence[Tensor], arrays: Sequence[Any]
) -> list[np.ndarray]:
    """Node by node, with the primitives' NumPy references."""
    return evaluate(outputs, dict(zip(inputs, arrays)))


def by_backend(
    inputs: Sequence[Placeholder], outputs: Sequence[Tensor], arrays: Sequence[Any]
) -> list[np.ndarray]:
    """As a program compiled by the backend in use."""
    return Function(inputs, outputs)(arrays)
