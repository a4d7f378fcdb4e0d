"""Lowerings by primitive; each family stands in the file that has its name in the core.

A lowering is `lower(site, *tensors)`: it builds TensorFlow operations for one node and returns
their result, or a sequence for several outputs. `site` has the node's parameters and declared
shapes. Tensors may be of unknown size.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from keras_core.graph.primitive import PRIMITIVES
from keras_tf.lowering import (
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
    *(comparison, control, convolution, elementwise, indexing, linalg, native),
    *(normalization, pooling, random, reduction, scan, shape),
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
