"""Lowerings by primitive; each family stands in the file that has its name in the core."""

from __future__ import annotations

from collections.abc import Mapping

from keras_core.plugins.authoring import collect_lowerings
from keras_torch.kernel import Lowering
from keras_torch.lowering import (
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
    shape,
)

FAMILIES = (
    *(collective, comparison, control, convolution, elementwise, indexing, linalg),
    *(native, normalization, pooling, random, reduction, shape),
)

LOWERINGS: Mapping[str, Lowering] = collect_lowerings(FAMILIES)
"""Lowerings by primitive name. The loop of `scan` is written by `compiler.loops`."""
