"""Parts of tensors by position, and the places they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from keras_tf.lowering._sizes import as_vector, filled, product, reshape, sizes_of
from keras_tf.tracing import Lowering, Site

_INDICES = ("int32", "int64")


def _lower_slice(site: Site, x: tf.Tensor) -> tf.Tensor:
    index = tuple(slice(*part) for part in site.params["index"])
    return x[index] if index else tf.identity(x)


def _lower_unslice(site: Site, g: tf.Tensor, *dims: tf.Tensor) -> tf.Tensor:
    shape = as_vector(filled(site.params["shape"], dims))
    if not site.params["index"]:
        return tf.identity(g)
    bounds = _bounds(site.params["index"])
    return tf.raw_ops.StridedSliceGrad(shape=tf.convert_to_tensor(shape, tf.int32), dy=g, **bounds)


def _bounds(index: Sequence[Any]) -> dict[str, Any]:
    """Starts, stops and steps as a strided slice takes them: bits mark those that are left out."""
    begin, end, strides = zip(*index)
    return {
        "begin": tf.constant([start or 0 for start in begin], tf.int32),
        "end": tf.constant([stop or 0 for stop in end], tf.int32),
        "strides": tf.constant(strides, tf.int32),
        "begin_mask": sum(1 << i for i, start in enumerate(begin) if start is None),
        "end_mask": sum(1 << i for i, stop in enumerate(end) if stop is None),
    }


def _lower_dynamic_slice(site: Site, x: tf.Tensor, *starts: tf.Tensor) -> tf.Tensor:
    return tf.slice(x, as_vector(starts), list(site.params["sizes"]))


def _lower_dynamic_unslice(site: Site, g: tf.Tensor, *starts: tf.Tensor) -> tf.Tensor:
    rank = g.shape.rank
    if not rank:
        return tf.identity(g)
    before, parts = tf.stack(starts[:rank]), tf.shape(g)
    whole = tf.convert_to_tensor(as_vector(filled(site.params["shape"], starts[rank:])), tf.int32)
    return tf.pad(g, tf.stack([before, whole - before - parts], axis=1))


def _as_index(indices: tf.Tensor) -> tf.Tensor:
    return indices if indices.dtype.name in _INDICES else tf.cast(indices, tf.int64)


def _lower_gather(site: Site, x: tf.Tensor, indices: tf.Tensor) -> tf.Tensor:
    return tf.gather(x, _as_index(indices), axis=site.params["axis"])


def _lower_gather_grad(site: Site, g: tf.Tensor, indices: tf.Tensor, *dims: tf.Tensor) -> tf.Tensor:
    """The sum of the parts of g that have one index, with the axis in front meanwhile."""
    axis, sizes = site.params["axis"], filled(site.params["shape"], dims)
    parts = _moved(g, list(range(axis, axis + indices.shape.rank)))
    rest = sizes[:axis] + sizes[axis + 1 :]
    rows = reshape(parts, [product(sizes_of(indices)), *rest])
    summed = tf.math.unsorted_segment_sum(rows, tf.reshape(_as_index(indices), [-1]), sizes[axis])
    return tf.transpose(summed, [*range(1, axis + 1), 0, *range(axis + 1, len(sizes))])


def _moved(x: tf.Tensor, front: list[int]) -> tf.Tensor:
    """`x` with the given axes in front."""
    perm = front + [i for i in range(x.shape.rank) if i not in front]
    return x if perm == sorted(perm) else tf.transpose(x, perm)


def _lower_one_hot(site: Site, indices: tf.Tensor) -> tf.Tensor:
    dtype = tf.as_dtype(site.params["dtype"])
    on, off = (tf.cast(value, dtype) for value in (1, 0))
    return tf.one_hot(_as_index(indices), site.params["depth"], on, off, dtype=dtype)


def _lower_arange(site: Site, start: tf.Tensor, stop: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    bounds = [start, stop, step]
    if start.dtype == tf.float16:  # of which TensorFlow 2.15 makes no range
        bounds = [tf.cast(x, tf.float32) for x in bounds]
    return tf.cast(tf.range(*bounds), site.params["dtype"])


LOWERINGS: Mapping[str, Lowering] = {
    "arange": _lower_arange,
    "dynamic_slice": _lower_dynamic_slice,
    "dynamic_unslice": _lower_dynamic_unslice,
    "gather": _lower_gather,
    "gather_grad": _lower_gather_grad,
    "one_hot": _lower_one_hot,
    "slice": _lower_slice,
    "unslice": _lower_unslice,
}
