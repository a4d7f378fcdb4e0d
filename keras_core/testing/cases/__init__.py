"""The cases, a family of primitives a file."""

from __future__ import annotations

from keras_core.testing.case import Case
from keras_core.testing.cases import (
    collective,
    comparison,
    control,
    convolution,
    dtypes,
    elementwise,
    indexing,
    linalg,
    normalization,
    pooling,
    reduction,
    scan,
    shape,
    sizes,
)

_FAMILIES = (
    elementwise,
    comparison,
    control,
    collective,
    reduction,
    shape,
    indexing,
    linalg,
    convolution,
    pooling,
    normalization,
    scan,
    dtypes,
    sizes,
)

CASES: tuple[Case, ...] = tuple(case for family in _FAMILIES for case in family.CASES)
