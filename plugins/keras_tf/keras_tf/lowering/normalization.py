"""Softmax, cross-entropies of logits, batch normalization; other composites are expanded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import tensorflow as tf

from keras_core.graph import Node, Spec
from keras_core.plugins.authoring import only_where
from keras_tf.tracing import Lowering, Site


def _lower_softmax_cross_entropy(site: Site, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    if _are_rows(site):
        return tf.raw_ops.SoftmaxCrossEntropyWithLogits(features=logits, labels=labels).loss
    return tf.nn.softmax_cross_entropy_with_logits(labels, logits, axis=site.params["axis"])


def _are_rows(site: Site) -> bool:
    """Whether labels and logits are what the operation takes; others are brought into that form."""
    is_last = site.params["axis"] == 1 and site.inputs[0].shape == site.inputs[1].shape
    return is_last and site.inputs[1].ndim == 2


def _lower_sigmoid_cross_entropy(site: Site, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)


# Batch normalization: one operation each where channels are last, as FusedBatchNorm wants them.

# What it takes on every device.
_LEAST_EPSILON = 1e-5


def _is_fusable(node: Node, x: Spec) -> bool:
    known = x.dtype == "float32" and x.ndim > 1 and 0 not in x.shape
    return bool(known and node.params["epsilon"] >= _LEAST_EPSILON)


def _takes_averages(node: Node) -> bool:
    x, *weights = (tensor.spec for tensor in node.inputs)
    channels = x.shape[-1]
    is_one_each = all(w.shape[-1:] == (channels,) and _is_flat(w) for w in weights)
    return channels is not None and is_one_each and _is_fusable(node, x)


def _is_flat(weight: Spec) -> bool:
    return all(size == 1 for size in weight.shape[:-1])


def _takes_batches(node: Node) -> bool:
    """On a GPU the operation keeps other statistics than these, which has not been tried."""
    x = node.inputs[-3 if node.primitive.name == "batch_norm_train" else 1].spec
    is_last = node.params["axes"] == tuple(range(x.ndim - 1))
    return is_last and _is_fusable(node, x) and not _has_gpu()


@cache
def _has_gpu() -> bool:
    return bool(tf.config.list_physical_devices("GPU"))


def _as_image(x: tf.Tensor) -> tf.Tensor:
    """A tensor (..., channels) with four axes."""
    return x if x.shape.rank == 4 else tf.reshape(x, [-1, 1, 1, x.shape[-1]])


def _as_before(y: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    return y if x.shape.rank == 4 else tf.reshape(y, tf.shape(x))


def _fused(
    site: Site, x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, averages: Sequence[tf.Tensor] = ()
) -> Any:
    """The operation, by averages or, where there are none, by the batch's own statistics."""
    mean, var = averages or [tf.constant([], x.dtype)] * 2
    return tf.raw_ops.FusedBatchNormV3(
        x=_as_image(x),
        scale=gamma,
        offset=beta,
        mean=mean,
        variance=var,
        epsilon=site.params["epsilon"],
        is_training=not averages,
    )


@only_where(_takes_averages)
def _lower_batch_normalization(
    site: Site, x: tf.Tensor, mean: tf.Tensor, var: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor
) -> tf.Tensor:
    mean, var, gamma, beta = (
        w if w.shape.rank == 1 else tf.reshape(w, [-1]) for w in (mean, var, gamma, beta)
    )
    return _as_before(_fused(site, x, gamma, beta, (mean, var)).y, x)


@only_where(_takes_batches)
def _lower_batch_norm_train(
    site: Site, x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    found = _fused(site, x, gamma, beta)
    # The operation's own variance is the unbiased one.
    biased = found.batch_variance * _share_of_unbiased(x)
    return _as_before(found.y, x), found.batch_mean, biased


def _share_of_unbiased(x: tf.Tensor) -> Any:
    """How much of an unbiased variance the other one is; a number where all sizes are known."""
    if x.shape.is_fully_defined():
        count = x.shape.num_elements() // x.shape[-1]
        return max(count - 1, 1) / count
    count = tf.cast(tf.size(x) // x.shape[-1], x.dtype)
    return tf.maximum(count - 1, 1) / count


@only_where(_takes_batches)
def _lower_batch_norm_grad(
    site: Site, g: tf.Tensor, x: tf.Tensor, gamma: tf.Tensor, mean: tf.Tensor, var: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    found = tf.raw_ops.FusedBatchNormGradV3(
        y_backprop=_as_image(g),
        x=_as_image(x),
        scale=gamma,
        reserve_space_1=mean,
        reserve_space_2=var,
        reserve_space_3=tf.constant([], x.dtype),
        epsilon=site.params["epsilon"],
        is_training=True,
    )
    return _as_before(found.x_backprop, x), found.scale_backprop, found.offset_backprop


LOWERINGS: Mapping[str, Lowering] = {
    "batch_norm_grad": _lower_batch_norm_grad,
    "batch_norm_train": _lower_batch_norm_train,
    "batch_normalization": _lower_batch_normalization,
    "log_softmax": lambda site, x: tf.nn.log_softmax(x, axis=site.params["axis"]),
    "sigmoid_cross_entropy": _lower_sigmoid_cross_entropy,
    "softmax": lambda site, x: tf.nn.softmax(x, axis=site.params["axis"]),
    "softmax_cross_entropy": _lower_softmax_cross_entropy,
}
