"""Lowerings by primitive; each family stands in the file that has its name in the core.

A lowering is `lower(site, *names)`: it writes operations for one node and returns the name of
their result, or a sequence of names for several outputs.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras_core.export.onnx import (
    comparison,
    control,
    convolution,
    elementwise,
    indexing,
    linalg,
    normalization,
    pooling,
    reduction,
    scan,
    shape,
)
from keras_core.export.onnx.tracing import Lowering
from keras_core.plugins.lowering import collect_lowerings

FAMILIES = (
    *(comparison, control, convolution, elementwise, indexing, linalg),
    *(normalization, pooling, reduction, scan, shape),
)

LOWERINGS: Mapping[str, Lowering] = collect_lowerings(FAMILIES)
