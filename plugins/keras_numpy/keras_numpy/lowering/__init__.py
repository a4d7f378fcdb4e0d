"""Kernels by primitive; each family stands in the file that has its name in the core."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from keras_core.graph.primitive import PRIMITIVES
from keras_numpy.kernel import Lowering
from keras_numpy.lowering import (
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
    *(comparison, control, convolution, elementwise, indexing, linalg, native),
    *(normalization, pooling, random, reduction, shape),
)


def _collected() -> dict[str, Lowering]:
    table: dict[str, Lowering] = {}
    for family in FAMILIES:
        for name, lowering in family.LOWERINGS.items():
            if name in table:
                raise ValueError(f"Primitive {name!r} is lowered twice.")
            if name not in PRIMITIVES:
                raise ValueError(f"There is no primitive {name!r} to lower.")
            table[name] = lowering
    return table


LOWERINGS: Mapping[str, Lowering] = MappingProxyType(_collected())
"""Lowerings by primitive name. The loop of `scan` is written by `compiler.loops`."""
