"""Choices, barriers to gradients, printing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from keras_core.graph import PRIMITIVES
from keras_tf.lowering.elementwise import plain
from keras_tf.tracing import Lowering, Site


def _lower_select(site: Site, condition: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    if x.shape.is_fully_defined() and x.shape == y.shape:
        return tf.where(condition, x, y)
    return tf.cond(condition, lambda: x, lambda: y)


def _lower_print(site: Site, x: tf.Tensor) -> tf.Tensor:
    """Prints from Python, so that the text is as on other backends and goes to `sys.stdout`."""
    show: Any = PRIMITIVES["print"].reference
    message = site.params["message"]
    printed = tf.py_function(lambda value: show(value.numpy(), message) is None, [x], tf.bool)
    with tf.control_dependencies([printed]):
        return tf.identity(x)


LOWERINGS: Mapping[str, Lowering] = {
    "identity": plain(tf.identity),
    "print": _lower_print,
    "select": _lower_select,
    "stop_gradient": plain(tf.stop_gradient),
    "where": plain(tf.where),
}
