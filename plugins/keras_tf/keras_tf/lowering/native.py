"""Native nodes: functions of TensorFlow's tensors that stand in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from keras_tf.tracing import Lowering, Site


def _lower_native(site: Site, *tensors: tf.Tensor) -> list[tf.Tensor]:
    params = site.params
    if params["backend"] != "tensorflow":
        raise NotImplementedError(
            f"The function {params['fn']!r} (built by {site.node.origin}) works on arrays of the "
            f"backend {params['backend']!r}, not of 'tensorflow'; run this model there."
        )
    made = params["fn"](*tensors)
    listed = made if isinstance(made, (tuple, list)) else (made,)
    return [_declared(site, result, spec) for result, spec in zip(listed, site.node.specs)]


def _declared(site: Site, result: Any, spec: Any) -> tf.Tensor:
    tensor = tf.cast(result, spec.dtype)
    if not tensor.shape.is_compatible_with(tf.TensorShape(spec.shape)):
        raise ValueError(
            f"The function {site.params['fn']!r} (built by {site.node.origin}) gave shape "
            f"{tuple(tensor.shape)}; {spec.shape} was declared."
        )
    return tensor


LOWERINGS: Mapping[str, Lowering] = {"native": _lower_native}
