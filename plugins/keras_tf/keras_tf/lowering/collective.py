"""Sums over all processes that work together, by a call of Python within the graph.

Workers of a cluster of TensorFlow's have operations for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_core.plugins.authoring import current, sums_over_ranks
from keras_tf.group import Group
from keras_tf.tracing import Lowering, Site


def _lower_all_reduce(site: Site, *tensors: tf.Tensor) -> list[tf.Tensor]:
    world = current()
    if isinstance(world, Group):
        return world.added(tensors)
    # It is no pure function, so that TensorFlow neither folds it nor makes one of two.
    with tf.device("cpu"):
        sums = tf.numpy_function(_sums, tensors, [x.dtype for x in tensors], stateful=True)
    return list(sums)


def _sums(*arrays: Any) -> list[np.ndarray]:
    return sums_over_ranks([np.asarray(array) for array in arrays])


LOWERINGS: Mapping[str, Lowering] = {"all_reduce": _lower_all_reduce}
