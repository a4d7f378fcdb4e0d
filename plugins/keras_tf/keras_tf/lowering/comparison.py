"""Comparisons and logic."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from keras_tf.lowering.elementwise import plain
from keras_tf.tracing import Lowering

LOWERINGS: Mapping[str, Lowering] = {
    "equal": plain(tf.equal),
    "greater": plain(tf.greater),
    "greater_equal": plain(tf.greater_equal),
    "less": plain(tf.less),
    "less_equal": plain(tf.less_equal),
    "logical_and": plain(tf.logical_and),
    "logical_not": plain(tf.logical_not),
    "logical_or": plain(tf.logical_or),
    "not_equal": plain(tf.not_equal),
}
