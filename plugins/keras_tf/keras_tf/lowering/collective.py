"""Sums over all processes that work together, by a call of Python within the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_core.plugins.authoring import sums_over_ranks
from keras_tf.tracing import Lowering, Site


def _lower_all_reduce(site: Site, *tensors: tf.Tensor) -> list[tf.Tensor]:
    # It is no pure function, so that TensorFlow neither folds it nor makes one of two.
    with tf.device("cpu"):
        sums = tf.numpy_function(_sums, tensors, [x.dtype for x in tensors], stateful=True)
    return list(sums)


def _sums(*arrays: Any) -> list[np.ndarray]:
    return sums_over_ranks([np.asarray(array) for array in arrays])


LOWERINGS: Mapping[str, Lowering] = {"all_reduce": _lower_all_reduce}
