"""Maximum and average over windows, and their gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from keras_tf.lowering._sizes import as_vector, filled, sizes_of
from keras_tf.lowering._windows import Frame, unless_empty
from keras_tf.tracing import Lowering, Site

_LOWEST = float("-inf")


def _frame(site: Site) -> Frame:
    return Frame(site, len(site.spec.shape))


def _options(site: Site, frame: Frame) -> dict[str, Any]:
    return {
        "ksize": frame.ksize(site.params["size"]),
        "strides": frame.strides,
        "padding": frame.padding,
    }


def _op(frame: Frame, flat: str, deep: str) -> Any:
    """An operation by its name for two or for three spatial axes."""
    return getattr(tf.raw_ops, flat if frame.spatial == 2 else deep)


def _max_pool(frame: Frame, x: tf.Tensor, options: dict[str, Any]) -> tf.Tensor:
    return _op(frame, "MaxPool", "MaxPool3D")(input=x, **options)


def _lower_max_pool(site: Site, x: tf.Tensor) -> tf.Tensor:
    frame = _frame(site)
    inner = frame.padded(frame.entered(x), _LOWEST)
    return frame.left(_max_pool(frame, inner, _options(site, frame)))


def _lower_max_pool_grad(site: Site, x: tf.Tensor, g: tf.Tensor) -> tf.Tensor:
    frame = _frame(site)
    entered, options = frame.entered(x), _options(site, frame)
    inner = frame.padded(entered, _LOWEST)
    pooled = _max_pool(frame, inner, options)
    grad = _op(frame, "MaxPoolGrad", "MaxPool3DGrad")(
        orig_input=inner, orig_output=pooled, grad=frame.entered(g), **options
    )
    return frame.left(frame.cropped(grad, sizes_of(entered)))


def _lower_max_pool_select(site: Site, x: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
    frame = _frame(site)
    options = _options(site, frame)
    inner = frame.padded(frame.entered(x), _LOWEST)
    pooled = _max_pool(frame, inner, options)
    picked = _op(frame, "MaxPoolGradGrad", "MaxPool3DGradGrad")(
        orig_input=inner, orig_output=pooled, grad=frame.padded(frame.entered(v)), **options
    )
    return frame.left(picked)


def _avg_pool(frame: Frame, x: tf.Tensor, options: dict[str, Any]) -> tf.Tensor:
    """The average, with what `frame` pads counted as zeros."""
    if frame.spatial == 2:
        return tf.raw_ops.AvgPool(value=frame.padded(x), **options)
    return tf.raw_ops.AvgPool3D(input=frame.padded(x), **options)


def _share_inside(frame: Frame, sizes: Any, dtype: tf.DType, options: dict[str, Any]) -> tf.Tensor:
    """The part of each window that is no padding, (1, spatial…, 1)."""
    ones = tf.ones(as_vector([1, *sizes[1:-1], 1]), dtype)
    return _avg_pool(frame, ones, options)


def _lower_avg_pool(site: Site, x: tf.Tensor) -> tf.Tensor:
    frame = _frame(site)
    inner, options = frame.entered(x), _options(site, frame)
    pooled = _avg_pool(frame, inner, options)
    if frame.is_padded:
        pooled = pooled / _share_inside(frame, sizes_of(inner), x.dtype, options)
    return frame.left(pooled)


def _lower_avg_pool_grad(site: Site, g: tf.Tensor, *dims: tf.Tensor) -> tf.Tensor:
    frame = _frame(site)
    options, inner = _options(site, frame), frame.entered(g)
    sizes = frame.inner_sizes(filled(site.params["shape"], dims))
    if frame.is_padded:
        inner = inner / _share_inside(frame, sizes, g.dtype, options)
    grad = _op(frame, "AvgPoolGrad", "AvgPool3DGrad")(
        orig_input_shape=tf.convert_to_tensor(as_vector(frame.padded_sizes(sizes)), tf.int32),
        grad=inner,
        **options,
    )
    return frame.left(frame.cropped(grad, sizes))


def _lower(lower: Lowering) -> Lowering:
    """A lowering for all float dtypes: over three axes there are operations for float32 alone."""

    def run(site: Site, *tensors: tf.Tensor) -> tf.Tensor:
        dtype = tensors[0].dtype
        if _frame(site).spatial == 2 or dtype == tf.float32:
            return lower(site, *tensors)
        if dtype == tf.float64:
            raise NotImplementedError(
                f"TensorFlow cannot pool float64 over three axes ({site.node.origin}); cast to "
                "float32 before, or use another backend."
            )
        wide = [tf.cast(x, tf.float32) if x.dtype == dtype else x for x in tensors]
        return tf.cast(lower(site, *wide), dtype)

    return unless_empty(run)


LOWERINGS: Mapping[str, Lowering] = {
    "avg_pool": _lower(_lower_avg_pool),
    "avg_pool_grad": _lower(_lower_avg_pool_grad),
    "max_pool": _lower(_lower_max_pool),
    "max_pool_grad": _lower(_lower_max_pool_grad),
    "max_pool_select": _lower(_lower_max_pool_select),
}
