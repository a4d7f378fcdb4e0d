"""What runs each primitive: a module a family, as in `keras_core.graph.primitives`."""

from __future__ import annotations

from collections.abc import Mapping

from keras_core.plugins.authoring import collect_lowerings
from keras_jax.lowering import (
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
from keras_jax.tracing import Lowering

FAMILIES = (
    *(collective, comparison, control, convolution, elementwise, indexing, linalg),
    *(native, normalization, pooling, random, reduction, shape),
)

# A loop is made of what it runs at each step.
LOWERINGS: Mapping[str, Lowering] = collect_lowerings(
    FAMILIES, scan=lambda node: scan.lower_scan(node, LOWERINGS)
)
