"""Lowerings by primitive; each family stands in the file that has its name in the core.

A lowering is `lower(site, *tensors)`: it builds TensorFlow operations for one node and returns
their result, or a sequence for several outputs. `site` has the node's parameters and declared
shapes. Tensors may be of unknown size.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras_core.plugins.authoring import collect_lowerings
from keras_tf.lowering import (
    collective,
    comparison,
    control,
    convolution,
    elementwise,
    indexing,
    linalg,
    native,
    normalization,
    pooling,
    random,
    reduction,
    scan,
    shape,
)
from keras_tf.tracing import Lowering

FAMILIES = (
    *(collective, comparison, control, convolution, elementwise, indexing, linalg),
    *(native, normalization, pooling, random, reduction, scan, shape),
)

LOWERINGS: Mapping[str, Lowering] = collect_lowerings(FAMILIES)
