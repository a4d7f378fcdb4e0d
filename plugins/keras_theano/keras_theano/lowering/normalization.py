"""Composites that Theano has an operation for; the others are expanded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import theano.tensor as T

from keras_core.graph import Node
from keras_theano.lowering._common import product, scalar
from keras_theano.ops import cut


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


def _batch_normalization(node: Node, x: Any, mean: Any, var: Any, gamma: Any, beta: Any) -> Any:
    return (x - mean) * _scale(node, gamma, var) + beta


def _batch_norm_grad(node: Node, g: Any, x: Any, gamma: Any, mean: Any, var: Any) -> Any:
    axes = node.params["axes"]
    inverse = cut(1 / T.sqrt(var + scalar(node.params["epsilon"], x.dtype)))
    count = T.cast(product([x.shape[i] for i in axes]), x.dtype)
    centred = x - _spread(mean, x, axes)
    g_beta, g_gamma = T.sum(g, axes), T.sum(g * centred, axes) * inverse
    by_mean, slope = cut(g_beta / count), cut(g_gamma * inverse / count)
    common = _spread(by_mean, x, axes) + centred * _spread(slope, x, axes)
    return [_spread(cut(gamma * inverse), x, axes) * (g - common), g_gamma, g_beta]


def _scale(node: Node, gamma: Any, var: Any) -> Any:
    """One number a channel, which Theano would else take apart and compute for each element."""
    return cut(gamma / T.sqrt(var + scalar(node.params["epsilon"], var.dtype)))


def _spread(statistic: Any, x: Any, axes: Sequence[int]) -> Any:
    """A statistic with the axes back over which it was taken, of size 1."""
    others = iter(range(statistic.ndim))
    return statistic.dimshuffle(*("x" if i in axes else next(others) for i in range(x.ndim)))


LOWERINGS: Mapping[str, Any] = {
    "batch_norm_grad": _batch_norm_grad,
    "batch_normalization": _batch_normalization,
    "log_softmax": _log_softmax,
    "softmax": _softmax,
}
