"""Softmax and the cross-entropies of logits; other composites are expanded."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from keras_tf.tracing import Lowering, Site


def _lower_softmax_cross_entropy(site: Site, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.nn.softmax_cross_entropy_with_logits(labels, logits, axis=site.params["axis"])


def _lower_sigmoid_cross_entropy(site: Site, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)


LOWERINGS: Mapping[str, Lowering] = {
    "log_softmax": lambda site, x: tf.nn.log_softmax(x, axis=site.params["axis"]),
    "sigmoid_cross_entropy": _lower_sigmoid_cross_entropy,
    "softmax": lambda site, x: tf.nn.softmax(x, axis=site.params["axis"]),
    "softmax_cross_entropy": _lower_softmax_cross_entropy,
}
