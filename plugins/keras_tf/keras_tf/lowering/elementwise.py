"""Elementwise arithmetic and functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

import numpy as np
import tensorflow as tf

from keras_core.plugins.authoring import FLOATS
from keras_tf.tracing import Lowering, Site


def plain(function: Callable[..., tf.Tensor]) -> Lowering:
    """The lowering of a primitive that is one function of its tensors, without parameters."""
    return lambda site, *tensors: function(*tensors)


def _same_shape(site: Site) -> bool:
    first, second = site.inputs
    return first.shape == second.shape and None not in first.shape


def _lower_add(site: Site, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    # TensorFlow makes one kernel of a product, a bias and an activation, if it sees a bias.
    return tf.raw_ops.BiasAdd(value=x, bias=y) if _adds_bias(site) else tf.add(x, y)


def _adds_bias(site: Site) -> bool:
    x, bias = site.inputs
    fits = bias.ndim == 1 and 2 <= x.ndim <= 5 and x.shape[-1] == bias.shape[0] is not None
    return fits and x.dtype in FLOATS


def _lower_tanh_grad(site: Site, y: tf.Tensor, g: tf.Tensor) -> tf.Tensor:
    if _same_shape(site):
        return tf.raw_ops.TanhGrad(y=y, dy=g)
    return g * (tf.ones_like(y) - y * y)


def _lower_sigmoid_grad(site: Site, y: tf.Tensor, g: tf.Tensor) -> tf.Tensor:
    if _same_shape(site):
        return tf.raw_ops.SigmoidGrad(y=y, dy=g)
    return g * y * (tf.ones_like(y) - y)


def _lower_relu_grad(site: Site, y: tf.Tensor, g: tf.Tensor) -> tf.Tensor:
    if _same_shape(site):
        return tf.raw_ops.ReluGrad(gradients=g, features=y)
    return tf.where(y > 0, g, tf.zeros_like(g))


def _lower_clip(site: Site, x: tf.Tensor) -> tf.Tensor:
    """Each limit is one more way through memory, so that infinite ones are left out."""
    low, high = (_within(site.params[name], x.dtype) for name in ("low", "high"))
    below = x if high == np.inf else tf.minimum(x, high)
    return below if low == -np.inf else tf.maximum(below, low)


def _within(limit: float, dtype: tf.DType) -> Any:
    """A limit as a number of the dtype, the nearest one where it has none such."""
    if dtype.is_integer:
        limit = min(max(limit, dtype.min), dtype.max)
    return np.array(limit).astype(dtype.as_numpy_dtype)


def _lower_cast(site: Site, x: tf.Tensor) -> tf.Tensor:
    return tf.cast(x, site.params["dtype"])


LOWERINGS: Mapping[str, Lowering] = {
    "abs": plain(tf.abs),
    "add": _lower_add,
    "cast": _lower_cast,
    "ceil": plain(tf.math.ceil),
    "clip": _lower_clip,
    "cos": plain(tf.cos),
    "divide": plain(tf.realdiv),
    "exp": plain(tf.exp),
    "expm1": plain(tf.math.expm1),
    "floor": plain(tf.floor),
    "floor_divide": plain(tf.math.floordiv),
    "is_finite": plain(tf.math.is_finite),
    "is_nan": plain(tf.math.is_nan),
    "log": plain(tf.math.log),
    "log1p": plain(tf.math.log1p),
    "maximum": plain(tf.maximum),
    "minimum": plain(tf.minimum),
    "modulo": plain(tf.math.floormod),
    "multiply": plain(tf.multiply),
    "negative": plain(tf.negative),
    "power": plain(tf.pow),
    "reciprocal": plain(tf.math.reciprocal),
    "relu": plain(tf.nn.relu),
    "relu_grad": _lower_relu_grad,
    "round": plain(tf.round),
    "rsqrt": plain(tf.math.rsqrt),
    "sigmoid": plain(tf.sigmoid),
    "sigmoid_grad": _lower_sigmoid_grad,
    "sign": plain(tf.sign),
    "sin": plain(tf.sin),
    "softplus": plain(tf.nn.softplus),
    "sqrt": plain(tf.sqrt),
    "square": plain(tf.square),
    "subtract": plain(tf.subtract),
    "tanh": plain(tf.tanh),
    "tanh_grad": _lower_tanh_grad,
}
