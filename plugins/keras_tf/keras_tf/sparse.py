"""Gradients of look-ups in large tables, as the rows that were looked up alone.

Operations of TensorFlow each read and write whole arrays. So what makes zeros of zeros is computed
on the rows that may be other than zero, and added to those of a whole array.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import tensorflow as tf

from keras_core.graph import Node
from keras_core.plugins.authoring import keeps_zeros

# Elements from which on whole arrays are worth the trouble to avoid.
LARGE = 65536

_JOINS = {"add": tf.tensor_scatter_nd_add, "subtract": tf.tensor_scatter_nd_sub}


class Sparse(NamedTuple):
    """An array that is zero but for a few rows.

    Attributes:
        rows: their numbers, each once.
        values: what stands there, `(len(rows), ...)`.
        shape: of the array.
    """

    rows: tf.Tensor
    values: tf.Tensor
    shape: tuple[int, ...]

    @property
    def dense(self) -> tf.Tensor:
        return tf.scatter_nd(self.rows[:, None], self.values, self.shape)


def totals(node: Node, g: tf.Tensor, indices: tf.Tensor) -> Sparse | None:
    """What a `gather_grad` makes, if it is large and its rows lie along the first axis."""
    shape: Any = node.specs[0].shape
    if node.params["axis"] or None in shape or prod(shape) < LARGE:
        return None
    rows, places = tf.unique(tf.reshape(indices, [-1]))
    parts = tf.reshape(g, [-1, *shape[1:]])
    return Sparse(rows, tf.math.unsorted_segment_sum(parts, places, tf.size(rows)), shape)


def on_rows(node: Node, arguments: list[Any], lower: Any) -> Any:
    """The result of a node some of whose arguments are `Sparse`, without whole arrays of these.

    Args:
        node: the node.
        arguments: tensors of TensorFlow, and `Sparse`.
        lower: the lowering, a function of tensors.

    Returns:
        A `Sparse`, a tensor, or None where the node needs whole arrays.
    """
    sparse = [x for x in arguments if isinstance(x, Sparse)]
    if any(x.rows is not sparse[0].rows for x in sparse) or len(node.specs[0].shape) < 1:
        return None
    zeros = {x.key for x, value in zip(node.inputs, arguments) if isinstance(value, Sparse)}
    if sparse[0].shape == node.specs[0].shape and keeps_zeros(node, zeros):
        values = lower(*[_rows_of(x, sparse[0]) for x in arguments])
        return sparse[0]._replace(values=values)
    return _joined(node, arguments)


def _rows_of(x: Any, like: Sparse) -> tf.Tensor:
    if isinstance(x, Sparse):
        return x.values
    has_rows = x.shape.rank == len(like.shape) and x.shape[0] == like.shape[0]
    return tf.gather(x, like.rows) if has_rows else x


def _joined(node: Node, arguments: list[Any]) -> tf.Tensor | None:
    """A `Sparse` that is added to a whole array, or subtracted from it."""
    join = _JOINS.get(node.primitive.name)
    if join is None:
        return None
    whole, few = arguments
    if node.primitive.name == "add" and isinstance(whole, Sparse):
        whole, few = few, whole
    if isinstance(whole, Sparse) or tuple(whole.shape) != few.shape:
        return None
    return join(whole, few.rows[:, None], few.values)
