"""Sums over all processes that work together, by a call of Python in the midst of a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.experimental import io_callback

from keras_core.graph import Node
from keras_core.plugins.authoring import sums_over_ranks
from keras_jax.draws import State
from keras_jax.tracing import Lowering, Run


def _lower_all_reduce(node: Node) -> Run:
    dtypes = [spec.dtype for spec in node.specs]

    def run(arrays: Sequence[Any], state: State) -> list[Any]:
        kinds = [jax.ShapeDtypeStruct(x.shape, dtype) for x, dtype in zip(arrays, dtypes)]
        return list(io_callback(_sums, kinds, *arrays, ordered=True))

    return run


def _sums(*arrays: Any) -> list[np.ndarray]:
    return sums_over_ranks([np.asarray(array) for array in arrays])


LOWERINGS: Mapping[str, Lowering] = {"all_reduce": _lower_all_reduce}
