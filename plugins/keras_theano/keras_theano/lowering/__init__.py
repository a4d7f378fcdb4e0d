"""Lowerings by primitive; each family stands in the file that has its name in the core.

A lowering takes a node and Theano's expressions of its inputs, and gives that of its result, or a
list of them. Axes of size 1 are marked as broadcastable in the inputs; the translator marks them
in the results, and casts these to the node's dtype. A random primitive has a `HostDraw` instead.
`scan` is run by `compiler.loops`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from keras_core.graph.primitive import PRIMITIVES
from keras_theano.lowering import (
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


def _collected() -> dict[str, Any]:
    table: dict[str, Any] = {}
    for family in FAMILIES:
        for name, lowering in family.LOWERINGS.items():
            if name in table:
                raise ValueError(f"Primitive {name!r} is lowered twice.")
            if name not in PRIMITIVES:
                raise ValueError(f"There is no primitive {name!r} to lower.")
            table[name] = lowering
    return table


LOWERINGS: Mapping[str, Any] = MappingProxyType(_collected())
