"""Shapes and dtypes, in TensorFlow's terms and in those of the graph."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_core.graph import Spec
from keras_core.plugins.authoring import checked_dtype


def spec_of(x: Any) -> Spec:
    """Static shape and dtype of a tensor, a variable or a TensorSpec of TensorFlow.

    Raises:
        ValueError: its rank is not known.
        TypeError: its dtype is none that the graph has.
    """
    if x.shape.rank is None:
        raise ValueError(
            "a tensor has an unknown rank; say what it is by tf.ensure_shape(x, [None, 3])."
        )
    return Spec(tuple(x.shape), checked_dtype(x.dtype.name))


def tensor_spec(spec: Spec, name: str | None = None) -> tf.TensorSpec:
    """The same in TensorFlow's terms."""
    return tf.TensorSpec(spec.shape, spec.dtype, name)
