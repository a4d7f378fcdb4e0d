"""Sizes, and rearrangements that keep the values of elements."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from keras_tf.lowering._sizes import as_vector, filled, reshape
from keras_tf.tracing import Lowering, Site


def _lower_reshape(site: Site, x: tf.Tensor, *dims: tf.Tensor) -> tf.Tensor:
    asked = filled(site.params["shape"], dims)
    return reshape(x, [a if size is None else size for size, a in zip(site.spec.shape, asked)])


def _lower_broadcast_to(site: Site, x: tf.Tensor, *dims: tf.Tensor) -> tf.Tensor:
    return tf.broadcast_to(x, as_vector(filled(site.params["shape"], dims)))


def _lower_pad(site: Site, x: tf.Tensor) -> tf.Tensor:
    value = np.array(site.params["value"]).astype(x.dtype.as_numpy_dtype)
    widths = np.array(site.params["widths"], "int32").reshape(-1, 2)
    return tf.pad(x, widths, constant_values=value)


LOWERINGS: Mapping[str, Lowering] = {
    "broadcast_to": _lower_broadcast_to,
    "concat": lambda site, *xs: tf.concat(xs, site.params["axis"]),
    "dim": lambda site, x: tf.shape(x)[site.params["axis"]],
    "ensure_shape": lambda site, x: tf.ensure_shape(x, site.params["shape"]),
    "pad": _lower_pad,
    "repeat": lambda site, x: tf.repeat(x, site.params["repeats"], site.params["axis"]),
    "reshape": _lower_reshape,
    "reverse": lambda site, x: tf.reverse(x, site.params["axes"]),
    "shape_of": lambda site, x: tf.shape(x),
    "stack": lambda site, *xs: tf.stack(xs, site.params["axis"]),
    "tile": lambda site, x: tf.tile(x, site.params["reps"]),
    "transpose": lambda site, x: tf.transpose(x, site.params["perm"]),
}
