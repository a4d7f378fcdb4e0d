"""Composites that engines have fused kernels for: softmax, cross-entropies, normalization."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from keras_core.graph import primitives as p
from keras_core.graph.primitive import Lifted, Node, Primitive
from keras_core.graph.primitives._lifting import (
    lift_alike,
    lift_axes,
    lift_axis,
    lift_elementwise,
)
from keras_core.graph.primitives._rules import (
    broadcast_size,
    broadcast_sizes,
    check_axes,
    float_only,
    quiet,
    same_dtype,
    unbroadcast,
)
from keras_core.graph.primitives.reduction import reduced_sizes, with_axes
from keras_core.graph.primitives.shape import agreed_sizes
from keras_core.graph.spec import Sizes, Spec, clash, shown
from keras_core.graph.tensor import Tensor

_FAMILY = "normalization"
Axes = tuple[int, ...]


def _along_axis(name: str) -> Any:
    def shape(x: Spec, axis: int) -> Spec:
        float_only(name, x)
        check_axes(name, (axis,), x.ndim)
        return Spec(x.sizes, x.dtype)

    return shape


# Softmax


def _shifted(x: Any, axis: int) -> Any:
    return x - x.max(axis=axis, keepdims=True, initial=-np.inf)


@quiet
def _softmax(x: Any, axis: int) -> Any:
    exponentials = np.exp(_shifted(x, axis))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def _softmax_parts(x: Tensor, axis: int) -> Tensor:
    highest = p.stop_gradient(p.reduce_max(x, axes=(axis,), keepdims=True))
    exponentials = p.exp(p.subtract(x, highest))
    return p.divide(exponentials, p.reduce_sum(exponentials, axes=(axis,), keepdims=True))


def _softmax_vjp(g: Tensor, y: Tensor, x: Tensor, axis: int) -> tuple[Tensor]:
    common = p.reduce_sum(p.multiply(g, y), axes=(axis,), keepdims=True)
    return (p.multiply(p.subtract(g, common), y),)


softmax = Primitive(
    "softmax",
    _along_axis("softmax"),
    _softmax,
    _softmax_vjp,
    _softmax_parts,
    lift=lift_axis,
    family=_FAMILY,
    doc="exp(x) / sum(exp(x)) along an axis, without overflow.",
    edges=("NaN where all along the axis are -inf.",),
)


@quiet
def _log_softmax(x: Any, axis: int) -> Any:
    shifted = _shifted(x, axis)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _log_softmax_parts(x: Tensor, axis: int) -> Tensor:
    return p.subtract(x, p.logsumexp(x, axes=(axis,), keepdims=True))


def _log_softmax_vjp(g: Tensor, y: Tensor, x: Tensor, axis: int) -> tuple[Tensor]:
    total = p.reduce_sum(g, axes=(axis,), keepdims=True)
    return (p.subtract(g, p.multiply(p.exp(y), total)),)


log_softmax = Primitive(
    "log_softmax",
    _along_axis("log_softmax"),
    _log_softmax,
    _log_softmax_vjp,
    _log_softmax_parts,
    lift=lift_axis,
    family=_FAMILY,
    doc="log(softmax(x)) along an axis, accurate where the softmax is tiny.",
    edges=("NaN where all along the axis are -inf.",),
)


# Cross-entropies of logits


def _cross_entropy_shape(name: str, labels: Spec, logits: Spec) -> Spec:
    """Known sizes must be equal; of unknown ones, one may be broadcast at run time."""
    float_only(name, labels, logits)
    agreed_sizes(name, (labels, logits))
    sizes = map(broadcast_size, labels.sizes, logits.sizes)
    return Spec(sizes, same_dtype(name, labels, logits))


def _softmax_cross_entropy_shape(labels: Spec, logits: Spec, axis: int) -> Spec:
    name = "softmax_cross_entropy"
    both = _cross_entropy_shape(name, labels, logits)
    check_axes(name, (axis,), both.ndim)
    return Spec(reduced_sizes(both.sizes, (axis,), False), both.dtype)


@quiet
def _softmax_cross_entropy(labels: Any, logits: Any, axis: int) -> Any:
    return -(labels * _log_softmax(logits, axis)).sum(axis=axis, dtype=logits.dtype)


def _softmax_cross_entropy_parts(labels: Tensor, logits: Tensor, axis: int) -> Tensor:
    weighted = p.multiply(labels, p.log_softmax(logits, axis=axis))
    return p.negative(p.reduce_sum(weighted, axes=(axis,), keepdims=False))


def _softmax_cross_entropy_vjp(
    g: Tensor, y: Tensor, labels: Tensor, logits: Tensor, axis: int
) -> Sequence[Tensor | None]:
    """TensorFlow's rule, which Keras 2 has: exact for labels that sum to 1 along the axis."""
    kept = p.expand_dims(g, axis)
    wanted = p.subtract(p.softmax(logits, axis=axis), labels)
    g_labels = p.negative(p.multiply(kept, p.log_softmax(logits, axis=axis)))
    return unbroadcast(g_labels, labels), unbroadcast(p.multiply(kept, wanted), logits)


softmax_cross_entropy = Primitive(
    "softmax_cross_entropy",
    _softmax_cross_entropy_shape,
    _softmax_cross_entropy,
    _softmax_cross_entropy_vjp,
    _softmax_cross_entropy_parts,
    lift=lift_axis,
    family=_FAMILY,
    doc="-sum(labels * log(softmax(logits))) along an axis, which is dropped.",
    edges=("The gradient by the logits is exact for labels that sum to 1.",),
)


@quiet
def _sigmoid_cross_entropy(labels: Any, logits: Any) -> Any:
    high = np.maximum(logits, np.zeros_like(logits))
    return high - logits * labels + np.log1p(np.exp(-np.abs(logits)))


def _sigmoid_cross_entropy_parts(labels: Tensor, logits: Tensor) -> Tensor:
    linear = p.subtract(p.relu(logits), p.multiply(logits, labels))
    return p.add(linear, p.softplus(p.negative(p.abs(logits))))


def _sigmoid_cross_entropy_vjp(
    g: Tensor, y: Tensor, labels: Tensor, logits: Tensor
) -> Sequence[Tensor | None]:
    error = p.subtract(p.sigmoid(logits), labels)
    g_labels = p.negative(p.multiply(g, logits))
    return unbroadcast(g_labels, labels), unbroadcast(p.multiply(g, error), logits)


sigmoid_cross_entropy = Primitive(
    "sigmoid_cross_entropy",
    partial(_cross_entropy_shape, "sigmoid_cross_entropy"),
    _sigmoid_cross_entropy,
    _sigmoid_cross_entropy_vjp,
    _sigmoid_cross_entropy_parts,
    lift=lift_alike,
    family=_FAMILY,
    doc="-labels * log(sigmoid(logits)) - (1 - labels) * log(1 - sigmoid(logits)).",
    edges=("Overflows nowhere, however large the logits are.",),
)


# Batch normalization


def _batch_normalization_shape(
    x: Spec, mean: Spec, var: Spec, gamma: Spec, beta: Spec, epsilon: float
) -> Spec:
    name = "batch_normalization"
    inputs = (x, mean, var, gamma, beta)
    float_only(name, *inputs)
    if len(broadcast_sizes(name, *(t.sizes for t in inputs))) != x.ndim:
        raise ValueError(f"{name}: statistics and weights must broadcast to {x.shape}.")
    return Spec(x.sizes, same_dtype(name, *inputs))


def _lift_batch_normalization(node: Node, inputs: Sequence[Lifted]) -> Tensor | None:
    return lift_elementwise(node, inputs) if inputs[0][1] else None


@quiet
def _batch_normalization(x: Any, mean: Any, var: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    return gamma * (x - mean) / np.sqrt(var + x.dtype.type(epsilon)) + beta


def _batch_normalization_parts(
    x: Tensor, mean: Tensor, var: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
) -> Tensor:
    """The statistics and weights, which are small, are joined before they meet x."""
    factor = p.multiply(p.rsqrt(p.add(var, p.scalar(epsilon, x.dtype))), gamma)
    return p.add(p.multiply(x, factor), p.subtract(beta, p.multiply(mean, factor)))


batch_normalization = Primitive(
    "batch_normalization",
    _batch_normalization_shape,
    _batch_normalization,
    decomposition=_batch_normalization_parts,
    lift=_lift_batch_normalization,
    family=_FAMILY,
    doc="gamma * (x - mean) / sqrt(var + epsilon) + beta; all broadcast to x.",
)


def _statistics_sizes(name: str, x: Spec, weights: Sequence[Spec], axes: Axes) -> Sizes:
    """The sizes of the statistics of x over the axes; the weights must have them too."""
    check_axes(name, axes, x.ndim)
    sizes = reduced_sizes(x.sizes, axes, False)
    for weight in weights:
        if weight.ndim != len(sizes) or any(map(clash, weight.sizes, sizes)):
            raise ValueError(
                f"{name}: over axes {axes} of shape {x.shape}, weights have the shape "
                f"{shown(sizes)} of the other axes, not {weight.shape}; reshape them."
            )
    return sizes


def _moments_shape(x: Spec, axes: Axes) -> tuple[Spec, Spec]:
    float_only("moments", x)
    found = Spec(_statistics_sizes("moments", x, (), axes), x.dtype)
    return found, found


@quiet
def _moments(x: Any, axes: Axes) -> Any:
    count = _count(x, axes)
    mean = x.sum(axis=axes, keepdims=True) / count
    var = np.square(x - mean).sum(axis=axes) / count
    return mean.reshape(var.shape), var


def _count(x: Any, axes: Axes) -> Any:
    return np.prod([x.shape[i] for i in axes], dtype=np.int64).astype(x.dtype)


def _moments_parts(x: Tensor, axes: Axes) -> tuple[Tensor, Tensor]:
    mean = p.reduce_mean(x, axes=axes, keepdims=True)
    var = p.reduce_mean(p.square(p.subtract(x, mean)), axes=axes, keepdims=False)
    return p.reshape_like(mean, var), var


moments = Primitive(
    "moments",
    _moments_shape,
    _moments,
    decomposition=_moments_parts,
    several=True,
    family=_FAMILY,
    doc="The mean and the (biased) variance over axes, which are dropped.",
    edges=("NaN over no elements.",),
)


def _centred_sums_shape(g: Spec, x: Spec, mean: Spec, axes: Axes) -> tuple[Spec, Spec]:
    name = "centred_sums"
    float_only(name, g, x, mean)
    dtype = same_dtype(name, g, x, mean)
    found = Spec(_statistics_sizes(name, x, (mean,), axes), dtype)
    agreed_sizes(name, (x, g))
    return found, found


@quiet
def _centred_sums(g: Any, x: Any, mean: Any, axes: Axes) -> Any:
    centred = x - np.expand_dims(mean, axes)
    return g.sum(axis=axes, dtype=x.dtype), (g * centred).sum(axis=axes, dtype=x.dtype)


def _centred_sums_parts(g: Tensor, x: Tensor, mean: Tensor, axes: Axes) -> tuple[Tensor, Tensor]:
    centred = p.subtract(x, with_axes(mean, x, axes, False))
    return (
        p.reduce_sum(g, axes=axes, keepdims=False),
        p.reduce_sum(p.multiply(g, centred), axes=axes, keepdims=False),
    )


centred_sums = Primitive(
    "centred_sums",
    _centred_sums_shape,
    _centred_sums,
    decomposition=_centred_sums_parts,
    several=True,
    family=_FAMILY,
    doc="The sums of g and of g * (x - mean) over axes, which are dropped.",
)


def _batch_norm_train_shape(
    x: Spec, gamma: Spec, beta: Spec, axes: Axes, epsilon: float
) -> tuple[Spec, Spec, Spec]:
    name = "batch_norm_train"
    float_only(name, x)
    dtype = same_dtype(name, x, gamma, beta)
    statistics = Spec(_statistics_sizes(name, x, (gamma, beta), axes), dtype)
    return Spec(x.sizes, dtype), statistics, statistics


@quiet
def _batch_norm_train(x: Any, gamma: Any, beta: Any, axes: Axes, epsilon: float) -> Any:
    mean, var = _moments(x, axes)
    spread = (np.expand_dims(part, axes) for part in (mean, var, gamma, beta))
    return _batch_normalization(x, *spread, epsilon=epsilon), mean, var


def _batch_norm_train_parts(
    x: Tensor, gamma: Tensor, beta: Tensor, axes: Axes, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    mean, var = p.moments(x, axes=axes)
    spread = (with_axes(part, x, axes, False) for part in (mean, var, gamma, beta))
    y = p.batch_normalization(x, *spread, epsilon=epsilon)
    return y, mean, var


def _batch_norm_train_vjp(
    gs: tuple[Tensor | None, ...],
    ys: tuple[Tensor, ...],
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    axes: Axes,
    epsilon: float,
) -> Sequence[Tensor | None]:
    g, g_mean, g_var = gs
    _, mean, var = ys
    gx, g_gamma, g_beta = (None, None, None)
    if g is not None:
        gx, g_gamma, g_beta = p.batch_norm_grad(g, x, gamma, mean, var, axes=axes, epsilon=epsilon)
    for extra in _by_statistics(g_mean, g_var, x, mean, axes):
        gx = extra if gx is None else p.add(gx, extra)
    return gx, g_gamma, g_beta


def _by_statistics(
    g_mean: Tensor | None, g_var: Tensor | None, x: Tensor, mean: Tensor, axes: Axes
) -> Iterator[Tensor]:
    """Cotangents of x that the mean and the variance send back where somebody uses them."""
    if g_mean is not None:
        share = p.divide(g_mean, p.count_along(x, axes))
        yield p.broadcast_like(with_axes(share, x, axes, False), x)
    if g_var is not None:
        share = p.divide(p.multiply(g_var, p.scalar(2, x.dtype)), p.count_along(x, axes))
        centred = p.subtract(x, with_axes(mean, x, axes, False))
        yield p.multiply(centred, with_axes(share, x, axes, False))


batch_norm_train = Primitive(
    "batch_norm_train",
    _batch_norm_train_shape,
    _batch_norm_train,
    _batch_norm_train_vjp,
    _batch_norm_train_parts,
    several=True,
    family=_FAMILY,
    doc="batch_normalization by x's own mean and (biased) variance over axes, and these two.",
    edges=(
        "Results: y, the mean, the variance.",
        "mean and variance are NaN over no elements.",
    ),
)


def _batch_norm_grad_shape(
    g: Spec, x: Spec, gamma: Spec, mean: Spec, var: Spec, axes: Axes, epsilon: float
) -> tuple[Spec, Spec, Spec]:
    name = "batch_norm_grad"
    dtype = same_dtype(name, g, x, gamma, mean, var)
    statistics = Spec(_statistics_sizes(name, x, (gamma, mean, var), axes), dtype)
    return Spec(agreed_sizes(name, (x, g)), dtype), statistics, statistics


@quiet
def _batch_norm_grad(
    g: Any, x: Any, gamma: Any, mean: Any, var: Any, axes: Axes, epsilon: float
) -> Any:
    kept = np.sum(x, axis=axes, keepdims=True).shape
    count = _count(x, axes)
    deviation = np.sqrt(var + x.dtype.type(epsilon)).reshape(kept)
    normal = (x - mean.reshape(kept)) / deviation
    g_beta = g.sum(axis=axes, dtype=x.dtype)
    g_gamma = (g * normal).sum(axis=axes, dtype=x.dtype)
    common = (g_beta.reshape(kept) + normal * g_gamma.reshape(kept)) / count
    return gamma.reshape(kept) / deviation * (g - common), g_gamma, g_beta


def _batch_norm_grad_parts(
    g: Tensor, x: Tensor, gamma: Tensor, mean: Tensor, var: Tensor, axes: Axes, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    """What has one number a channel is joined before it meets x and g."""
    inverse = p.rsqrt(p.add(var, p.scalar(epsilon, x.dtype)))
    g_beta, g_centred = p.centred_sums(g, x, mean, axes=axes)
    g_gamma = p.multiply(g_centred, inverse)
    count = p.count_along(x, axes)
    spread = partial(with_axes, x=x, axes=axes, keepdims=False)
    by_mean = p.subtract(g, spread(p.divide(g_beta, count)))
    slope = p.divide(p.multiply(g_gamma, inverse), count)
    by_var = p.multiply(p.subtract(x, spread(mean)), spread(slope))
    gx = p.multiply(spread(p.multiply(gamma, inverse)), p.subtract(by_mean, by_var))
    return gx, g_gamma, g_beta


batch_norm_grad = Primitive(
    "batch_norm_grad",
    _batch_norm_grad_shape,
    _batch_norm_grad,
    decomposition=_batch_norm_grad_parts,
    several=True,
    family=_FAMILY,
    doc="The gradients of batch_norm_train's y by x, gamma and beta.",
    edges=("Results: the gradients by x, gamma and beta, in this order.",),
)


# Unit length


def _l2_normalize_shape(x: Spec, axes: Axes, epsilon: float = 1e-12) -> Spec:
    float_only("l2_normalize", x)
    check_axes("l2_normalize", axes, x.ndim)
    return Spec(x.sizes, x.dtype)


@quiet
def _l2_normalize(x: Any, axes: Axes, epsilon: float = 1e-12) -> Any:
    squares = np.square(x).sum(axis=axes, keepdims=True, dtype=x.dtype)
    return x / np.sqrt(np.maximum(squares, x.dtype.type(epsilon)))


def _l2_normalize_parts(x: Tensor, axes: Axes, epsilon: float = 1e-12) -> Tensor:
    squares = p.reduce_sum(p.square(x), axes=axes, keepdims=True)
    return p.multiply(x, p.rsqrt(p.maximum(squares, p.scalar(epsilon, x.dtype))))


l2_normalize = Primitive(
    "l2_normalize",
    _l2_normalize_shape,
    _l2_normalize,
    decomposition=_l2_normalize_parts,
    lift=lift_axes,
    family=_FAMILY,
    doc="x / sqrt(max(sum(x ** 2), epsilon)) over axes.",
    edges=("All zeros stay zeros.",),
)
