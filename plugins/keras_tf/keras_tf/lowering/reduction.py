"""Reductions, running sums and products, order statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Callable

import tensorflow as tf

from keras_tf.tracing import Lowering, Site


def _reduce(function: Callable[..., tf.Tensor]) -> Lowering:
    def lower(site: Site, x: tf.Tensor) -> tf.Tensor:
        return function(x, axis=list(site.params["axes"]), keepdims=site.params["keepdims"])

    return lower


def _position(function: Callable[..., tf.Tensor]) -> Lowering:
    return lambda site, x: function(x, axis=site.params["axis"], output_type=tf.int64)


def _running(function: Callable[..., tf.Tensor]) -> Lowering:
    return lambda site, x: function(x, **site.params)


def _lower_sum_like(site: Site, g: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(x)
    stretched, _ = tf.raw_ops.BroadcastGradientArgs(s0=shape, s1=tf.shape(g))
    return tf.reshape(tf.reduce_sum(g, stretched), shape)


def _lower_top_k(site: Site, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    values, indices = tf.math.top_k(x, site.params["k"])
    return values, indices


LOWERINGS: Mapping[str, Lowering] = {
    "argmax": _position(tf.argmax),
    "argmin": _position(tf.argmin),
    "cumprod": _running(tf.math.cumprod),
    "cumsum": _running(tf.math.cumsum),
    "logsumexp": _reduce(tf.reduce_logsumexp),
    "reduce_all": _reduce(tf.reduce_all),
    "reduce_any": _reduce(tf.reduce_any),
    "reduce_max": _reduce(tf.reduce_max),
    "reduce_mean": _reduce(tf.reduce_mean),
    "reduce_min": _reduce(tf.reduce_min),
    "reduce_prod": _reduce(tf.reduce_prod),
    "reduce_sum": _reduce(tf.reduce_sum),
    "sum_like": _lower_sum_like,
    "top_k": _lower_top_k,
}
