"""Native nodes: functions of TensorFlow's tensors that stand in the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from keras_core.plugins.authoring import checked_results
from keras_tf.tracing import Lowering, Site


def _lower_native(site: Site, *tensors: tf.Tensor) -> list[tf.Tensor]:
    params = site.params
    if params["backend"] != "tensorflow":
        raise NotImplementedError(
            f"The function {params['fn']!r} (built by {site.node.origin}) works on arrays of the "
            f"backend {params['backend']!r}, not of 'tensorflow'; run this model there."
        )
    results = checked_results(site.node, params["fn"](*tensors), _described)
    return [tf.cast(result, spec.dtype) for result, spec in zip(results, site.node.specs)]


def _described(result: Any) -> tuple[Sequence[int | None] | None, str]:
    tensor = tf.convert_to_tensor(result)
    shape = tensor.shape
    return (None if shape.rank is None else tuple(shape)), tensor.dtype.name


LOWERINGS: Mapping[str, Lowering] = {"native": _lower_native}
