"""Batch normalization.

Paper: Ioffe and Szegedy, Batch normalization: accelerating deep network training by reducing
internal covariate shift (2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_core.backend import convert
from keras_core.backend.convert import cast_to, tensor
from keras_core.graph import primitives as p
from keras_core.graph.tensor import Tensor


def normalize_batch_in_training(
    x: Any, gamma: Any, beta: Any, reduction_axes: Sequence[int], epsilon: float = 1e-3
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalizes with the batch's own mean and variance.

    Args:
        x: float tensor of any shape.
        gamma: scale, of the shape of `x` without the reduced axes; None for 1.
        beta: shift, likewise; None for 0.
        reduction_axes: the axes that mean and variance are taken over.
        epsilon: small number added to the variance.

    Returns:
        The normalized tensor, the mean and the variance, both without the reduced axes. The latter
        is divided by the count; for images with the channels last by the count less one, as
        TensorFlow's fused kernel gives it to Keras 2.

    Example:
        >>> x = K.constant([[1.0, 10.0], [3.0, 30.0]])
        >>> y, mean, variance = K.normalize_batch_in_training(x, None, None, reduction_axes=[0])
        >>> K.eval(mean).tolist(), K.eval(variance).tolist()
        ([2.0, 20.0], [1.0, 100.0])
        >>> print(K.eval(y).round(2)[:, 0])
        [-1.  1.]
    """
    x = tensor(x)
    axes = convert.axes("K.normalize_batch_in_training", x, reduction_axes)
    kept = tuple(size for axis, size in enumerate(x.shape) if axis not in axes)
    scale = p.ones(kept, x.dtype) if gamma is None else tensor(gamma)
    shift = p.zeros(kept, x.dtype) if beta is None else tensor(beta)
    y, mean, var = p.batch_norm_train(x, scale, shift, axes=axes, epsilon=float(epsilon))
    if _has_fused_kernel(x, axes):
        return y, p.stop_gradient(mean), p.stop_gradient(_unbiased(var, x, axes))
    return y, mean, var


def _unbiased(var: Tensor, x: Tensor, axes: tuple[int, ...]) -> Tensor:
    count = cast_to(p.as_size(p.product_of_sizes([p.size_of(x, axis) for axis in axes])), var.dtype)
    one = p.scalar(1, var.dtype)
    return p.multiply(var, p.divide(count, p.maximum(p.subtract(count, one), one)))


def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Tensor:
    """Normalizes with a given mean and variance: `(x - mean) / sqrt(var + epsilon) * gamma + beta`.

    Args:
        x: float tensor of any shape.
        mean: tensor of one axis, that of the channels, or of a shape that broadcasts to `x`.
        var: variance, likewise.
        beta: shift, likewise; None for 0.
        gamma: scale, likewise; None for 1.
        axis: that of the channels.
        epsilon: small number added to the variance.

    Example:
        >>> x = K.constant([[1.0], [3.0]])
        >>> y = K.batch_normalization(x, mean=[2.0], var=[1.0], beta=[5.0], gamma=[10.0], epsilon=0)
        >>> K.eval(y).tolist()
        [[-5.0], [15.0]]
    """
    x = tensor(x)
    channels = convert.one_axis("K.batch_normalization", x, axis)
    scale, shift = (1 if gamma is None else gamma), (0 if beta is None else beta)
    parts = [_along(x, channels, part) for part in (mean, var, scale, shift)]
    if _has_fused_kernel(x, tuple(axis for axis in range(x.ndim) if axis != channels)):
        parts[:2] = map(p.stop_gradient, parts[:2])
    return p.batch_normalization(x, *parts, epsilon=float(epsilon))


def _has_fused_kernel(x: Tensor, axes: tuple[int, ...]) -> bool:
    """Images with the channels last: TensorFlow's kernel for them derives by no statistics."""
    return x.ndim == 4 and axes == (0, 1, 2)


def _along(x: Tensor, channels: int, part: Any) -> Tensor:
    """A parameter in a shape that broadcasts to `x`."""
    part = cast_to(tensor(part), x.dtype)
    if part.ndim != 1 or channels == x.ndim - 1:
        return part
    return p.reshape_to_sizes(part, [p.size_of(part, 0), *[1] * (x.ndim - channels - 1)])
