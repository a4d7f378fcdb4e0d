"""Composites that Theano has an operation for; the others are expanded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import theano.tensor as T

from keras_core.graph import Node


def _softmax(node: Node, x: Any) -> Any:
    axis = node.params["axis"]
    if _is_matrix_of_rows(x, axis):
        return T.nnet.softmax(x)
    exponentials = T.exp(x - T.max(x, axis, keepdims=True))
    return exponentials / T.sum(exponentials, axis, keepdims=True)


def _log_softmax(node: Node, x: Any) -> Any:
    axis = node.params["axis"]
    if _is_matrix_of_rows(x, axis):
        return T.nnet.logsoftmax(x)
    shifted = x - T.max(x, axis, keepdims=True)
    return shifted - T.log(T.sum(T.exp(shifted), axis, keepdims=True))


def _is_matrix_of_rows(x: Any, axis: int) -> bool:
    return x.ndim == 2 and axis == 1 and x.dtype in ("float32", "float64")


LOWERINGS: Mapping[str, Any] = {"log_softmax": _log_softmax, "softmax": _softmax}
