"""Products of matrices and tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jax import lax

from keras_jax.lowering._common import of_arrays, precision
from keras_jax.tracing import Lowering


def _dot(a: Any, b: Any, contract: Any, batch: Any) -> Any:
    return lax.dot_general(
        a, b, (contract, batch), precision=precision(), preferred_element_type=a.dtype
    )


LOWERINGS: Mapping[str, Lowering] = {"dot": of_arrays(_dot)}
